"""What a transaction's revision will say: by whom it is, and which typed lines it is about."""

from collections.abc import Callable

# How many of a transaction's lines are kept with its revision.
LINES_KEPT = 1_000


class Notes:
    """The notes of the open transaction. Mutable; each store has one.

    `who` is the operator whose name each revision bears; what it is about says `note`, else
    `subject`, which gives the machine and the line. `listening` is whether the text of one more
    line would be kept.
    """

    def __init__(self) -> None:
        self.who = ""
        self.subject: Callable[[], tuple[str, str]] | None = None
        self.listening = True
        self._notes: list[tuple[str, str]] = []
        self._unheard = 0

    def note(self, machine: str, text: str) -> None:
        """Says which typed line (without its secrets) the open transaction is about."""
        if self.listening:
            self._notes.append((machine, text))
            self.listening = len(self._notes) < LINES_KEPT
        else:
            self._unheard += 1

    def note_more(self, count: int) -> None:
        """So many more lines, whose texts nobody would keep."""
        self._unheard += count

    def about(self) -> tuple[str, str, int]:
        """The machines, the lines, and how many there were."""
        notes = self._notes
        if not notes:
            if self.subject is None:
                return "", "", self._unheard
            machine, text = self.subject()
            return machine, text, 1 + self._unheard
        return (" ".join(dict.fromkeys(machine for machine, _ in notes)),
                "\n".join(text for _, text in notes), len(notes) + self._unheard)

    def forget_notes(self) -> None:
        """The transaction has ended."""
        if self._notes:
            self._notes.clear()
            self._unheard, self.listening = 0, True
