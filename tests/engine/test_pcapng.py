"""pcapng files, read back block by block as the specification has them."""

from struct import unpack_from

from engine.pcapng import Frame, pcapng


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        kind, size = unpack_from("<II", data, at)
        assert not size % 4 and unpack_from("<I", data, at + size - 4)[0] == size
        found.append((kind, data[at + 8:at + size - 4]))
        at += size
    return found


def options(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(data):
        kind, size = unpack_from("<HH", data, at)
        if not kind:
            assert not size and at + 4 == len(data)
            break
        found[kind] = data[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
    return found


def test_section_interface_and_packets_with_names_directions_and_comments() -> None:
    frames = [Frame(1079514000.25, b"E" * 21, True, "ISAKMP MM1"), Frame(1.0, b"F" * 24, False)]
    section, interface, first, second = blocks(pcapng(frames, name="External",
                                                      description="of gw", comment="why"))
    assert section[0] == 0x0A0D0D0A and unpack_from("<IHHq", section[1]) == (0x1A2B3C4D, 1, 0, -1)
    assert options(section[1][16:])[1] == b"why"
    assert interface[0] == 1 and unpack_from("<HHI", interface[1]) == (101, 0, 65535)
    assert options(interface[1][8:]) == {2: b"External", 3: b"of gw", 9: b"\x06"}
    number, high, low, kept, whole = unpack_from("<IIIII", first[1])
    assert (number, high << 32 | low, kept, whole) == (0, 1079514000250000, 21, 21)
    assert first[1][20:41] == b"E" * 21
    assert options(first[1][44:]) == {1: b"ISAKMP MM1", 2: b"\x02\0\0\0"}
    assert options(second[1][44:]) == {2: b"\x01\0\0\0"}


def test_a_capture_without_packets_is_a_file() -> None:
    assert [kind for kind, _ in blocks(pcapng([], name="", description=""))] == [0x0A0D0D0A, 1]
