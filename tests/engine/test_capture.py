"""Captures: the ring, the words for each packet, and the pcap file."""

from pathlib import Path
from struct import unpack

import pytest

from engine.address import parse_address
from engine.capture import Capture
from engine.icmp import build_icmp, echo_request
from engine.ip import AH, ESP, TCP, UDP, IPv4, udp_packet
from tests.support.site import article

A, B = parse_address("192.0.2.1"), parse_address("198.51.100.1")
COOKIE, NONE = b"i" * 8, bytes(8)


def isakmp(responder: bytes, payload: int, exchange: int, flags: int, message_id: int,
           body: bytes) -> IPv4:
    head = COOKIE + responder + bytes((payload, 0x10, exchange, flags))
    message = head + message_id.to_bytes(4, "big") + (28 + len(body)).to_bytes(4, "big") + body
    return udp_packet(A, B, 500, 500, message)


def infos(*packets: IPv4) -> list[str]:
    capture = Capture("gwA", "External")
    for packet in packets:
        capture.add(0.0, packet.build(), True)
    return [one.info for one in capture.summaries()]


@pytest.mark.parametrize(("packet", "info"), [
    (echo_request(A, B, 512, 7, b"x"), "ICMP Echo request id=512 seq=7"),
    (IPv4(A, B, 1, build_icmp(0, 0, 0x02000007, b"x")), "ICMP Echo reply id=512 seq=7"),
    (IPv4(A, B, 1, build_icmp(3, 4, 1400, b"")), "ICMP Fragmentation needed, MTU 1400"),
    (IPv4(A, B, 1, build_icmp(3, 3, 0, b"")), "ICMP Destination unreachable: port"),
    (IPv4(A, B, 1, build_icmp(11, 0, 0, b"")), "ICMP Time exceeded"),
    (IPv4(A, B, 1, build_icmp(13, 0, 0, b"")), "ICMP type 13"),
    (IPv4(A, B, 1, bytes(3)), "unreadable: icmp-truncated: header at offset 3"),
    (IPv4(A, B, ESP, bytes.fromhex("1a2b3c4d00000007") + bytes(16)),
     "ESP spi=0x1a2b3c4d seq=7"),
    (IPv4(A, B, ESP, bytes(1000), mf=True, offset=0), "ESP spi=0x00000000 seq=0 (fragment, "
                                                      "offset 0, more)"),
    (IPv4(A, B, ESP, bytes(1000), offset=1480), "ESP (fragment, offset 1480)"),
    (IPv4(A, B, AH, bytes.fromhex("3204000000000100000000070000")), "AH spi=0x00000100 seq=7 "
                                                                     "around ESP"),
    (IPv4(A, B, AH, bytes.fromhex("590400000000010000000007")), "AH spi=0x00000100 seq=7 "
                                                                 "around protocol 89"),
    (IPv4(A, B, AH, bytes(8)), "AH"),
    (udp_packet(A, B, 1025, 53, b"x"), "UDP 1025 > 53"),
    (IPv4(A, B, UDP, bytes(8), offset=8), "UDP (fragment, offset 8)"),
    (IPv4(A, B, UDP, b"x"), "unreadable: udp-truncated: header at offset 1"),
    (IPv4(A, B, 1, b"\x08" + bytes(7), mf=True), "ICMP Echo request (fragment, offset 0, more)"),
    (IPv4(A, B, 1, bytes(8), offset=8), "ICMP (fragment, offset 8)"),
    (IPv4(A, B, TCP, bytes(20)), "protocol 6"),
])
def test_each_packet_is_told_in_words(packet: IPv4, info: str) -> None:
    assert infos(packet) == [info]


def test_isakmp_messages_are_numbered_and_retransmissions_marked() -> None:
    first = isakmp(NONE, 1, 2, 0, 0, b"1")
    assert infos(
        first, first, isakmp(b"r" * 8, 1, 2, 0, 0, b"2"), isakmp(b"r" * 8, 4, 2, 0, 0, b"3"),
        isakmp(b"r" * 8, 4, 2, 0, 0, b"4"), isakmp(b"r" * 8, 5, 2, 1, 0, b"5"),
        isakmp(b"r" * 8, 5, 2, 1, 0, b"6"), isakmp(b"r" * 8, 8, 32, 1, 77, b"1"),
        isakmp(b"r" * 8, 8, 32, 1, 77, b"2"), isakmp(b"r" * 8, 8, 32, 1, 78, b"1"),
        isakmp(b"r" * 8, 11, 5, 0, 0, b"n"), isakmp(b"r" * 8, 8, 5, 1, 3, b"d"),
        isakmp(NONE, 1, 4, 0, 0, b"a"), isakmp(NONE, 1, 99, 0, 0, b"a")) == [
            "ISAKMP MM1", "ISAKMP MM1 (retransmission)", "ISAKMP MM2", "ISAKMP MM3",
            "ISAKMP MM4", "ISAKMP MM5", "ISAKMP MM6", "ISAKMP QM1", "ISAKMP QM2", "ISAKMP QM1",
            "ISAKMP INFO", "ISAKMP INFO, encrypted", "ISAKMP Aggressive", "ISAKMP exchange 99"]


def test_octets_that_are_no_ipv4_are_shown_as_unreadable() -> None:
    capture = Capture("gwA", "External")
    capture.add(1.0, b"E", False)
    assert capture.summaries()[0].info.startswith("unreadable: truncated")


def test_the_ring_keeps_the_newest_and_their_numbers() -> None:
    capture = Capture("gwA", "External", limit=2)
    for sequence in (1, 2, 3):
        capture.add(float(sequence), echo_request(A, B, 1, sequence, b"").build(), True)
    assert [(one.number, one.time) for one in capture.summaries()] == [(2, 2.0), (3, 3.0)]
    assert capture.dropped == 1


def test_the_file_is_a_pcap_of_raw_ip(tmp_path: Path) -> None:
    site = article()
    capture = site.lab.start_capture("gwA", "External")
    site.ping()
    path = tmp_path / "outside.pcap"
    path.write_bytes(capture.pcap(site.lab.epoch))
    assert len(capture.packets) == 11
    data = path.read_bytes()
    assert unpack("<IHHiIII", data[:24]) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    seconds, micros, kept, length = unpack("<IIII", data[24:40])
    assert (seconds, micros) == (1079514000, 10000) and kept == length
    assert data[40:40 + length] == capture.packets[0].octets


def test_a_stopped_capture_takes_no_more_and_a_new_one_starts_empty() -> None:
    site = article()
    capture = site.lab.start_capture("gwA", "EXTERNAL")
    site.ping()
    assert site.lab.stop_capture("gwA", "external") is capture
    count = len(capture.packets)
    site.ping()
    assert len(capture.packets) == count > 0
    assert not site.lab.start_capture("gwA", "External").packets
    assert site.lab.stop_capture("hostA", "External") is None
