"""Capture files read: pcap and pcapng, from whatever wrote them, as IPv4 packets.

Link layers with a header of their own (Ethernet, Linux "any", loopback) are taken off; what is not
IPv4 is left out. A file that ends in the middle of a packet gives what was whole before it.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

from engine.errors import ParseError

# The magic numbers of pcap: (byte order, units in a second).
_MAGIC = {b"\xd4\xc3\xb2\xa1": ("<", 1_000_000), b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
          b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000), b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000)}
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_ORDER = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_RESOLUTION, _FLAGS = 9, 2
_OUTBOUND = 2
_TYPE_IPV4, _VLAN = b"\x08\x00", (b"\x81\x00", b"\x88\xa8")
# No packet of ours is longer; a length beyond it means a broken file.
_LONGEST = 262_144
VERSION = 0x40
# The header of a pcap file; that of a section of pcapng is longer.
SHORTEST = 24


class Recorded(NamedTuple):
    """One IPv4 packet of a file: Unix seconds, its octets, and its direction where the file says
    it (None where not)."""

    time: float
    octets: bytes
    outgoing: bool | None


def read_capture(octets: bytes) -> list[Recorded]:
    """The IPv4 packets of a file. Raises ParseError for what is no capture file."""
    if len(octets) < SHORTEST:
        raise ParseError("capture", "it is too short to be a capture")
    if octets[:4] == _PCAPNG:
        return list(_whole(_read_pcapng(octets)))
    if octets[:4] in _MAGIC:
        return list(_whole(_read_pcap(octets, *_MAGIC[octets[:4]])))
    raise ParseError("capture", "neither pcap nor pcapng")


def _whole(packets: Iterator[Recorded]) -> Iterator[Recorded]:
    """What can be read before a file breaks off."""
    while True:
        try:
            one = next(packets, None)
        except StructError:
            return
        if one is None:
            return
        yield one


def _read_pcap(octets: bytes, order: str, units: int) -> Iterator[Recorded]:
    head, record = Struct(order + "IHHiIII"), Struct(order + "IIII")
    link = head.unpack_from(octets)[6] & 0xFFFF
    at = head.size
    while at < len(octets):
        seconds, part, size, _ = record.unpack_from(octets, at)
        at += record.size
        if size > _LONGEST or at + size > len(octets):
            return
        packet = _inside(link, octets[at:at + size])
        if packet:
            yield Recorded(seconds + part / units, packet, None)
        at += size


class _Interface(NamedTuple):
    link: int
    units: float


def _read_pcapng(octets: bytes) -> Iterator[Recorded]:
    """RFC draft-ietf-opsawg-pcapng: sections, interfaces, packets."""
    at, order = 0, "<"
    interfaces: list[_Interface] = []
    while at + 12 <= len(octets):
        if octets[at:at + 4] == _PCAPNG:
            order = _ORDER.get(octets[at + 8:at + 12], "")
            if not order:
                return
            interfaces = []
        kind, size = Struct(order + "II").unpack_from(octets, at)
        if size < 12 or size % 4 or at + size > len(octets):
            return
        body = octets[at + 8:at + size - 4]
        if kind == _INTERFACE:
            interfaces.append(_interface(body, order))
        elif kind == _ENHANCED:
            yield from _enhanced(body, order, interfaces)
        elif kind == _SIMPLE and interfaces:
            packet = _inside(interfaces[0].link, body[4:])
            if packet:
                yield Recorded(0.0, packet, None)
        at += size


def _interface(body: bytes, order: str) -> _Interface:
    (link,) = Struct(order + "H").unpack_from(body)
    units = 1_000_000.0
    for code, value in _options(body[8:], order):
        if code == _RESOLUTION and value:
            power = value[0] & 0x7F
            units = float(1 << power if value[0] & 0x80 else 10 ** power)
    return _Interface(link, units)


def _enhanced(body: bytes, order: str, interfaces: list[_Interface]) -> Iterator[Recorded]:
    number, high, low, size, _ = Struct(order + "IIIII").unpack_from(body)
    if number >= len(interfaces) or 20 + size > len(body):
        return
    one = interfaces[number]
    packet = _inside(one.link, body[20:20 + size])
    if not packet:
        return
    outgoing: bool | None = None
    for code, value in _options(body[20 + size + (-size % 4):], order):
        if code == _FLAGS and len(value) == 4:
            way = int.from_bytes(value, "little" if order == "<" else "big") & 3
            outgoing = None if not way else way == _OUTBOUND
    yield Recorded(((high << 32) + low) / one.units, packet, outgoing)


def _options(octets: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    head, at = Struct(order + "HH"), 0
    while at + head.size <= len(octets):
        code, size = head.unpack_from(octets, at)
        if code == 0:
            return
        yield code, octets[at + 4:at + 4 + size]
        at += 4 + size + (-size % 4)


# --- link layers ----------------------------------------------------------------------------------


def _inside(link: int, octets: bytes) -> bytes:
    """The IPv4 packet in a frame of that link type, b"" when there is none."""
    take = _LINKS.get(link)
    inner = take(octets) if take is not None else b""
    if len(inner) < 20 or inner[0] & 0xF0 != VERSION:
        return b""
    # Ethernet fills short frames up.
    return inner[:int.from_bytes(inner[2:4], "big")]


def _ethernet(octets: bytes) -> bytes:
    at = 12
    while octets[at:at + 2] in _VLAN:
        at += 4
    return octets[at + 2:] if octets[at:at + 2] == _TYPE_IPV4 else b""


_LINKS: dict[int, Callable[[bytes], bytes]] = {
    0: lambda octets: octets[4:], 108: lambda octets: octets[4:],
    1: _ethernet,
    12: lambda octets: octets, 14: lambda octets: octets, 101: lambda octets: octets,
    228: lambda octets: octets,
    113: lambda octets: octets[16:] if octets[14:16] == _TYPE_IPV4 else b"",
    276: lambda octets: octets[20:] if octets[:2] == _TYPE_IPV4 else b"",
}
