"""Capture files of others: byte orders, resolutions, link layers; what is not IPv4 is left out."""

from struct import pack

import pytest

from engine.diagnose.past.pcapread import read_capture
from engine.errors import ParseError
from engine.ip import IPv4, parse_ipv4, udp_packet
from engine.pcapng import Frame, pcapng

PACKET = udp_packet(0xC0000201, 0xC6336401, 500, 500, b"x" * 28)
OCTETS = PACKET.build()
AT = 1_079_514_000.25
LINKS = {
    1: bytes(12) + b"\x08\x00" + OCTETS + bytes(4),
    0: pack("<I", 2) + OCTETS,
    101: OCTETS,
    113: bytes(14) + b"\x08\x00" + OCTETS,
    228: OCTETS,
    276: b"\x08\x00" + bytes(18) + OCTETS,
}


def pcap(frame: bytes, link: int, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    part = 250_000_000 if nano else 250_000
    return (pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
            + pack(order + "IIII", int(AT), part, len(frame), len(frame)) + frame)


def only(octets: bytes) -> IPv4:
    (one,) = read_capture(octets)
    assert one.time == pytest.approx(AT, abs=1e-5)
    return parse_ipv4(one.octets)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_every_link_layer_in_every_order(link: int, order: str, nano: bool) -> None:
    assert only(pcap(LINKS[link], link, order, nano)) == PACKET._replace(trace=0)


def test_a_tagged_frame_and_one_that_is_no_ipv4() -> None:
    tagged = bytes(12) + b"\x81\x00\x00\x05\x08\x00" + OCTETS
    assert only(pcap(tagged, 1)) == PACKET._replace(trace=0)
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    assert read_capture(pcap(arp, 1)) == []
    assert read_capture(pcap(OCTETS, 9999)) == []


def test_our_own_file_keeps_the_direction() -> None:
    octets = pcapng([Frame(AT, OCTETS, True, "ISAKMP MM1"), Frame(AT, OCTETS, False)],
                    name="External", description="External of gwA")
    assert [one.outgoing for one in read_capture(octets)] == [True, False]
    assert {one.octets for one in read_capture(octets)} == {OCTETS}


def test_a_broken_length_ends_the_file_where_it_was_whole() -> None:
    good = pcap(OCTETS, 101)
    assert len(read_capture(good + pack("<IIII", 1, 0, 1 << 30, 0))) == 1
    assert len(read_capture(good + b"\x00" * 5)) == 1


@pytest.mark.parametrize("octets", [b"", b"hello world, this is no capture", bytes(64)])
def test_what_is_no_capture_is_refused(octets: bytes) -> None:
    with pytest.raises(ParseError):
        read_capture(octets)
