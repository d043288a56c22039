"""The anti-replay window of an inbound SA (RFC 2406 3.4.3, RFC 2401 appendix C)."""

from collections.abc import Iterable

DEFAULT_WINDOW = 64
MIN_WINDOW = 32
MAX_WINDOW = 1024


class ReplayWindow:
    """The `size` highest sequence numbers, as bits of one integer.

    Bit 0 stands for `top`, the highest number accepted so far. `check` before the ICV is
    verified, `advance` after it was good: never in one step, or a forger could move the window.
    """

    __slots__ = ("top", "size", "_seen", "_mask")

    def __init__(self, size: int = DEFAULT_WINDOW) -> None:
        """`size` in packets, 32 to 1,024. Raises ValueError for others."""
        if not MIN_WINDOW <= size <= MAX_WINDOW:
            raise ValueError(f"a replay window has {MIN_WINDOW} to {MAX_WINDOW} packets")
        self.top = 0
        self.size = size
        self._seen = 0
        self._mask = (1 << size) - 1

    def check(self, sequence: int) -> bool:
        """True when the number is new: right of the window, or inside it and not yet seen.

        Number 0 is never new, as a sender begins with 1.
        """
        age = self.top - sequence
        if age < 0:
            return True
        return sequence > 0 and age < self.size and not self._seen >> age & 1

    def advance(self, sequence: int) -> None:
        """Marks a number that `check` passed and whose packet proved authentic."""
        ahead = sequence - self.top
        if ahead <= 0:
            self._seen |= 1 << -ahead
            return
        self._seen = (self._seen << ahead if ahead < self.size else 0) & self._mask | 1
        self.top = sequence

    @property
    def seen(self) -> frozenset[int]:
        """The numbers of the window that were accepted."""
        return frozenset(self.top - age for age in range(min(self.size, self.top))
                         if self._seen >> age & 1)

    def restore(self, top: int, seen: Iterable[int]) -> None:
        """From now on these are the highest number and the accepted ones."""
        self.top = top
        self._seen = sum(1 << top - number for number in seen if 0 <= top - number < self.size)

    def advance_run(self, number: int) -> None:
        """Marks the `number` sequence numbers behind the highest one."""
        self._seen = (self._seen << number | (1 << number) - 1) & self._mask
        self.top += number
