r"""What stands on a terminal after a program has written to it.

A program that edits its line redraws it: moves the cursor, erases, colours, sets titles. Only
what stands there in the end was said. Lines are never scrolled away and never wrapped: the
terminal is told to be wider than anything a command prints. Control functions are those of
ECMA-48 (ANSI) that move the cursor and erase; all others are taken off.

pyte, which imports are drawn with, is a screen of a fixed size: at the width that keeps lines whole
a redrawn prompt costs it 170 times as much and an output 22 times, it raises errors for functions
with parameters that it does not know, and shows the contents of device control strings. A target
may send anything. What both know is held against pyte in the tests.
"""

import re

# CSI, OSC and the other strings of ECMA-48, two-character escapes, and single controls.
_TOKEN = re.compile(
    r"(?P<csi>\x1b\[|\x9b)(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|(?P<string>\x1b[]PX^_].*?(?:\x07|\x1b\\))"
    r"|(?P<escape>\x1b(?:[ -/]+[0-~]|[0-OQ-WYZ\\`-~]))"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f\x9b]+)", re.DOTALL)
# Half of one, of which the rest may come yet.
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[]PX^_].*|[ -/]*)\Z", re.DOTALL)
_REPORT = "6"  # CSI 6 n asks for the cursor's place
TAB = 8
MOST = 4096  # places that one control function may move
STRING_MOST = 4096
SAVE, RESTORE = "\x1b7", "\x1b8"


class Screen:
    """Rows of signs and a cursor; mutable.

    `asked` counts questions for the cursor's place, `feeds` the lines that were begun.
    """

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.asked = self.feeds = 0
        self._saved = (0, 0)
        self._rest = ""  # the beginning of a control function that has not arrived whole

    def feed(self, text: str) -> None:
        """What the program has written."""
        text = self._rest + text
        self._rest = ""
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if _BEGUN.match(text, at) and len(text) - at < STRING_MOST:
                    self._rest = text[at:]
                    return
                at += 1
                continue
            at = found.end()
            if found["text"]:
                self._write(found["text"])
            elif found["control"]:
                self._control(found["control"])
            elif found["escape"] in (SAVE, RESTORE):
                self._remember(found["escape"])
            elif found["csi"]:
                self._function(found["final"], found["parameters"])

    def _remember(self, what: str) -> None:
        """The place of the cursor is kept, or gone back to."""
        if what == SAVE:
            self._saved = (self.row, self.column)
        else:
            self.row, self.column = self._saved

    def _line(self) -> list[str]:
        while self.row >= len(self.rows):
            self.rows.append([])
        return self.rows[self.row]

    def _write(self, text: str) -> None:
        line = self._line()
        line += " " * (self.column - len(line))
        line[self.column:self.column + len(text)] = text
        self.column += len(text)

    def _control(self, sign: str) -> None:
        if sign == "\r":
            self.column = 0
        elif sign == "\n":
            self.row += 1
            self.feeds += 1
            self._line()
        elif sign == "\b":
            self.column = max(0, self.column - 1)
        elif sign == "\t":
            self.column += TAB - self.column % TAB

    def _function(self, final: str, parameters: str) -> None:
        count = _number(parameters)
        if final in "ABCDEF":
            self._move(final, max(1, count))
        elif final in "G`":
            self.column = max(0, count - 1)
        elif final in "Hf":
            # Rows are counted from the top of a screen that nobody has; the column is certain.
            self.column = max(0, _number(parameters.partition(";")[2]) - 1)
        elif final in "KJ":
            self._erase(count)
            if final == "J" and not count:
                del self.rows[self.row + 1:]
        elif final in "PX@":
            self._shift(final, max(1, count))
        elif final == "n" and parameters == _REPORT:
            self.asked += 1

    def _shift(self, final: str, count: int) -> None:
        """Deletes, blanks or inserts signs at the cursor."""
        line, end = self._line(), self.column + count
        if final == "P":
            del line[self.column:end]
        elif final == "@":
            line[self.column:self.column] = " " * count
        else:
            end = min(end, len(line))
            line[self.column:end] = " " * (end - self.column)

    def _move(self, final: str, count: int) -> None:
        if final in "AF":
            self.row = max(0, self.row - count)
        elif final in "BE":
            self.row += count
        elif final == "C":
            self.column += count
        else:
            self.column = max(0, self.column - count)
        if final in "EF":
            self.column = 0

    def _erase(self, what: int) -> None:
        line = self._line()
        if what == 0:
            del line[self.column:]
        elif what == 1:
            line[:self.column + 1] = " " * min(self.column + 1, len(line))
        else:
            line.clear()

    def text(self, row: int) -> str:
        """A row without the blanks at its end."""
        return "".join(self.rows[row]).rstrip() if row < len(self.rows) else ""

    @property
    def here(self) -> str:
        """The row of the cursor, up to it; "" when something stands behind it."""
        line = self.rows[self.row] if self.row < len(self.rows) else []
        if "".join(line[self.column:]).strip():
            return ""
        return "".join(line[:self.column])

    def forget(self, before: int) -> None:
        """Drops the rows before that one."""
        del self.rows[:before]
        self.row = max(0, self.row - before)
        self._saved = (max(0, self._saved[0] - before), self._saved[1])

    def drop(self, row: int) -> None:
        """Drops a row above the cursor's."""
        del self.rows[row]
        self.row -= 1

    def clear(self, column: int) -> None:
        """Erases the cursor's row from a column on and goes there."""
        self.column = column
        del self._line()[column:]


def _number(text: str) -> int:
    digits = text.partition(";")[0].lstrip("?=>")
    return min(int(digits), MOST) if digits.isdigit() else 0
