"""Routes bound to interfaces: longest prefix, then metric, then the order they were written.

A gateway need not be on-link: Windows' RRAS accepts the article's route (NetB on the external
adapter, gateway 3rdExtIP), so the next hop is looked up again through the same interface until an
address on the link is found.
"""

from collections.abc import Iterable

from engine.address import Address, Network, prefix_mask
from engine.values import NamedTuple

MAX_RECURSION = 4


class RouteEntry(NamedTuple):
    """One line of the effective routing table; `gateway` 0 means that the target is on-link.

    `origin` says where it comes from: "connected" (an adapter's own net), "default" (an adapter's
    default gateway), "static" (persistent) or "rtm" (runtime, gone with the lab).
    """

    destination: Address
    prefix: int
    gateway: Address
    interface: str
    metric: int = 1
    origin: str = "static"


class Hop(NamedTuple):
    """Where a packet goes next: out of `interface` to `next_hop`, because of `route`."""

    interface: str
    next_hop: Address
    route: RouteEntry


class RouteTable:
    """The effective routes of one machine; rebuilt whenever one changes."""

    __slots__ = ("entries", "_nets", "_cache")

    def __init__(self, entries: Iterable[RouteEntry] = ()) -> None:
        self.entries = tuple(entries)
        # By prefix length, longest first; then by net, the best route first.
        nets: dict[int, dict[Address, list[RouteEntry]]] = {}
        for one in sorted(self.entries, key=lambda e: (-e.prefix, e.metric)):
            nets.setdefault(one.prefix, {}).setdefault(one.destination, []).append(one)
        self._nets = tuple((prefix_mask(prefix), table) for prefix, table in nets.items())
        self._cache: dict[tuple[Address, str], Hop | None] = {}

    def lookup(self, destination: Address, interface: str = "") -> RouteEntry | None:
        """The best route to `destination`, only through `interface` when one is named."""
        for mask, table in self._nets:
            for entry in table.get(destination & mask, ()):
                if interface in ("", entry.interface):
                    return entry
        return None

    def towards(self, network: Network) -> RouteEntry | None:
        """The best route to a whole network, else the widest one to a part of it."""
        whole = [one for one in self.entries
                 if Network(one.destination, one.prefix).covers(network)]
        part = [one for one in self.entries
                if network.covers(Network(one.destination, one.prefix))]
        best = max(whole, key=lambda one: (one.prefix, -one.metric), default=None)
        if best is not None and best.prefix or not part:
            return best
        return min(part, key=lambda one: (one.prefix, one.metric))

    def resolve(self, destination: Address, interface: str = "") -> Hop | None:
        """The outgoing interface and the on-link address to hand the packet to.

        None when no route covers `destination` or its gateway cannot be reached on the link.
        """
        key = destination, interface
        if key not in self._cache:
            if len(self._cache) > 4096:
                self._cache.clear()
            self._cache[key] = self._walk(destination, interface)
        return self._cache[key]

    def _walk(self, destination: Address, interface: str) -> Hop | None:
        route = self.lookup(destination, interface)
        if route is None:
            return None
        step, target = route, destination
        for _ in range(MAX_RECURSION):
            if not step.gateway:
                return Hop(route.interface, target, route)
            target = step.gateway
            onward = self.lookup(target, route.interface)
            if onward is None:
                return None
            step = onward
        return None
