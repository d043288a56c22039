"""A captured tunnel inside UDP (RFC 3948): the packets of the other capture, in datagrams."""

from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.esp.sa import SaTerms, Selector, build_inbound
from engine.esp.udp import NAT_T_PORT, ike_of, is_esp, unwrap, wrap
from engine.icmp import ECHO_REQUEST, parse_icmp
from engine.ip import ESP, UDP, parse_ipv4, parse_udp
from engine.suites import QuickModeMethod

FOLDER = Path(__file__).parents[2] / "vectors" / "esp"
KEY = bytes.fromhex("4043434545464649494a4a4c4c4f4f515152525454575758")
AUTH_KEY = bytes.fromhex("8765" * 8)


def packets(name: str) -> list[bytes]:
    """The IPv4 packets of a little-endian Ethernet capture."""
    data, at = (FOLDER / name).read_bytes(), 24
    found = []
    while at < len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        found.append(data[at + 30:at + 16 + length])
        at += 16 + length
    return found


def test_the_captured_datagrams_hold_the_pings_of_the_tunnel() -> None:
    terms = SaTerms("entry", QuickModeMethod("3DES", "MD5"))
    sa = build_inbound(0x12345678, 0xC0010217, 0xC001022D, Selector(), terms, KEY, AUTH_KEY)
    sequences = []
    for octets in packets("espudp1.pcap"):
        outer = parse_ipv4(octets)
        assert outer.protocol == UDP and is_esp(outer)
        datagram = parse_udp(outer)
        assert (datagram.source_port, datagram.destination_port) == (NAT_T_PORT, NAT_T_PORT)
        assert ike_of(datagram.payload) is None
        inside, port = unwrap(outer)
        assert (inside.protocol, port) == (ESP, NAT_T_PORT)
        inner = parse_ipv4(sa.decap(inside.payload)[0])
        assert (inner.source, inner.destination) == (0xC0000201, 0xC0000101)
        assert parse_icmp(inner.payload).type == ECHO_REQUEST
        sequences.append(sa.sequence)
        with pytest.raises(ParseError, match="replay"):
            sa.decap(inside.payload)
    assert sequences == list(range(1, 9))


def test_our_datagrams_are_those_of_the_capture() -> None:
    for octets in packets("espudp1.pcap"):
        outer = parse_ipv4(octets)
        inside, _ = unwrap(outer)
        assert wrap(inside, (NAT_T_PORT, NAT_T_PORT)) == outer
