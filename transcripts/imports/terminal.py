"""A terminal that remembers all that has stood on it, and which rows went on in the next one."""

from collections.abc import Mapping

from pyte import HistoryScreen, Stream
from pyte.screens import Char

from commands.pasted import PROGRAMS

SCROLLED_MOST = 200_000
WENT_ON = -1  # a column that no row has: it says that the row went on in the next one


class Terminal(HistoryScreen):
    """Draws what is fed to it; mutable."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows, history=SCROLLED_MOST)
        self.drawing = False
        self.stream = Stream(self)

    def draw(self, data: str) -> None:
        """Text, which goes on in the next row where there is no more room."""
        self.drawing = True
        super().draw(data)
        self.drawing = False

    def linefeed(self) -> None:
        """A new row, asked for or for want of room."""
        if self.drawing:
            self.buffer[self.cursor.y][WENT_ON] = Char(" ")
        super().linefeed()

    def shown(self) -> list[str]:
        """All lines, those that have scrolled away first.

        A program that draws a long line by itself, as a prompt does, leaves no blank in its last
        column.
        """
        lines: list[str] = []
        more = typed = False
        for row in (*self.history.top, *(self.buffer[at] for at in range(self.lines))):
            text = self._text(row)
            if more:
                lines[-1] += text
            else:
                lines.append(text)
                typed = any(word in PROGRAMS for word in text.partition(">")[0].split())
            bare = len(text.rstrip(" "))
            more = WENT_ON in row or typed and bare >= self.columns - 1
            lines[-1] = lines[-1] if WENT_ON in row else lines[-1].rstrip(" ")
            if typed and more and bare == self.columns - 1 and WENT_ON not in row:
                lines[-1] += " "
        return [line.rstrip(" ") for line in lines]

    def _text(self, row: Mapping[int, Char]) -> str:
        return "".join(row[at].data for at in range(self.columns))
