"""The lab at other addresses: what follows what, and what is refused."""

import pytest

from engine.address import format_address, member, parse_network
from engine.lab.provision import open_store
from engine.lab.site import DEFAULT, bound


def test_the_default_is_the_article_s() -> None:
    assert bound({}) == DEFAULT
    names = DEFAULT.names()
    assert (names["NetA"], names["NetAId"], names["NetAMask"]) == (
        "10.1.0.0/24", "10.1.0.0", "255.255.255.0")
    assert (names["W2KextIP"], names["3rdIntIP"], names["Middle"]) == (
        "192.0.2.1", "10.2.0.1", "203.0.113.0/30")


def test_gateways_follow_their_nets_and_transit_nets_their_gateways() -> None:
    site = bound({"NetA": "172.16.8.0/22", "NetB": "192.168.7.0/30", "W2KextIP": "100.64.3.9",
                  "TransitB": "203.0.114.0/25", "colour": "red"})
    assert format_address(site.own_internal) == "172.16.8.1"
    assert format_address(site.peer_internal) == "192.168.7.1"
    assert str(site.transit_a) == "100.64.3.0/24"
    assert format_address(site.peer_external) == "203.0.114.1"


def test_a_new_store_has_the_machines_of_its_site() -> None:
    site = bound({"NetB": "192.168.7.0/30", "W2KextIP": "100.64.3.9"})
    store = open_store("", 1, site=site)
    addresses = {f"{machine.name} {one.name}": f"{format_address(one.address)}/{one.prefix}"
                 for machine in store.machines()
                 for one in store.on(machine.name).interfaces()}
    assert addresses == {
        "gwA Internal": "10.1.0.1/24", "gwA External": "100.64.3.9/24",
        "gwB Internal": "192.168.7.1/30", "gwB External": "198.51.100.1/24",
        "hostA Local Area Connection": "10.1.0.10/24",
        "hostB Local Area Connection": "192.168.7.2/30",
        "r1 TransitA": "100.64.3.254/24", "r1 Middle": "203.0.113.1/30",
        "r2 Middle": "203.0.113.2/30", "r2 TransitB": "198.51.100.254/24"}
    tunnels = [rule.tunnel for rule in store.on("gwB").rules(
        "IPSec tunnel with Windows 2000 gateway")]
    assert site.own_external in tunnels
    store.close()


@pytest.mark.parametrize(("names", "reason"), [
    ({"NetA": "10.1.0.0/33"}, "NetA must be a mask"),
    ({"NetA": "10.1.0.9/24"}, "NetA has host bits"),
    ({"NetA": "10.1.0.0"}, "NetA must be a net of at least two hosts"),
    ({"Middle": "here"}, "Middle must be an IPv4 address"),
    ({"W2KextIP": "far away"}, "W2KextIP must be an IPv4 address"),
    ({"W2KintIP": "10.9.0.1"}, "W2KintIP 10.9.0.1 is not in NetA 10.1.0.0/24"),
    ({"W2KextIP": "100.64.3.254"}, "W2KextIP 100.64.3.254 is taken in TransitA"),
    ({"3rdIntIP": "10.2.0.10"}, "3rdIntIP 10.2.0.10 is taken in NetB"),
    ({"NetB": "10.0.0.0/8", "3rdIntIP": "10.2.0.1"}, "NetA 10.1.0.0/24 and NetB 10.0.0.0/8 over"),
])
def test_impossible_addresses_are_refused(names: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        bound(names)
    assert reason in str(caught.value)


@pytest.mark.parametrize(("what", "address"), [
    ("id", "10.1.0.0"), ("mask", "255.255.255.240"), ("hop", "10.1.0.14"), ("host", "10.1.0.10"),
    ("7", "10.1.0.7"), ("15", "10.1.0.15"),
])
def test_a_network_names_its_members(what: str, address: str) -> None:
    assert format_address(member(parse_network("10.1.0.0/28"), what)) == address


@pytest.mark.parametrize(("what", "reason"), [
    ("16", "has no address number 16"), ("hosts", "must be followed by .id"), ("", "must be"),
    ("99999999999", "must be"),
])
def test_what_is_no_member_is_refused(what: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        member(parse_network("10.1.0.0/28"), what)
