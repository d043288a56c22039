"""RRAS packet filters: the input and output filters of an interface, above IPsec.

The default action is for packets that match no filter. "drop" makes the filters an allow list
("Drop all packets except those that meet the criteria below", what the article asks for),
"forward" makes them a block list. They see inner packets and IKE, never ESP or AH.
"""

from collections.abc import Iterable

from engine.address import prefix_mask
from engine.ip import ICMP, TCP, IPv4, ports
from engine.policy.model import RrasDefault, RrasFilter

ANY_ICMP = 255
ESTABLISHED = 0x14  # ACK or RST: RFC 793 connections past their first segment

NO_MATCH = "no filter matches"


class RrasTable:
    """All RRAS filters of one machine, and how often each one matched since boot."""

    __slots__ = ("filters", "drops", "_cells", "_lists", "_dropping", "_fragcheck")

    def __init__(self, filters: Iterable[RrasFilter] = (), defaults: Iterable[RrasDefault] = (),
                 fragcheck: Iterable[str] = ()) -> None:
        self.filters = tuple(filters)
        # A cell is a counter that a known flow may keep and count in without a look-up.
        self._cells: dict[RrasFilter, list[int]] = {one: [0] for one in self.filters}
        self.drops: dict[tuple[str, str], int] = {}
        self._lists: dict[tuple[str, str], list[RrasFilter]] = {}
        for one in self.filters:
            key = one.interface.casefold(), one.direction
            self._lists.setdefault(key, []).append(one)
        self._dropping = frozenset((one.interface.casefold(), one.direction)
                                   for one in defaults if one.action == "drop")
        self._fragcheck = frozenset(name.casefold() for name in fragcheck)

    def adopt(self, before: "RrasTable") -> None:
        """Takes over the hit counters of filters that the table before this one had too."""
        for one, cell in before._cells.items():
            if one in self._cells:
                self._cells[one] = cell
        self.drops = before.drops

    @property
    def hits(self) -> dict[RrasFilter, int]:
        """How many packets each filter has matched."""
        return {one: cell[0] for one, cell in self._cells.items()}

    def cell(self, interface: str, direction: str, packet: IPv4) -> list[int] | None:
        """The counter of the filter that decides about a packet, None when none matches it."""
        matched = self._match(interface, direction, packet)
        return None if matched is None else self._cells[matched]

    def sees_connections(self, *interfaces: str) -> bool:
        """Whether a filter of these interfaces asks if a TCP connection is established."""
        names = {name.casefold() for name in interfaces}
        return any(one.established for one in self.filters if one.interface.casefold() in names)

    def _match(self, interface: str, direction: str, packet: IPv4) -> RrasFilter | None:
        listed = self._lists.get((interface.casefold(), direction), ())
        return next((one for one in listed if _matches(one, packet)), None)

    def drops_unmatched(self, interface: str, direction: str) -> bool:
        """Whether a packet that no filter matches is dropped there."""
        return (interface.casefold(), direction) in self._dropping

    def count(self, number: int, hits: int) -> None:
        """Adds what somebody else counted for the filter at that place of `filters`."""
        self._cells[self.filters[number]][0] += hits

    def drops_fragments(self, interface: str) -> bool:
        """Whether fragments that arrive on `interface` to be forwarded are discarded."""
        return interface.casefold() in self._fragcheck

    def check(self, interface: str, direction: str, packet: IPv4) -> tuple[bool, str]:
        """Whether a packet passes, and the filter that decided, in words.

        `direction` is "input" or "output". Counts a hit of the deciding filter and a drop.
        """
        key = interface.casefold(), direction
        listed = self._lists.get(key, ())
        dropping = key in self._dropping
        if not listed and not dropping:
            return True, ""
        matched = self._match(interface, direction, packet)
        if matched is not None:
            self._cells[matched][0] += 1
        passes = dropping == (matched is not None)
        if not passes:
            self.drops[key] = self.drops.get(key, 0) + 1
        number = "" if matched is None else f"filter {listed.index(matched) + 1}"
        return passes, f"{interface} {direction}: {number or NO_MATCH}"


def _matches(one: RrasFilter, packet: IPv4) -> bool:
    source, destination = prefix_mask(one.source_prefix), prefix_mask(one.destination_prefix)
    if packet.source & source != one.source or packet.destination & destination != one.destination:
        return False
    if not one.protocol:
        return True
    if packet.protocol != one.protocol:
        return False
    if one.protocol == ICMP:
        return _matches_icmp(one, packet)
    source_port, destination_port = ports(packet)
    if one.source_port not in (0, source_port):
        return False
    if one.destination_port not in (0, destination_port):
        return False
    return not (one.established and one.protocol == TCP) or _is_established(packet)


def _matches_icmp(one: RrasFilter, packet: IPv4) -> bool:
    # A later fragment shows neither type nor code, so only a filter for any lets it match.
    kind, code = (-1, -1) if packet.offset or len(packet.payload) < 2 else packet.payload[:2]
    return one.source_port in (ANY_ICMP, kind) and one.destination_port in (ANY_ICMP, code)


def _is_established(packet: IPv4) -> bool:
    return (packet.offset == 0 and len(packet.payload) >= 14
            and packet.payload[13] & ESTABLISHED != 0)
