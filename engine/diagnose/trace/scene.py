"""The machines and wires that a trace can see."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import NamedTuple

from engine.address import Address, needs_nat
from engine.diagnose.finding import Fix
from engine.diagnose.plan import Hints, Intent, intent_for, intents
from engine.diagnose.station import TRANSLATORS, Station
from engine.ip import IPv4, ports
from engine.policy.model import Interface


class Loss(NamedTuple):
    """What a wire takes away on purpose; 0 and "" do not narrow it. `line` made it."""

    protocol: int
    port: int
    sender: str
    text: str
    line: str
    mend: Fix

    def takes(self, packet: IPv4, sender: str) -> bool:
        """Whether that machine's packet is lost."""
        return (self.protocol in (0, packet.protocol) and self.sender in ("", sender)
                and (not self.port or self.port in ports(packet)))


class Wire(NamedTuple):
    """A link between machines: whether it works, its MTU (0: nobody knows), what it takes away.

    `raise_mtu` and `bring_up` mend it.
    """

    name: str
    external: bool
    up: bool = True
    mtu: int = 0
    losses: tuple[Loss, ...] = ()
    bring_up: Fix | None = None
    raise_mtu: Fix | None = None


class Scene:
    """Every machine by its name, the wires between them, and the gateway that asks.

    Machines that are not joined by a wire (an imported configuration) are found by address.
    `fresh` asks what would be without the associations that live now (`anew`).
    """

    def __init__(self, stations: Iterable[Station], wires: Mapping[str, Wire] | None = None,
                 own: str = "", hints: Hints | None = None) -> None:
        self.fresh = False
        self._asked: dict[tuple[str, Address, Address], Intent | None] = {}
        self.stations = {one.name: one for one in stations}
        self.wires = dict(wires or {})
        gateways = [one for one in self.stations.values() if one.is_gateway]
        self.own = own or (gateways[0].name if gateways else "")
        self.hints = hints
        self._by_address = {address: one for one in self.stations.values()
                            for address in one.own}
        self.intents: dict[str, list[Intent]] = {
            one.name: self._intents(one, gateways) for one in gateways}

    def anew(self) -> "Scene":
        """The same machines as if no association lived."""
        twin = copy(self)
        twin.fresh = True
        return twin

    def _intents(self, station: Station, gateways: list[Station]) -> list[Intent]:
        found = intents(station, gateways, self.hints)
        return [one._replace(peer=self._outer(one)) for one in found]

    def _outer(self, one: Intent) -> Address:
        """What the other gateway is known as; behind a NAT that is not seen, the rule says it."""
        public = self._public(one.peer)
        written = one.tunnel.peer if one.tunnel is not None else 0
        if public == one.peer and written and needs_nat(public, written) \
                and self.owner(written) is None:
            return written
        return public

    def _public(self, address: Address) -> Address:
        """What a gateway behind a NAT is known as outside: the NAT's outer address."""
        station = self._by_address.get(address)
        if station is None:
            return address
        for nat in self.stations.values():
            if nat.role not in TRANSLATORS:
                continue
            links = {one.link: one for one in nat.interfaces.values()}
            behind = station.own[address].link
            if behind in links:
                outer = next((one.address for one in nat.interfaces.values()
                              if one.link != behind), address)
                return outer
        return address

    def owner(self, address: Address) -> Station | None:
        """The machine that has an address."""
        return self._by_address.get(address)

    def neighbour(self, station: Station, interface: str,
                  address: Address) -> tuple[Station, Interface] | None:
        """Who holds an address on the wire of an adapter."""
        link = station.interfaces[interface].link
        for other in self.stations.values():
            one = other.own.get(address)
            if one is not None and link and one.link == link:
                return other, one
        return None

    def wire(self, station: Station, interface: str) -> Wire | None:
        """The wire an adapter is plugged into."""
        return self.wires.get(station.interfaces[interface].link)

    def shared(self, station: Station, interface: str) -> bool:
        """Whether another machine that can be seen is plugged into the wire of an adapter."""
        link = station.interfaces[interface].link
        return bool(link) and any(one.link == link for other in self.stations.values()
                                  if other is not station for one in other.interfaces.values())

    def joined(self, station: Station) -> bool:
        """Whether the machine is on any wire that is known."""
        return any(one.link in self.wires for one in station.interfaces.values())

    def intent(self, station: Station, packet: IPv4) -> Intent | None:
        """What a gateway's tunnels are meant to do with a packet of either direction."""
        key = station.name, packet.source, packet.destination
        if key not in self._asked:
            self._asked[key] = intent_for(self.intents.get(station.name, ()), *key[1:])
        return self._asked[key]

    def peer_of(self, intent: Intent) -> Station | None:
        """The gateway at the other end, where it can be seen."""
        found = self.owner(intent.peer)
        if found is None:
            return self._behind(intent.peer)
        if found.role not in TRANSLATORS:
            return found
        return next((one for one in self.stations.values() if one.is_gateway
                     and self._public(self.intents[one.name][0].own
                                      if self.intents.get(one.name) else 0) == intent.peer), None)

    def _behind(self, public: Address) -> Station | None:
        """The gateway that an address stands for which nobody in view has: it has a private one."""
        return next((one for one in self.stations.values() if one.is_gateway
                     and any(needs_nat(each.own, public) for each in self.intents.get(one.name, ()))
                     and any(each.peer == public for other, found in self.intents.items()
                             if other != one.name for each in found)), None)
