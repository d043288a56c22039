"""Frames that are handed on: other addresses, headers only, and nothing that can be tried out."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapReader

from commands.report.masking import Masker
from commands.session import ARTICLE_NAMES
from commands.support.frames import StandIns, masked, masked_pcap, newest
from engine.address import parse_address
from engine.ip import ESP, ICMP, TCP, UDP, IPv4, parse_ipv4, udp_packet
from tests.support.faulty import healthy

OWN, PEER = parse_address("192.0.2.1"), parse_address("198.51.100.1")
KEY = b"planted-key-1234"


@pytest.fixture
def standins() -> StandIns:
    return StandIns(Masker(ARTICLE_NAMES))


def octets_of(packet: IPv4, standins: StandIns) -> bytes:
    return masked(packet.build(), standins)


@pytest.mark.parametrize(("packet", "left"), [
    (IPv4(OWN, PEER, ESP, bytes(8) + KEY), 28), (IPv4(OWN, PEER, ICMP, b"\x08\0" + KEY), 28),
    (IPv4(OWN, PEER, TCP, bytes(20) + KEY), 28), (IPv4(OWN, PEER, 47, KEY * 9), 28),
    (udp_packet(OWN, PEER, 1000, 53, KEY), 28), (udp_packet(OWN, PEER, 4500, 4500, KEY), 36),
    (IPv4(OWN, PEER, UDP, KEY, offset=1480), 20),
    (udp_packet(OWN, PEER, 500, 500, bytes(28) + KEY), 56),
])
def test_what_a_packet_carries_does_not_stay(packet: IPv4, left: int,
                                             standins: StandIns) -> None:
    found = octets_of(packet, standins)
    assert len(found) == left and KEY not in found
    whole = found + bytes(len(packet.build()) - len(found))
    shown = parse_ipv4(whole)
    assert shown.length == packet.length and {shown.source, shown.destination} == {
        0xC6120001, 0xC6120002}


def test_offers_stay_and_what_may_be_tried_out_does_not() -> None:
    session = healthy()
    capture = session.lab.start_capture("gwA", "External")
    session.lab.hosts["gwA"].stop_agent(session.lab.now)
    session.lab.start_agent("gwA")
    session.lab.ping("hostA", parse_address("10.2.0.10"))
    standins = StandIns(Masker(ARTICLE_NAMES))
    sizes = {one.info: (len(masked(raw.octets, standins)), len(raw.octets))
             for one, raw in zip(capture.summaries(), capture.packets, strict=True)}
    assert sizes["ISAKMP MM1"][0] == sizes["ISAKMP MM1"][1]
    for name in ("MM3", "MM4", "MM5", "QM1"):  # NAT-D, identities
        assert sizes[f"ISAKMP {name}"][0] == 56 < sizes[f"ISAKMP {name}"][1]
    file = masked_pcap([(1.5, raw.octets) for raw in capture.packets], standins)
    read = list(RawPcapReader(BytesIO(file)))
    assert [one[1].wirelen for one in read] == [len(raw.octets) for raw in capture.packets]
    assert standins.table()[0].startswith("198.18.0.")
    for address in (OWN, PEER):
        assert address.to_bytes(4, "big") not in file


def test_a_redirect_names_no_gateway(standins: StandIns) -> None:
    packet = IPv4(OWN, PEER, ICMP, b"\x05\x01\0\0" + OWN.to_bytes(4, "big") + bytes(28))
    assert OWN.to_bytes(4, "big") not in octets_of(packet, standins)


def test_the_newest_frames_stay() -> None:
    frames = [(float(at), bytes(100)) for at in range(10)]
    assert newest(frames, 24 + 3 * 116) == (frames[7:], 7)
    assert newest(frames, 10)[0] == [] and newest([], 10) == ([], 0)
    assert newest(frames, 1 << 20) == (frames, 0)


@given(st.binary(max_size=200))
def test_any_octets_are_masked_without_a_mistake(octets: bytes) -> None:
    found = masked(octets, StandIns(Masker(ARTICLE_NAMES)))
    assert len(found) <= len(octets)
