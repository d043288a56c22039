"""Which packets the kernel hands to the agent: rules and routes that follow from the SPD.

For each source of an outbound filter that protects or blocks there is one rule and one table;
the table sends the filter's destinations into the TUN device, and, should that be gone, nowhere:
a crash must not let anything out in the clear. The kernel looks at addresses only, so more may
come than the SPD wants; the engine decides, and sends on in the clear what no filter meets.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from engine.address import ANY_NETWORK, Address, Network
from engine.live.sockets import MARK
from engine.spd import OUTBOUND, SpdEntry

TABLES = 52000
"""Our tables and the preferences of our rules begin here; there are GROUPS of them."""
GROUPS = 200
PREFERENCE = 5200
PROTOCOL = 201
"""The routing protocol number by which our routes are known again after a crash."""
UNSPECIFIED = Network(0, 32)
LAST_METRIC = 0xFFFF0000
"""The route to nowhere is the last choice, taken when the TUN device is gone."""


class Rule(NamedTuple):
    """A rule of the kernel: packets from `source` (or marked, or born here) look in `table`."""

    preference: int
    table: int
    source: Network = ANY_NETWORK
    local: bool = False
    mark: int = 0


class TunRoute(NamedTuple):
    """A route of one of our tables; `live` into the TUN device, else to nowhere.

    `source` is the address that packets born here get, 0 for the kernel's choice.
    """

    table: int
    destination: Network
    live: bool = True
    source: Address = 0


class Steering(NamedTuple):
    """All rules and routes that should be there."""

    rules: frozenset[Rule] = frozenset()
    routes: frozenset[TunRoute] = frozenset()


def plan(entries: Iterable[SpdEntry], own: Collection[Address]) -> Steering:
    """What the outbound filters need; nothing at all when none protects or blocks."""
    groups: dict[Network, list[Network]] = {}
    for one in entries:
        if one.direction == OUTBOUND and one.action in ("negotiate", "block"):
            # The last group takes whatever exceeds their number: it looks at all sources.
            source = one.source if len(groups) < GROUPS - 1 or one.source in groups else ANY_NETWORK
            places = groups.setdefault(source, [])
            if one.destination not in places:
                places.append(one.destination)
    if not groups:
        return Steering()
    rules = {Rule(PREFERENCE, 254, mark=MARK)}
    routes: set[TunRoute] = set()
    for number, (source, destinations) in enumerate(groups.items(), 1):
        table = TABLES + number
        inside = sorted(one for one in own if one in source)
        rules.add(Rule(PREFERENCE + number, table, source))
        if inside:
            # What is born here often has no source yet when its route is looked up.
            rules.add(Rule(PREFERENCE + number, table, UNSPECIFIED, local=True))
        for destination in destinations:
            routes.add(TunRoute(table, destination, True, inside[0] if inside else 0))
            routes.add(TunRoute(table, destination, False))
    return Steering(frozenset(rules), frozenset(routes))

