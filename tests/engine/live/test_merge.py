"""Runs of segments: taken apart again they are what went in, and nothing damaged is hidden."""

from struct import pack, unpack_from

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.ip import TCP, UDP, IPv4, build_udp, checksum
from engine.live.merge import SEGMENTS, header_of
from engine.live.merge import merge as runs
from engine.live.sums import MANY, Fields, wrong
from engine.live.tun import VNET

A, B = 0x0A010001, 0x0A020001


def merge(packets: list[bytes]) -> list[list[bytes]]:
    """The writes for decrypted packets."""
    return [run.vectors() for run in runs(packets)]


def segment(sequence: int, data: bytes, *, ack: int = 7, flags: int = 0x10, port: int = 5001,
            window: int = 500, options: bytes = b"", ttl: int = 63, tos: int = 0) -> bytes:
    offset = (20 + len(options)) // 4 << 4
    head = pack("!HHIIBBHHH", 4000, port, sequence & 0xFFFFFFFF, ack, offset, flags, window, 0, 0)
    octets = head + options + data
    total = checksum(pack("!IIBBH", A, B, 0, TCP, len(octets)) + octets)
    octets = octets[:16] + pack("!H", total) + octets[18:]
    return IPv4(A, B, TCP, octets, ttl, tos, sequence & 0xFFFF, True).build()


def datagram(data: bytes, port: int = 5001) -> bytes:
    return IPv4(A, B, UDP, build_udp(A, B, 4000, port, data), 63, 0, 1, True).build()


def apart(vectors: list[bytes]) -> list[bytes]:
    """What the kernel makes of one write: segments with their own lengths and checksums."""
    octets = b"".join(vectors)
    flags, kind, header, size, start, at = unpack_from("<BBHHHH", octets)
    packet = octets[VNET:]
    if not kind:
        return [packet]
    assert flags == 1 and start == 20 and kind == {6: 1, 17: 5}[packet[9]]
    assert unpack_from("!H", packet, 2)[0] == len(packet) and not checksum(packet[:20])
    pseudo = pack("!IIBBH", *unpack_from("!II", packet, 12), 0, packet[9], len(packet) - 20)
    partial = unpack_from("!H", packet, start + at)[0]
    assert partial % 0xFFFF == (~checksum(pseudo) & 0xFFFF) % 0xFFFF
    found = []
    for place in range(header, len(packet), size):
        found.append(_piece(packet, place, header, size, at))
    return found


def _piece(packet: bytes, place: int, header: int, size: int, at: int) -> bytes:
    data, last = packet[place:place + size], place + size >= len(packet)
    head = bytearray(packet[20:header])
    if packet[9] == TCP:
        sequence = unpack_from("!I", head, 4)[0] + place - header
        head[4:8] = pack("!I", sequence & 0xFFFFFFFF)
        head[13] = head[13] if last else head[13] & ~0x08
    else:
        head[4:6] = pack("!H", 8 + len(data))
    head[at:at + 2] = b"\0\0"
    octets = bytes(head) + data
    source, destination = unpack_from("!II", packet, 12)
    total = checksum(pack("!IIBBH", source, destination, 0, packet[9], len(octets)) + octets)
    octets = octets[:at] + pack("!H", total) + octets[at + 2:]
    return IPv4(source, destination, packet[9], octets, packet[8], packet[1], 0, True).build()


def without_number(packet: bytes) -> bytes:
    """A packet but for its identification, which segmentation chooses anew."""
    return packet[:4] + packet[6:10] + packet[12:]


def check(packets: list[bytes], writes: int) -> None:
    found = merge(packets)
    assert len(found) == writes
    flat = [piece for vectors in found for piece in apart(vectors)]
    assert sorted(map(without_number, flat)) == sorted(map(without_number, packets))


@pytest.mark.parametrize("size", [1, 2, 99, 1000, 1398, 1399])
@pytest.mark.parametrize("options", [b"", b"\1\1\x08\x0a" + bytes(8)])
def test_segments_that_follow_each_other_are_one_write(size: int, options: bytes) -> None:
    packets = [segment(100 + at * size, bytes([at]) * size, options=options) for at in range(20)]
    check(packets, 1)


def test_a_shorter_or_pushed_segment_ends_a_run() -> None:
    check([segment(0, b"x" * 100), segment(100, b"y" * 50), segment(150, b"z" * 50)], 2)
    check([segment(0, b"x" * 100), segment(100, b"y" * 100, flags=0x18),
           segment(200, b"z" * 100)], 2)


@pytest.mark.parametrize("other", [
    segment(200, b"y" * 100), segment(100, b"y" * 101), segment(100, b"y" * 100, ack=8),
    segment(100, b"y" * 100, window=501), segment(100, b"y" * 100, ttl=62),
    segment(100, b"y" * 100, tos=4), segment(100, b"y" * 100, flags=0x11),
    segment(100, b"y" * 100, flags=0x12), segment(100, b"y" * 100, options=b"\1\1\1\0"),
    segment(100, b"", flags=0x10), segment(100, b"y" * 100, port=5002)])
def test_what_does_not_continue_a_run_stays_by_itself(other: bytes) -> None:
    check([segment(0, b"x" * 100), other], 2)


@pytest.mark.parametrize("at", [11, 17, 21, 37, 41, 138])
def test_a_damaged_segment_goes_on_alone_and_damaged(at: int) -> None:
    damaged = bytearray(segment(100, b"y" * 100))
    damaged[at] ^= 1
    packets = [segment(0, b"x" * 100), bytes(damaged), segment(200, b"z" * 100)]
    found = merge(packets)
    assert [b"".join(one)[VNET:] for one in found if one[-1] == bytes(damaged)] == [bytes(damaged)]
    assert bytes(damaged) in [one[-1] for one in found]


def test_flows_are_joined_apart_and_keep_their_order() -> None:
    packets = []
    for at in range(10):
        packets += [segment(at * 100, b"x" * 100), segment(at * 100, b"y" * 100, port=5002)]
    check(packets, 2)
    syn = segment(1000, b"", flags=0x02)
    found = merge([segment(0, b"x" * 100), syn, segment(100, b"x" * 100)])
    assert [len(one) for one in found] == [2, 2, 2] and found[1][1] == syn


def test_datagrams_of_one_flow_are_joined_but_those_without_a_checksum() -> None:
    check([datagram(bytes([at]) * 64) for at in range(30)], 1)
    bare = IPv4(A, B, UDP, pack("!HHHH", 4000, 5001, 72, 0) + b"x" * 64, 63).build()
    assert len(merge([bare, bare])) == 2


def test_a_run_is_bounded() -> None:
    packets = [segment(at * 1398, b"x" * 1398) for at in range(60)]
    found = merge(packets)
    assert len(found) == 2 and all(len(b"".join(one)) <= 65535 + VNET for one in found)
    small = [segment(at * 10, b"x" * 10) for at in range(SEGMENTS + 5)]
    assert [len(one) - 1 for one in merge(small)] == [SEGMENTS, 5]


@given(st.binary(max_size=3000), st.integers(0, 1 << 40))
@example(b"", 0)
@example(b"\xff" * 1501, 0)
def test_sums_are_those_of_a_slow_division(data: bytes, expected: int) -> None:
    padded = data + b"\0" * (len(data) & 1)
    total = (int.from_bytes(padded, "big") + expected) % 0xFFFF
    assert wrong(data, expected) == (total != 0)
    assert not wrong(data, expected - total) and not wrong(data, expected + 0xFFFF - total)


def test_what_is_kept_for_lengths_of_packets_is_bounded() -> None:
    fields = Fields()
    for length in range(MANY + 10):
        view, number = fields[length]
        assert len(view) == length and number % 0xFFFF == 1
    assert len(fields) <= MANY


@given(st.lists(st.one_of(st.binary(max_size=80), st.builds(
    lambda at, cut, flags: segment(at * 40, b"q" * 40, flags=flags)[:cut],
    st.integers(0, 6), st.integers(0, 90), st.sampled_from([0x10, 0x18, 0x11]))), max_size=12))
def test_any_octets_come_out_again(packets: list[bytes]) -> None:
    given_packets = [one for one in packets if one]
    if not given_packets:
        return
    flat = [piece for vectors in merge(given_packets) for piece in apart(vectors)]
    assert sorted(map(without_number, flat)) == sorted(map(without_number, given_packets))
    assert all(header_of(one) >= 0 for one in given_packets)
