"""Packets that wait for a security association: few, and not for long.

Windows keeps next to nothing while IKE works, which is why the article warns that the first
echoes may time out. A newer packet takes the place of an older one: it is the one whose sender
still waits.
"""

from typing import NamedTuple

from engine.ip import IPv4
from engine.pipeline.route import Hop

PER_NEGOTIATION = 1
"""Windows' habit; a machine's setting "holdpackets" changes it, 0 to HOLD_MOST."""
HOLD_MOST = 32
IN_ALL = 64
HOLD_SECONDS = 10.0


class Held(NamedTuple):
    """A packet that has passed routing and the RRAS output filter and waits before IPsec."""

    packet: IPv4
    hop: Hop
    arrived: str
    expires: float


class HoldQueue:
    """Held packets by the key of the pair they wait for, bounded each and in all."""

    __slots__ = ("per_negotiation", "_waiting")

    def __init__(self, per_negotiation: int = PER_NEGOTIATION) -> None:
        self.per_negotiation = per_negotiation
        self._waiting: dict[str, list[Held]] = {}

    def __len__(self) -> int:
        return sum(len(held) for held in self._waiting.values())

    def add(self, key: str, packet: IPv4, hop: Hop, arrived: str, now: float) -> Held | None:
        """Holds a packet; gives the one that had to make room, which may be the packet itself."""
        new = Held(packet, hop, arrived, now + HOLD_SECONDS)
        waiting = self._waiting.setdefault(key, [])
        if not self.per_negotiation or (not waiting and len(self) >= IN_ALL):
            if not waiting:
                del self._waiting[key]
            return new
        waiting.append(new)
        return waiting.pop(0) if len(waiting) > self.per_negotiation else None

    def take(self, key: str) -> list[Held]:
        """All packets of one pair, oldest first; they are held no longer."""
        return self._waiting.pop(key, [])

    def expire(self, now: float) -> list[Held]:
        """The packets whose time is over; they are held no longer."""
        gone: list[Held] = []
        for key in list(self._waiting):
            stay = [one for one in self._waiting[key] if one.expires > now]
            gone += [one for one in self._waiting[key] if one.expires <= now]
            if stay:
                self._waiting[key] = stay
            else:
                del self._waiting[key]
        return gone

    def next_expiry(self) -> float | None:
        """When `expire` has something to do next."""
        return min((held[0].expires for held in self._waiting.values()), default=None)
