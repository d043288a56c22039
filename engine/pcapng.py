"""pcapng files: captures with the names of their interfaces and a comment where we know more."""

from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

RAW_IP = 101
SNAPLEN = 65535
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_MAGIC = 0x1A2B3C4D
_HEAD, _TAIL = Struct("<II"), Struct("<I")
_OPTION = Struct("<HH")
_COMMENT, _APPLICATION = 1, 4
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9
_FLAGS = 2
_INBOUND, _OUTBOUND = 1, 2
_MICROSECONDS = 6


class Frame(NamedTuple):
    """One packet: Unix seconds, octets from the IP header on, its direction, a comment or ""."""

    time: float
    octets: bytes
    outgoing: bool
    comment: str = ""


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = _HEAD.size + len(body) + _TAIL.size
    return _HEAD.pack(kind, size) + body + _TAIL.pack(size)


def _options(*given: tuple[int, bytes]) -> bytes:
    parts = [_OPTION.pack(kind, len(value)) + value + bytes(-len(value) % 4)
             for kind, value in given if value]
    return b"".join(parts) + _OPTION.pack(0, 0) if parts else b""


def pcapng(frames: Iterable[Frame], *, name: str, description: str, comment: str = "") -> bytes:
    """The octets of a file with one interface."""
    head = Struct("<IHHq").pack(_MAGIC, 1, 0, -1)
    parts = [_block(_SECTION, head + _options((_COMMENT, comment.encode()),
                                              (_APPLICATION, b"ipsecsh"))),
             _block(_INTERFACE, Struct("<HHI").pack(RAW_IP, 0, SNAPLEN) + _options(
                 (_NAME, name.encode()), (_DESCRIPTION, description.encode()),
                 (_RESOLUTION, bytes((_MICROSECONDS,)))))]
    for one in frames:
        moment = round(one.time * 1_000_000)
        size = len(one.octets)
        flags = (_OUTBOUND if one.outgoing else _INBOUND).to_bytes(4, "little")
        body = Struct("<IIIII").pack(0, moment >> 32, moment & 0xFFFFFFFF, size, size)
        body += one.octets + bytes(-size % 4) + _options((_COMMENT, one.comment.encode()),
                                                         (_FLAGS, flags))
        parts.append(_block(_PACKET, body))
    return b"".join(parts)
