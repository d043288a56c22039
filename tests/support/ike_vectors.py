"""Vectors of tests/vectors/ike: where they are, and ISAKMP payloads out of captures."""

import struct
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "vectors" / "ike"


def read_text(name: str) -> str:
    """A vector file as text."""
    return (FOLDER / name).read_text(encoding="ascii")


def isakmp_payloads(name: str) -> list[bytes]:
    """UDP 500 payloads of an Ethernet capture, cut where the capture cut them."""
    data = (FOLDER / name).read_bytes()
    found, at = [], 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        header = (frame[14] & 15) * 4
        udp = frame[14 + header:]
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 and len(udp) >= 8 and (
                500 in struct.unpack("!HH", udp[:4])):
            length = struct.unpack("!H", udp[4:6])[0]
            found.append(udp[8:max(length, 8)])
    return found
