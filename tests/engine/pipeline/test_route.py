"""Routing: longest prefix, metric, interface, and gateways that are not on the link."""

import pytest

from engine.address import format_address, parse_address
from engine.pipeline.route import RouteEntry, RouteTable


def entry(net: str, prefix: int, gateway: str, interface: str, metric: int = 1) -> RouteEntry:
    return RouteEntry(parse_address(net), prefix, parse_address(gateway) if gateway else 0,
                      interface, metric)


TABLE = RouteTable((
    entry("10.1.0.0", 24, "", "Internal"),
    entry("192.0.2.0", 24, "", "External"),
    entry("192.0.2.0", 24, "", "External 2"),
    entry("198.51.100.0", 24, "192.0.2.254", "External"),
    entry("10.2.0.0", 24, "198.51.100.1", "External"),
    entry("10.2.0.128", 25, "192.0.2.200", "External"),
    entry("10.3.0.0", 16, "192.0.2.7", "External", 5),
    entry("10.3.0.0", 16, "192.0.2.8", "External 2", 2),
    entry("10.4.0.0", 16, "172.16.0.1", "External"),
    entry("10.5.0.0", 16, "10.5.0.1", "External"),
))


@pytest.mark.parametrize(("destination", "interface", "hop"), [
    ("10.1.0.10", "", ("Internal", "10.1.0.10")),           # connected
    ("198.51.100.1", "", ("External", "192.0.2.254")),       # by a router
    ("10.2.0.10", "", ("External", "192.0.2.254")),          # the article's: gateway off the link
    ("10.2.0.200", "", ("External", "192.0.2.200")),         # longer prefix wins
    ("10.3.1.1", "", ("External 2", "192.0.2.8")),           # lower metric wins
    ("10.3.1.1", "External", ("External", "192.0.2.7")),     # bound to an interface
    ("10.4.0.1", "", None),                                  # gateway nobody knows
    ("10.5.0.9", "", None),                                  # gateway behind itself
    ("172.16.0.1", "", None),                                # no route
    ("10.1.0.10", "External", None),
])
def test_a_destination_resolves_to_interface_and_next_hop(
        destination: str, interface: str, hop: tuple[str, str] | None) -> None:
    found = TABLE.resolve(parse_address(destination), interface)
    assert (None if found is None
            else (found.interface, format_address(found.next_hop))) == hop


def test_a_default_route_is_the_last_resort() -> None:
    table = RouteTable((*TABLE.entries, entry("0.0.0.0", 0, "192.0.2.254", "External")))
    found = table.resolve(parse_address("172.16.0.1"))
    assert found is not None and found.route.prefix == 0
    assert table.resolve(parse_address("10.1.0.9")) == TABLE.resolve(parse_address("10.1.0.9"))
