"""Our ESP and scapy's read each other, in both directions, for every suite and mode."""

import pytest

from engine.errors import ParseError
from engine.esp.constants import NEXT_TUNNEL
from engine.esp.sa import outer_packet
from engine.icmp import echo_request
from engine.ip import ESP, UDP, IPv4, parse_ipv4, udp_packet
from engine.suites import QuickModeMethod
from tests.support.oracle import REFUSED, Oracle, oracle
from tests.support.suites import (
    OUTER_DESTINATION,
    OUTER_SOURCE,
    SPI,
    SUITES,
    keys,
    octets,
    pair,
    suite_name,
)

SIZES = [0, 1, 13, 14, 15, 16, 32, 1400]
INNER_SOURCE, INNER_DESTINATION = 0x0A000101, 0x0A000201
every_suite = pytest.mark.parametrize("method", SUITES, ids=suite_name)


def other_side(method: QuickModeMethod, tunnel: bool) -> Oracle:
    key, auth_key = keys(method)
    return oracle(SPI, method, key, auth_key, source=OUTER_SOURCE,
                  destination=OUTER_DESTINATION, tunnel=tunnel)


@every_suite
def test_scapy_opens_our_tunnel_packets(method: QuickModeMethod) -> None:
    ours, theirs = pair(method)[0], other_side(method, tunnel=True)
    for size in SIZES:
        inner = echo_request(INNER_SOURCE, INNER_DESTINATION, 1, size, octets("ping", size))
        packet = outer_packet(ours, ours.encap(inner.build()), OUTER_SOURCE)
        assert theirs.open(packet.build()) == inner.build()


@every_suite
def test_we_open_the_tunnel_packets_of_scapy(method: QuickModeMethod) -> None:
    ours, theirs = pair(method)[1], other_side(method, tunnel=True)
    for size in SIZES:
        inner = echo_request(INNER_SOURCE, INNER_DESTINATION, 1, size, octets("ping", size))
        outer = parse_ipv4(theirs.wrap(inner.build(), size + 1))
        assert (outer.source, outer.destination) == (OUTER_SOURCE, OUTER_DESTINATION)
        assert ours.decap(outer.payload) == (inner.build(), NEXT_TUNNEL)


def transport_packet(size: int) -> IPv4:
    return udp_packet(OUTER_SOURCE, OUTER_DESTINATION, 4000, 5000, octets("data", size), df=True)


@every_suite
def test_scapy_opens_our_transport_packets(method: QuickModeMethod) -> None:
    ours, theirs = pair(method, tunnel=False)[0], other_side(method, tunnel=False)
    for size in SIZES:
        plain = transport_packet(size)
        wrapped = plain.with_payload(ours.encap(plain.payload, UDP), ESP)
        assert theirs.open(wrapped.build()) == plain.build()


@every_suite
def test_we_open_the_transport_packets_of_scapy(method: QuickModeMethod) -> None:
    ours, theirs = pair(method, tunnel=False)[1], other_side(method, tunnel=False)
    for size in SIZES:
        plain = transport_packet(size)
        outer = parse_ipv4(theirs.wrap(plain.build(), size + 1))
        inner, next_header = ours.decap(outer.payload)
        assert outer.with_payload(inner, next_header) == plain


@every_suite
def test_altered_packets_are_refused_by_both(method: QuickModeMethod) -> None:
    ours, opener = pair(method)
    theirs = other_side(method, tunnel=True)
    inner = echo_request(INNER_SOURCE, INNER_DESTINATION, 1, 1, octets("ping", 40)).build()
    data = ours.encap(inner)
    for at in range(4, len(data), 5):
        altered = bytearray(data)
        altered[at] ^= 0x40
        with pytest.raises(ParseError, match="bad-icv"):
            opener.decap(bytes(altered))
        packet = outer_packet(ours, bytes(altered), OUTER_SOURCE)
        assert theirs.open(packet.build()) == REFUSED
    assert opener.decap(data) == (inner, NEXT_TUNNEL)
