"""Steps of the lab that Ctrl-C does not cut in half."""

from types import TracebackType


class Whole:
    """A `with` block around each step; an interrupt that comes within it is raised at its end.

    Whoever owns the terminal's signals asks `interrupt` first and raises KeyboardInterrupt
    himself when it says False.
    """

    __slots__ = ("_depth", "_wanted")

    def __init__(self) -> None:
        self._depth = 0
        self._wanted = False

    def interrupt(self) -> bool:
        """True when a step is under way: KeyboardInterrupt follows when it is done."""
        self._wanted = self._depth > 0
        return self._wanted

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._depth -= 1
        if self._wanted and not self._depth:
            self._wanted = False
            if error is None:
                raise KeyboardInterrupt
