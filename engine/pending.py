"""The negotiations that packets asked for and that have not ended, by key and by peer."""

from typing import NamedTuple

from engine.address import Address
from engine.ike.interface import NegotiationFailed
from engine.spd import SpdEntry

# KB 234580: IKE is tried about four times before the clear text of a soft association.
SOFT_TRIES = 4
FAILURES_KEPT = 4096


class Pending(NamedTuple):
    """A negotiation that a packet asked for."""

    entry: SpdEntry
    local: Address
    peer: Address


class Failure(NamedTuple):
    """What came of a negotiation, and when (engine seconds)."""

    failed: NegotiationFailed
    time: float


class Negotiations(dict[str, Pending]):
    """Negotiations by the key of the pair they are for.

    Of those that may end in a soft association the first messages are counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._failures: dict[str | Address, Failure] = {}
        self._tries: dict[Address, dict[str, int]] = {}

    def begin(self, key: str, one: Pending) -> None:
        """A negotiation begins, in place of an earlier one of that key."""
        self.end(key)
        self[key] = one
        if one.entry.soft:
            self._tries.setdefault(one.peer, {})[key] = 0

    def end(self, key: str) -> Pending | None:
        """A negotiation is over; gives what it was for, None when there was none."""
        one = self.pop(key, None)
        if one is not None and key in self._tries.get(one.peer, ()):
            del self._tries[one.peer][key]
            if not self._tries[one.peer]:
                del self._tries[one.peer]
        return one

    def fail(self, failed: NegotiationFailed, now: float) -> None:
        """Remembers why a negotiation failed, by its key and by its peer, the newest of each."""
        if len(self._failures) >= FAILURES_KEPT:
            del self._failures[next(iter(self._failures))]
        for key in (failed.entry, failed.peer):
            self._failures.pop(key, None)
            self._failures[key] = Failure(failed, now)

    def failure(self, key: str, peer: Address) -> Failure | None:
        """The newest failure of a pair, else of any negotiation with the peer."""
        return self._failures.get(key) or self._failures.get(peer)

    def soft(self, peer: Address) -> list[str]:
        """The keys with that peer that may end in a soft association."""
        return list(self._tries.get(peer, ()))

    def tried(self, peer: Address) -> list[str]:
        """A first message to `peer` is due: the keys that have been tried often enough."""
        tries = self._tries.get(peer, {})
        for key in tries:
            tries[key] += 1
        return [key for key, number in tries.items() if number > SOFT_TRIES]
