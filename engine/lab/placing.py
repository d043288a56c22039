"""Putting a NAT or a proxy between gwA and its router, and taking it away again.

The third party needs no change: the machine takes over gwA's public address, and gwA's External
becomes 172.16.0.1 on a link of their own. `W2KextIP`, the address assigned to the external adapter,
is that one then.
"""

from typing import NamedTuple

from engine.address import Network, prefix_mask
from engine.errors import NotFound, Refused
from engine.ip import ICMP, TCP, UDP
from engine.lab.nat import NAT, PROXY
from engine.policy.model import Interface, Machine, Route, RrasDefault, RrasFilter
from engine.policy.store import Config, Store

GATEWAY, EXTERNAL, INTERNAL = "gwA", "External", "Internal"
BEHIND, GATEWAY_INSIDE, INSIDE = "behindA", 0xAC100001, 0xAC1000FE
_MAC = "00-0C-29-5A-00-7"
# What a proxy relays of its own accord: ping, names, the web.
_RELAYED = ((ICMP, 255, 255), (UDP, 0, 53), (TCP, 0, 80), (TCP, 0, 443))
_IKE = ((UDP, 0, 500), (UDP, 0, 4500))


class Placed(NamedTuple):
    """The machine that stands before gwA: its name and its role, "nat" or "proxy"."""

    name: str
    role: str


NAMES = {NAT: "natA", PROXY: "proxyA"}


def placed(store: Store) -> Placed | None:
    """What stands between gwA and its router, None for the bare network."""
    for machine in store.machines():
        if machine.role in NAMES:
            return Placed(machine.name, machine.role)
    return None


def place(store: Store, role: str, ike: bool = False) -> Placed:
    """Puts a machine of that role before gwA, in one transaction.

    `ike` lets a proxy relay UDP 500 and 4500 too. gwA's routes to a router on its external net
    lead to the machine from then on. Raises Refused when one stands there already, Broken.
    """
    with store.transaction():
        there = placed(store)
        if there is not None:
            raise Refused("placed", f"{there.name} stands before {GATEWAY} already",
                          kind="Machine", name=there.name,
                          hint=f"take it away: lab delete {there.role}")
        gateway, name = store.on(GATEWAY), NAMES[role]
        old = gateway.interface(EXTERNAL)
        store.add_machine(Machine(name, role, True))
        machine = store.on(name)
        machine.add_interface(Interface(INTERNAL, INSIDE, 24, None, _MAC + "1", 1500, BEHIND))
        machine.add_interface(old._replace(mac=_MAC + "2"))
        for inner in gateway.interfaces():
            if inner.name != EXTERNAL:
                machine.add_route(Route(inner.address & prefix_mask(inner.prefix), inner.prefix,
                                        INTERNAL, GATEWAY_INSIDE))
        gateway.set_interface(old._replace(address=GATEWAY_INSIDE, prefix=24, link=BEHIND,
                                           gateway=old.gateway and INSIDE))
        for route in _beyond(gateway, old):
            machine.add_route(route)
            gateway.replace_route(route, route._replace(gateway=INSIDE))
        if role == PROXY:
            _restrict(machine, _RELAYED + (_IKE if ike else ()))
    return Placed(name, role)


def take_away(store: Store, role: str) -> Placed:
    """gwA has its public address and its router again. Raises NotFound, Broken."""
    with store.transaction():
        there = placed(store)
        if there is None or there.role != role:
            raise NotFound("Machine", NAMES[role], tuple(one.name for one in store.machines()))
        gateway, machine = store.on(GATEWAY), store.on(there.name)
        own, outer = gateway.interface(EXTERNAL), machine.interface(EXTERNAL)
        onward = {(route.destination, route.prefix): route.gateway for route in machine.routes()
                  if route.interface == EXTERNAL}
        router = next(iter(onward.values()), outer.gateway or outer.address)
        gateway.set_interface(outer._replace(mac=own.mac, mtu=own.mtu))
        for route in gateway.routes():
            if route.gateway == INSIDE:
                hop = onward.get((route.destination, route.prefix), router)
                gateway.replace_route(route, route._replace(gateway=hop))
        store.delete_machine(there.name)
    return there


def _beyond(gateway: Config, external: Interface) -> list[Route]:
    """The routes of a gateway that lead to a router on its external net."""
    net = Network(external.address & prefix_mask(external.prefix), external.prefix)
    return [route for route in gateway.routes()
            if route.interface == external.name and route.gateway in net]


def _restrict(machine: Config, services: tuple[tuple[int, int, int], ...]) -> None:
    """Lets in from the inside nothing but these: protocol, source and destination port."""
    for protocol, source, destination in services:
        machine.add_rras_filter(RrasFilter(INTERNAL, "input", protocol=protocol,
                                           source_port=source, destination_port=destination))
    machine.set_rras_default(RrasDefault(INTERNAL, "input", "drop"))
