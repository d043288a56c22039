"""The default network as data: what is cabled to what, and every machine's bare configuration.

```
hostA ---- gwA ------- r1 ------- r2 ------- gwB ---- hostB
10.1.0.10  10.1.0.1                          10.2.0.1  10.2.0.10
           192.0.2.1                 198.51.100.1
```

The two routers are "the Internet" and carry NetA and NetB as well (they have routes to both), so
that a ping which nothing protects crosses them in the clear, as the article warns. gwA has a route
to its peer's external net and none besides: the one to NetB is the article's own step.
"""

from typing import NamedTuple

from engine.address import Address, Network, member
from engine.lab.site import DEFAULT, Site
from engine.policy.model import Interface, Machine, Route

LAN = "Local Area Connection"


class MachinePlan(NamedTuple):
    """A machine with its adapters and static routes."""

    machine: Machine
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...] = ()


class LinkPlan(NamedTuple):
    """A link by the name that interfaces give; `external` for the way between the gateways."""

    name: str
    external: bool


LINKS = (LinkPlan("NetA", False), LinkPlan("transitA", True), LinkPlan("middle", True),
         LinkPlan("transitB", True), LinkPlan("NetB", False))


def _adapter(name: str, address: Address, net: Network, link: str, number: int,
             gateway: Address | None = None) -> Interface:
    return Interface(name, address, net.prefix, gateway, f"00-0C-29-5A-00-{number:02X}", 1500,
                     link)


def _route(net: Network, interface: str, gateway: Address) -> Route:
    return Route(net.address, net.prefix, interface, gateway)


def machines(site: Site = DEFAULT) -> tuple[MachinePlan, ...]:
    """All machines with the addresses of a site."""
    hop_a, hop_b = member(site.transit_a, "hop"), member(site.transit_b, "hop")
    first, second = member(site.middle, "1"), member(site.middle, "2")
    return (
        MachinePlan(Machine("gwA", "gateway", True), (
            _adapter("Internal", site.own_internal, site.net_a, "NetA", 0x11),
            _adapter("External", site.own_external, site.transit_a, "transitA", 0x12)),
            (_route(site.transit_b, "External", hop_a),)),
        MachinePlan(Machine("gwB", "gateway", True), (
            _adapter("Internal", site.peer_internal, site.net_b, "NetB", 0x21),
            _adapter("External", site.peer_external, site.transit_b, "transitB", 0x22)),
            (_route(site.transit_a, "External", hop_b), _route(site.middle, "External", hop_b),
             _route(site.net_a, "External", hop_b))),
        MachinePlan(Machine("hostA", "host"), (
            _adapter(LAN, member(site.net_a, "host"), site.net_a, "NetA", 0x31,
                     site.own_internal),)),
        MachinePlan(Machine("hostB", "host"), (
            _adapter(LAN, member(site.net_b, "host"), site.net_b, "NetB", 0x41,
                     site.peer_internal),)),
        MachinePlan(Machine("r1", "router", True), (
            _adapter("TransitA", hop_a, site.transit_a, "transitA", 0x51),
            _adapter("Middle", first, site.middle, "middle", 0x52)),
            (_route(site.net_a, "TransitA", site.own_external),
             _route(site.transit_b, "Middle", second), _route(site.net_b, "Middle", second))),
        MachinePlan(Machine("r2", "router", True), (
            _adapter("Middle", second, site.middle, "middle", 0x61),
            _adapter("TransitB", hop_b, site.transit_b, "transitB", 0x62)),
            (_route(site.net_b, "TransitB", site.peer_external),
             _route(site.transit_a, "Middle", first), _route(site.net_a, "Middle", first))),
    )
