"""The kernel's devices as adapters: which work, what they are called, why one does not."""

from engine.address import parse_address
from engine.configuration import read_host
from engine.live.facts import (
    Device,
    Facts,
    KernelRoute,
    guess_names,
    interfaces_of,
    kernel_routes,
    overlay,
    tunnel_ends,
    why_down,
)
from engine.policy.model import Route
from tests.support.stores import article

OUT, IN, ROUTER = (parse_address(one) for one in ("192.0.2.1", "10.1.0.1", "192.0.2.254"))
ETH0 = Device("eth0", 2, True, 1500, "00:0c:29:aa:bb:cc", ((OUT, 24),))
ETH1 = Device("eth1", 3, True, 9000, "", ((IN, 24), (IN + 1, 24)))
DEFAULT = KernelRoute(0, 0, ROUTER, "eth0", 100)
FACTS = Facts((ETH0, ETH1), (DEFAULT, KernelRoute(OUT & ~255, 24, 0, "eth0", 0, True)))
NAMES = {"External": "eth0", "Internal": "eth1"}


def test_adapters_have_their_devices_primary_address_gateway_and_mtu() -> None:
    outer, inner = interfaces_of(FACTS, NAMES)
    assert (outer.name, outer.address, outer.gateway, outer.link) == (
        "External", OUT, ROUTER, "eth0")
    assert (inner.address, inner.prefix, inner.gateway, inner.mtu) == (IN, 24, None, 9000)
    assert outer.mac == "00-0C-29-AA-BB-CC"


def test_of_several_addresses_the_one_that_a_tunnel_ends_at_counts() -> None:
    assert OUT in tunnel_ends(read_host(article()).policy)
    other = OUT + 5
    device = ETH0._replace(addresses=((other, 25), (OUT, 24)))
    for ends, expected in (((), other), ({OUT}, OUT), ({OUT, other}, other)):
        one, = interfaces_of(Facts((device,)), {"External": "eth0"}, ends)
        assert one.address == expected


def test_a_device_that_is_gone_down_or_bare_is_no_adapter_and_says_why() -> None:
    cases = {"the device eth0 does not exist": (), "the device eth0 is down":
             (ETH0._replace(up=False),), "the device eth0 has no IPv4 address":
             (ETH0._replace(addresses=()),), "": (ETH0,)}
    for why, devices in cases.items():
        facts = Facts(devices)
        assert why_down(facts, "External", "eth0") == (f"External: {why}" if why else "")
        assert len(interfaces_of(facts, {"External": "eth0"})) == (not why)


def test_names_are_guessed_from_the_default_route() -> None:
    assert guess_names(FACTS) == NAMES
    third = Device("eth2", 4, True, 1500, "", ((IN + 512, 24),))
    assert guess_names(FACTS._replace(devices=(ETH0, ETH1, third))) == {
        "External": "eth0", "eth1": "eth1", "eth2": "eth2"}
    assert guess_names(Facts((ETH1,))) == {"Internal": "eth1"}


def test_routes_of_the_kernel_count_but_connected_nets_and_the_default_once() -> None:
    other = KernelRoute(parse_address("10.9.0.0"), 16, ROUTER, "eth0", 20)
    facts = FACTS._replace(routes=(*FACTS.routes, other))
    found = kernel_routes(facts, interfaces_of(facts, NAMES))
    assert found == (Route(other.destination, 16, "External", ROUTER, 20),)


def test_the_kernels_adapters_and_routes_take_the_place_of_the_stored_ones() -> None:
    snapshot = read_host(article())
    interfaces = interfaces_of(FACTS, NAMES)
    routes = (Route(parse_address("10.9.0.0"), 16, "External", ROUTER, 20),)
    found = overlay(snapshot, interfaces, routes)
    assert found.interfaces == found.policy.interfaces == interfaces
    assert routes[0] in found.routes
