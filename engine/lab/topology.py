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

from engine.address import Address, parse_address
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


def _adapter(name: str, address: str, prefix: int, link: str, number: int,
             gateway: str = "") -> Interface:
    hop: Address | None = parse_address(gateway) if gateway else None
    return Interface(name, parse_address(address), prefix, hop, f"00-0C-29-5A-00-{number:02X}",
                     1500, link)


def _route(destination: str, prefix: int, interface: str, gateway: str) -> Route:
    return Route(parse_address(destination), prefix, interface, parse_address(gateway))


MACHINES = (
    MachinePlan(Machine("gwA", "gateway", True), (
        _adapter("Internal", "10.1.0.1", 24, "NetA", 0x11),
        _adapter("External", "192.0.2.1", 24, "transitA", 0x12)),
        (_route("198.51.100.0", 24, "External", "192.0.2.254"),)),
    MachinePlan(Machine("gwB", "gateway", True), (
        _adapter("Internal", "10.2.0.1", 24, "NetB", 0x21),
        _adapter("External", "198.51.100.1", 24, "transitB", 0x22)),
        (_route("192.0.2.0", 24, "External", "198.51.100.254"),
         _route("203.0.113.0", 30, "External", "198.51.100.254"),
         _route("10.1.0.0", 24, "External", "198.51.100.254"))),
    MachinePlan(Machine("hostA", "host"), (
        _adapter(LAN, "10.1.0.10", 24, "NetA", 0x31, "10.1.0.1"),)),
    MachinePlan(Machine("hostB", "host"), (
        _adapter(LAN, "10.2.0.10", 24, "NetB", 0x41, "10.2.0.1"),)),
    MachinePlan(Machine("r1", "router", True), (
        _adapter("TransitA", "192.0.2.254", 24, "transitA", 0x51),
        _adapter("Middle", "203.0.113.1", 30, "middle", 0x52)),
        (_route("10.1.0.0", 24, "TransitA", "192.0.2.1"),
         _route("198.51.100.0", 24, "Middle", "203.0.113.2"),
         _route("10.2.0.0", 24, "Middle", "203.0.113.2"))),
    MachinePlan(Machine("r2", "router", True), (
        _adapter("Middle", "203.0.113.2", 30, "middle", 0x61),
        _adapter("TransitB", "198.51.100.254", 24, "transitB", 0x62)),
        (_route("10.2.0.0", 24, "TransitB", "198.51.100.1"),
         _route("192.0.2.0", 24, "Middle", "203.0.113.1"),
         _route("10.1.0.0", 24, "Middle", "203.0.113.1"))),
)
