"""The verdict on traffic, one for each pair of networks: from associations, counters and the wire.

A reply alone never counts. PROTECTED needs packets that an association carried both ways, ESP on
the wire both ways, and none of them in the clear.
"""

from collections import Counter
from typing import NamedTuple

from engine.address import Address, Network
from engine.diagnose.exam.seen import is_esp, is_ike
from engine.diagnose.exam.side import Side
from engine.diagnose.look import Look
from engine.diagnose.plan import Intent

PROTECTED, IN_CLEAR = "PROTECTED", "IN CLEAR"
SOFT, NO_TRAFFIC = "SOFT ASSOCIATION", "NO TRAFFIC"
MANY = 50


class Traffic(NamedTuple):
    """What crossed the outside between two networks while it was looked at.

    `out` and `back` are packets that associations carried, `wire_out` and `wire_back` protected
    ones on the wire (of all tunnels with that gateway), `clear` those of these networks for
    everybody to read. `because` says it in words.
    """

    local: Network
    remote: Network
    peer: Address
    verdict: str
    out: int
    back: int
    wire_out: int
    wire_back: int
    clear: int
    because: str


def verdicts(look: Look) -> tuple[Traffic, ...]:
    """Every pair of networks that a tunnel is for, () when nothing was looked at.

    Of very many only those that something happened to are listed, and the one that was asked
    about.
    """
    side = look.side
    if look.seen is None or side is None:
        return ()
    watched = _Watched(look, side)
    found = [watched.verdict(one) for one in look.intents]
    if len(found) <= MANY:
        return tuple(found)
    return (found[0], *(one for one in found[1:] if one.out or one.back or one.clear))


class _Watched:
    """What was seen, sorted so that each pair of networks finds its own."""

    def __init__(self, look: Look, side: Side) -> None:
        assert look.seen is not None
        self.wire = side.count(True, "esp"), side.count(False, "esp")
        self.clear = Counter((one.packet.source, one.packet.destination) for one in side.outer
                             if one.packet is not None and not is_ike(one.packet)
                             and not is_esp(one.packet))
        self._ids: dict[frozenset[Network], set[str]] = {}
        for entry in look.own.agent.spd.entries:
            if entry.tunnel is not None and entry.action == "negotiate":
                self._ids.setdefault(frozenset((entry.source, entry.destination)),
                                     set()).add(entry.id)
        after, before = look.seen.after[look.own.name], look.seen.before[look.own.name]
        old = {one.spi_in: one for one in before.pairs}
        self._pairs: dict[str, tuple[int, int]] = {}
        for one in after.pairs:
            name, was = _bare(one.entry), old.get(one.spi_in)
            out, back = self._pairs.get(name, (0, 0))
            self._pairs[name] = (out + one.packets_out - (was.packets_out if was else 0),
                                 back + one.packets_in - (was.packets_in if was else 0))
        self._soft = {_bare(one.entry) for one in after.soft}

    def verdict(self, intent: Intent) -> Traffic:
        """One pair of networks."""
        ids = self._ids.get(frozenset((intent.local, intent.remote)), set())
        carried = [self._pairs[one] for one in ids if one in self._pairs]
        out, back = sum(one[0] for one in carried), sum(one[1] for one in carried)
        clear = sum(count for flow, count in self.clear.items() if intent.wants(*flow))
        verdict, because = _judge(out, back, self.wire, clear, bool(ids & self._soft))
        return Traffic(intent.local, intent.remote, intent.peer, verdict, out, back, *self.wire,
                       clear, because)


def _bare(entry: str) -> str:
    """The id of an entry; in transport mode its associations are filed with the peer."""
    return entry.partition("/")[0]


def _judge(out: int, back: int, wire: tuple[int, int], clear: int,
           soft: bool) -> tuple[str, str]:
    if clear and soft:
        return SOFT, f"{clear} packets in the clear, by a soft association"
    if clear:
        return IN_CLEAR, f"{clear} packets in the clear"
    if out and back and all(wire):
        return PROTECTED, f"{out} packets out and {back} in by associations, none in the clear"
    if out and not back:
        return NO_TRAFFIC, f"{out} packets out by an association, none came back"
    if all(wire):
        return NO_TRAFFIC, (f"{wire[0]} protected packets out and {wire[1]} in, of associations "
                            "that are not known")
    if soft:
        return NO_TRAFFIC, "a soft association, and no packet yet"
    return NO_TRAFFIC, "nothing crossed the outside"
