"""IPv4 and UDP: what is built reads back, what is broken is refused by name."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.ip import (
    TCP,
    UDP,
    IPv4,
    build_udp,
    checksum,
    parse_ipv4,
    parse_udp,
    ports,
    udp_packet,
    with_checksum_for,
)

# The packet of RFC 3602 case 7, made by others.
KNOWN = bytes.fromhex("45000054090400004001f988c0a87b03c0a87bc8") + bytes(64)

addresses = st.integers(0, 0xFFFFFFFF)
packets = st.builds(
    IPv4, source=addresses, destination=addresses, protocol=st.integers(0, 255),
    payload=st.binary(max_size=100), ttl=st.integers(0, 255), tos=st.integers(0, 255),
    identification=st.integers(0, 0xFFFF), df=st.booleans(), mf=st.booleans(),
    offset=st.integers(0, 0x1FFF).map(lambda units: units * 8), trace=st.just(0))


def slow_checksum(data: bytes) -> int:
    """RFC 1071 as it is written down."""
    data += bytes(len(data) & 1)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=300) | st.integers(0, 40).map(lambda n: b"\xff" * n))
def test_the_checksum_is_that_of_rfc_1071(data: bytes) -> None:
    assert checksum(data) == slow_checksum(data)


def test_a_packet_of_others_is_read_and_rebuilt() -> None:
    packet = parse_ipv4(KNOWN, trace=5)
    assert packet == IPv4(0xC0A87B03, 0xC0A87BC8, 1, bytes(64), 64, 0, 0x0904, trace=5)
    assert packet.build() == KNOWN


@given(packets)
def test_what_is_built_reads_back(packet: IPv4) -> None:
    data = packet.build()
    assert parse_ipv4(data + b"ethernet padding") == packet
    assert slow_checksum(data[:20]) == 0
    assert len(data) == packet.length


def header(**changes: int) -> bytes:
    """The known packet with header octets changed and the checksum mended."""
    data = bytearray(KNOWN)
    for name, value in changes.items():
        data[int(name[1:])] = value
    data[10:12] = bytes(2)
    data[10:12] = checksum(bytes(data[:20])).to_bytes(2, "big")
    return bytes(data)


BROKEN = [
    ("nothing", b"", "truncated"),
    ("19 octets", KNOWN[:19], "truncated"),
    ("payload cut", KNOWN[:-1], "truncated"),
    ("version 6", header(_0=0x65), "bad-version"),
    ("header of 4 words", header(_0=0x44), "bad-length"),
    ("options beyond the end", header(_0=0x4F)[:40], "truncated"),
    ("total below the header", header(_3=19), "bad-length"),
    ("checksum", KNOWN[:10] + b"\0\0" + KNOWN[12:], "bad-checksum"),
]


@pytest.mark.parametrize(("what", "data", "name"), BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_headers_are_refused_by_name(what: str, data: bytes, name: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_ipv4(data)
    assert caught.value.drop == name, what


def with_options(options: bytes) -> bytes:
    words = (20 + len(options)) // 4
    data = bytearray(KNOWN[:20] + options + b"payload!")
    data[0] = 0x40 | words
    data[2:4] = len(data).to_bytes(2, "big")
    data[10:12] = bytes(2)
    data[10:12] = checksum(bytes(data[:words * 4])).to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize("options", [b"\1\1\1\0", b"\x94\4\0\0", b"\0\xff\xff\xff",
                                     b"\x07\x07\x04\0\0\0\0\0"])
def test_harmless_options_are_skipped(options: bytes) -> None:
    assert parse_ipv4(with_options(options)).payload == b"payload!"


OPTIONS = [
    ("loose source route", b"\x83\x03\x04\x00", "source-route"),
    ("strict source route after a no-op", b"\1\x89\x03\x04", "source-route"),
    ("length 0", b"\x94\0\0\0", "bad-length"),
    ("length beyond the header", b"\x94\x05\0\0", "bad-length"),
    ("no room for a length", b"\1\1\1\x94", "bad-length"),
]


@pytest.mark.parametrize(("what", "options", "name"), OPTIONS, ids=[row[0] for row in OPTIONS])
def test_harmful_options_are_refused_by_name(what: str, options: bytes, name: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_ipv4(with_options(options))
    assert caught.value.drop == name, what


def test_copies_keep_the_trace() -> None:
    packet = IPv4(1, 2, UDP, b"x", trace=77)
    copies = [packet.with_ttl(9), packet.with_payload(b"y", TCP), packet.with_addresses(3, 4)]
    assert [copy.trace for copy in copies] == [77, 77, 77]
    assert copies[0] == packet._replace(ttl=9)
    assert copies[1] == packet._replace(payload=b"y", protocol=TCP)
    assert copies[2] == packet._replace(source=3, destination=4)
    assert packet.with_payload(b"z").protocol == UDP
    assert packet.with_trace(1) == packet._replace(trace=1)


@given(addresses, addresses, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF),
       st.binary(max_size=64))
def test_udp_reads_back_and_shows_its_ports(source: int, destination: int, source_port: int,
                                            destination_port: int, payload: bytes) -> None:
    packet = udp_packet(source, destination, source_port, destination_port, payload)
    assert parse_udp(packet) == (source_port, destination_port, payload)
    assert ports(packet) == (source_port, destination_port)
    pseudo = struct.pack("!IIHH", source, destination, UDP, len(packet.payload))
    assert slow_checksum(pseudo + packet.payload) == 0


def test_a_computed_udp_checksum_is_never_zero() -> None:
    sums = {build_udp(0, 0, 0, 0, number.to_bytes(2, "big"))[6:8] for number in range(0x10000)}
    assert b"\0\0" not in sums
    assert b"\xff\xff" in sums


UDP_BROKEN = [
    (b"1234567", "udp-truncated"),
    (b"\0\1\0\2\0\x07\0\0", "udp-length"),
    (b"\0\1\0\2\0\x09\0\0", "udp-length"),
    (b"\0\1\0\2\0\x08\0\1", "udp-checksum"),
]


@pytest.mark.parametrize(("octets", "name"), UDP_BROKEN)
def test_broken_udp_is_refused_by_name(octets: bytes, name: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_udp(IPv4(1, 2, UDP, octets))
    assert caught.value.drop == name


def test_udp_without_a_checksum_is_read_and_trailing_octets_are_cut() -> None:
    assert parse_udp(IPv4(1, 2, UDP, b"\0\1\0\2\0\x09\0\0xyz")) == (1, 2, b"x")


NO_PORTS = [IPv4(1, 2, 50, b"abcd"), IPv4(1, 2, UDP, b"abcd", offset=8), IPv4(1, 2, TCP, b"abc")]


@pytest.mark.parametrize("packet", NO_PORTS)
def test_packets_without_visible_ports_show_none(packet: IPv4) -> None:
    assert ports(packet) == (0, 0)


@given(st.binary(max_size=80), st.integers(0, 255))
def test_random_octets_are_a_packet_or_a_named_drop(data: bytes, first: int) -> None:
    names = {"truncated", "bad-version", "bad-length", "bad-checksum", "source-route"}
    mended = bytearray(bytes([first]) + data)
    size = (first & 15) * 4
    if 20 <= size <= len(mended):
        mended[10:12] = bytes(2)
        mended[10:12] = checksum(bytes(mended[:size])).to_bytes(2, "big")
    for octets in (data, bytes(mended)):
        try:
            packet = parse_ipv4(octets)
        except ParseError as error:
            assert error.drop in names
        else:
            assert packet.length <= len(octets)


def tcp_packet(source: int, destination: int, payload: bytes) -> IPv4:
    """A TCP segment with a right checksum."""
    segment = bytes(12) + b"\x50\x10\x20\0" + bytes(4) + payload
    pseudo = struct.pack("!IIBBH", source, destination, 0, TCP, len(segment))
    value = slow_checksum(pseudo + segment)
    return IPv4(source, destination, TCP, segment[:16] + value.to_bytes(2, "big") + segment[18:])


@given(addresses, addresses, addresses, addresses, st.binary(max_size=60), st.booleans())
def test_a_checksum_follows_the_addresses_a_nat_gave(a: int, b: int, c: int, d: int,
                                                     payload: bytes, known: bool) -> None:
    pairs = ((udp_packet(a, b, 7, 9, payload), udp_packet(c, d, 7, 9, payload)),
             (tcp_packet(a, b, payload), tcp_packet(c, d, payload)))
    for sent, expected in pairs:
        originals = (a, b) if known else (0, 0)
        seen = with_checksum_for(sent.with_addresses(c, d), *originals)
        assert ones(seen) == ones(expected)


def ones(packet: IPv4) -> bytes:
    """The payload with the two ways to write a checksum of nothing as one."""
    at = 16 if packet.protocol == TCP else 6
    if packet.payload[at:at + 2] == b"\xff\xff":
        return packet.payload[:at] + bytes(2) + packet.payload[at + 2:]
    return packet.payload


def test_damage_from_before_the_nat_stays_visible() -> None:
    sent = udp_packet(1, 2, 7, 9, b"octets")
    damaged = sent.with_payload(sent.payload[:-1] + b"!").with_addresses(3, 2)
    with pytest.raises(ParseError, match="udp-checksum"):
        parse_udp(with_checksum_for(damaged, 1, 2))


@pytest.mark.parametrize("packet", [
    IPv4(1, 2, 1, bytes(8)), IPv4(1, 2, UDP, bytes(7)), IPv4(1, 2, TCP, bytes(17)),
    IPv4(1, 2, UDP, bytes(12), mf=True), IPv4(1, 2, UDP, bytes(12))])
def test_packets_without_such_a_checksum_stay_as_they_are(packet: IPv4) -> None:
    assert with_checksum_for(packet, 5, 6) == packet
