"""TimerTable: which of an endpoint's objects wants to be woken when, and for what."""

from collections.abc import Hashable
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple


class Timer(NamedTuple):
    """One alarm: `kind` names the reason ("send", "life", ...), `owner` the object."""

    kind: str
    owner: Hashable


class TimerTable:
    """At most one time per (kind, owner). Setting again replaces it; due ones come in order."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, Hashable], tuple[float, int]] = {}
        self._heap: list[tuple[float, int, tuple[str, Hashable]]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._at)

    def set(self, kind: str, owner: Hashable, at: float) -> None:
        """Wakes `owner` for `kind` at engine time `at`."""
        timer, order = (kind, owner), next(self._order)
        self._at[timer] = at, order
        heappush(self._heap, (at, order, timer))
        if len(self._heap) > 64 + 4 * len(self._at):
            self._heap = sorted((at, order, timer) for timer, (at, order) in self._at.items())

    def at(self, kind: str, owner: Hashable) -> float | None:
        """When `owner` is woken for `kind`, or None."""
        found = self._at.get((kind, owner))
        return found and found[0]

    def cancel(self, owner: Hashable, *kinds: str) -> None:
        """Forgets these alarms of `owner`; absent ones are no error."""
        for kind in kinds:
            self._at.pop((kind, owner), None)

    def next(self) -> float | None:
        """The earliest alarm, or None."""
        while self._heap and self._stale(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Timer | None:
        """Takes out the earliest alarm that is due, or None."""
        at = self.next()
        if at is None or at > now:
            return None
        timer = heappop(self._heap)[2]
        del self._at[timer]
        return Timer(*timer)

    def clear(self) -> None:
        """Forgets all of them."""
        self._at.clear()
        self._heap.clear()

    def _stale(self, entry: tuple[float, int, tuple[str, Hashable]]) -> bool:
        return self._at.get(entry[2]) != entry[:2]
