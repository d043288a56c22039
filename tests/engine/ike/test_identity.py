"""ID payloads: what we write, what we read, what we refuse."""

import pytest

from engine.address import Network, parse_address, parse_network
from engine.errors import ParseError
from engine.ike.identity import (
    Identity,
    address_identity,
    describe,
    identities_selector,
    identity_network,
    identity_text,
    network_identity,
    parse_identity,
    phase1_address,
    selector_identities,
)
from engine.ike.interface import TrafficSelector

HOST = parse_address("10.1.2.3")


@pytest.mark.parametrize(("network", "octets"), [
    ("10.1.2.3", "01000000" "0a010203"),
    ("10.1.2.0/24", "04000000" "0a010200" "ffffff00"),
    ("0.0.0.0/0", "04000000" "00000000" "00000000"),
])
def test_networks_as_identities(network: str, octets: str) -> None:
    identity = network_identity(parse_network(network), 0, 0)
    assert identity.build().hex() == octets
    assert identity_network(parse_identity(bytes.fromhex(octets))) == parse_network(network)


def test_a_range_that_is_a_network_reads_as_one() -> None:
    body = bytes.fromhex("07000000" "0a010200" "0a0102ff")
    assert identity_network(parse_identity(body)) == Network(parse_address("10.1.2.0"), 24)


@pytest.mark.parametrize("octets", [
    "01000000" "0a0102", "01000000" "0a010203ff", "04000000" "0a010200",
    "04000000" "0a010200" "ff00ff00", "04000000" "0a010203" "ffffff00",
    "07000000" "0a010200" "0a0102fe", "02000000" "61", "02000000" "6162636465666768",
    "05000000" + "00" * 16,
])
def test_identities_that_name_no_network_are_refused(octets: str) -> None:
    with pytest.raises(ParseError, match="invalid-id"):
        identity_network(parse_identity(bytes.fromhex(octets)))


@pytest.mark.parametrize("length", range(5))
def test_an_identity_needs_octets(length: int) -> None:
    with pytest.raises(ParseError, match="invalid-id"):
        parse_identity(bytes(length))


@pytest.mark.parametrize(("protocol", "port", "good"), [
    (0, 0, True), (17, 500, True), (17, 0, True), (17, 4500, False), (6, 500, False),
    (0, 500, False),
])
def test_phase_one_allows_ike_ports_only(protocol: int, port: int, good: bool) -> None:
    identity = Identity(1, protocol, port, HOST.to_bytes(4, "big"))
    if good:
        assert phase1_address(identity) == HOST
    else:
        with pytest.raises(ParseError, match="invalid-id"):
            phase1_address(identity)


def test_phase_one_names_that_are_no_address_have_none() -> None:
    assert phase1_address(Identity(2, 0, 0, b"gw.example")) is None
    assert phase1_address(address_identity(HOST)) == HOST
    with pytest.raises(ParseError):
        phase1_address(Identity(1, 0, 0, b"abc"))


def test_a_selector_travels_in_two_identities() -> None:
    selector = TrafficSelector(Network(HOST, 32), parse_network("10.2.0.0/16"), 6, 23, 0)
    local, remote = selector_identities(selector)
    assert identities_selector(local, remote) == selector
    assert describe(selector) == "10.1.2.3/32 <-> 10.2.0.0/16 protocol 6 port 23 <-> 0"
    assert identity_text(local) == "10.1.2.3"
    assert identity_text(Identity(2, 0, 0, b"gw\n")) == "gw?"
    assert identity_text(Identity(11, 0, 0, b"gw")) == "type 11 6777"
    with pytest.raises(ParseError, match="protocols"):
        identities_selector(local, remote._replace(protocol=17))
