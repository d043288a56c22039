"""The filter program and completed checksums of live captures."""

import pytest

from engine.capture import Wanted
from engine.ip import TCP, UDP, IPv4, build_udp, parse_udp, udp_packet
from engine.live.capture import completed, program

A, B, C = 0x0A010001, 0x0A020001, 0x0A030001


def runs(lines: list[tuple[int, int, int, int]], packet: bytes) -> bool:
    """A classic BPF machine, as far as the programs use it."""
    at = value = 0
    while True:
        code, yes, no, number = lines[at]
        at += 1
        if code == 0x30:
            value = packet[number]
        elif code == 0x20:
            value = int.from_bytes(packet[number:number + 4], "big")
        elif code == 0x15:
            at += yes if value == number else no
        else:
            return bool(number)


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(50), Wanted(0, A), Wanted(0, B),
                                    Wanted(17, A), Wanted(6, B), Wanted(17, C)])
@pytest.mark.parametrize("protocol", [6, 17, 50])
@pytest.mark.parametrize("ends", [(A, B), (B, A), (B, C)])
def test_the_kernel_keeps_what_the_capture_would(wanted: Wanted, protocol: int,
                                                 ends: tuple[int, int]) -> None:
    packet = IPv4(*ends, protocol, b"x" * 20).build()
    lines = program(wanted)
    assert (runs(lines, packet) if lines else True) == wanted.takes(packet)


def test_a_checksum_that_was_left_to_the_adapter_is_filled_in() -> None:
    whole = udp_packet(A, B, 500, 500, b"hello")
    bare = whole._replace(payload=whole.payload[:6] + b"\x12\x34" + whole.payload[8:])
    assert completed(bare.build()) == whole.build()
    assert parse_udp(whole).payload == b"hello" == build_udp(A, B, 500, 500, b"hello")[8:]


def test_what_has_no_transport_checksum_stays_as_it_is() -> None:
    for packet in (IPv4(A, B, 50, b"esp" * 9).build(), b"\x45", b"",
                   IPv4(A, B, UDP, b"x" * 16, mf=True).build(), IPv4(A, B, TCP, b"x").build()):
        assert completed(packet) == packet
