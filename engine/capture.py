"""Network Monitor's work: the IPv4 octets that crossed one interface, kept in a ring."""

from collections import deque
from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

from engine.address import Address, format_address
from engine.errors import ParseError
from engine.icmp import parse_icmp
from engine.ip import AH, ESP, HEADER, ICMP, TCP, UDP, IPv4, parse_ipv4, parse_udp
from engine.messages import NAMES, MessageNames, isakmp_of
from engine.pcapng import Frame, pcapng

LINKTYPE_RAW = 101
SNAPLEN = 65535
KEPT = 10_000

_FILE = Struct("<IHHiIII")
_RECORD = Struct("<IIII")
_NUMBERED = frozenset(NAMES) - {"INFO"}

_ICMP_NAMES = {0: "Echo reply", 4: "Source quench", 5: "Redirect", 8: "Echo request",
               12: "Parameter problem"}
_UNREACHABLE_NAMES = {0: "net", 1: "host", 2: "protocol", 3: "port", 13: "prohibited"}


class Captured(NamedTuple):
    """One packet: engine time, its octets from the IPv4 header on, and whether it left here."""

    time: float
    octets: bytes
    outgoing: bool


class Summary(NamedTuple):
    """One line of `capture show`; `info` such as "ISAKMP MM1", "ESP spi=0x1a2b3c4d seq=1"."""

    number: int
    time: float
    source: str
    destination: str
    protocol: str
    length: int
    info: str


class Wanted(NamedTuple):
    """Which packets a capture keeps; 0 is any. ESP in UDP is UDP here, as on the wire."""

    protocol: int = 0
    address: Address = 0

    def takes(self, octets: bytes) -> bool:
        """Whether an IPv4 packet is one of them."""
        if self == _EVERYTHING:
            return True
        if len(octets) < HEADER or self.protocol not in (0, octets[9]):
            return False
        return not self.address or self.address.to_bytes(4, "big") in (octets[12:16],
                                                                       octets[16:20])


_EVERYTHING = Wanted()


class Capture:
    """A running or stopped capture on (machine, interface); the newest packets stay.

    `dropped` counts the older ones that gave way. Only packets that `wanted` takes are kept.
    """

    def __init__(self, machine: str, interface: str, limit: int = KEPT,
                 wanted: Wanted | None = None) -> None:
        self.machine, self.interface, self.wanted = machine, interface, wanted or Wanted()
        self.running = True
        self.dropped = 0
        self.packets: deque[Captured] = deque(maxlen=limit)

    def add(self, now: float, octets: bytes, outgoing: bool) -> None:
        """Keeps one packet, if it is wanted."""
        if not self.wanted.takes(octets):
            return
        if len(self.packets) == self.packets.maxlen:
            self.dropped += 1
        self.packets.append(Captured(now, octets, outgoing))

    def summaries(self) -> list[Summary]:
        """The packets in words, read from their octets."""
        reader = _Reader()
        return [reader.summary(number, one)
                for number, one in enumerate(self.packets, 1 + self.dropped)]

    def pcap(self, epoch: float) -> bytes:
        """A pcap file (LINKTYPE_RAW) with wall times."""
        return pcap_file((epoch + one.time, one.octets, len(one.octets)) for one in self.packets)

    def pcapng(self, epoch: float) -> bytes:
        """A pcapng file: the interface by name, messages of IKE with what they are."""
        frames = (Frame(epoch + one.time, one.octets, one.outgoing,
                        summary.info if summary.protocol == "ISAKMP" else "")
                  for one, summary in zip(self.packets, self.summaries(), strict=True))
        lost = f"; {self.dropped} older packets gave way" if self.dropped else ""
        where = f"{self.interface} of {self.machine}"
        return pcapng(frames, name=self.interface, description=where,
                      comment=f"captured on {where}{lost}")


def pcap_file(records: Iterable[tuple[float, bytes, int]]) -> bytes:
    """A pcap file of (Unix seconds, octets that were kept, octets that there were)."""
    parts = [_FILE.pack(0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, LINKTYPE_RAW)]
    for wall, octets, length in records:
        seconds, micros = divmod(round(wall * 1_000_000), 1_000_000)
        parts += (_RECORD.pack(seconds, micros, len(octets), length), octets)
    return b"".join(parts)


class _Reader:
    """Reads packets in order; remembers ISAKMP messages, as some are known by their order only."""

    def __init__(self) -> None:
        self._names = MessageNames()

    def summary(self, number: int, one: Captured) -> Summary:
        try:
            packet = parse_ipv4(one.octets)
        except ParseError as error:
            return Summary(number, one.time, "", "", "IPv4", len(one.octets),
                           f"unreadable: {error}")
        protocol, info = self._describe(packet)
        if packet.is_fragment:
            info += f" (fragment, offset {packet.offset}{', more' if packet.mf else ''})"
        return Summary(number, one.time, format_address(packet.source),
                       format_address(packet.destination), protocol, len(one.octets), info)

    def _describe(self, packet: IPv4) -> tuple[str, str]:
        if packet.protocol == ESP:
            return "ESP", _esp(packet)
        if packet.protocol == AH:
            return "AH", _ah(packet)
        if packet.protocol == ICMP:
            return "ICMP", _icmp(packet)
        if packet.protocol == UDP:
            return self._udp(packet)
        name = "TCP" if packet.protocol == TCP else str(packet.protocol)
        return name, f"protocol {packet.protocol}"

    def _udp(self, packet: IPv4) -> tuple[str, str]:
        if packet.is_fragment:
            return "UDP", "UDP"
        try:
            udp = parse_udp(packet)
        except ParseError as error:
            return "UDP", f"unreadable: {error}"
        message = isakmp_of(packet)
        if message:
            return "ISAKMP", self._isakmp(message)
        return "UDP", f"UDP {udp.source_port} > {udp.destination_port}"

    def _isakmp(self, message: bytes) -> str:
        name, again, encrypted = self._names.name(message)
        if name in _NUMBERED:
            return f"ISAKMP {name}{' (retransmission)' if again else ''}"
        return f"ISAKMP {name}{', encrypted' if encrypted else ''}"


def _esp(packet: IPv4) -> str:
    if packet.offset or len(packet.payload) < 8:
        return "ESP"
    spi = int.from_bytes(packet.payload[:4], "big")
    sequence = int.from_bytes(packet.payload[4:8], "big")
    return f"ESP spi=0x{spi:08x} seq={sequence}"


def _ah(packet: IPv4) -> str:
    """RFC 2402 2: next header first, SPI and sequence number behind the first four octets."""
    if packet.offset or len(packet.payload) < 12:
        return "AH"
    spi = int.from_bytes(packet.payload[4:8], "big")
    sequence = int.from_bytes(packet.payload[8:12], "big")
    inside = {1: "ICMP", 4: "IPv4", 6: "TCP", 17: "UDP", 50: "ESP"}.get(
        packet.payload[0], f"protocol {packet.payload[0]}")
    return f"AH spi=0x{spi:08x} seq={sequence} around {inside}"


def _icmp(packet: IPv4) -> str:
    if packet.offset:
        return "ICMP"
    if packet.mf:
        return f"ICMP {_ICMP_NAMES.get(packet.payload[0], f'type {packet.payload[0]}')}"
    try:
        message = parse_icmp(packet.payload)
    except ParseError as error:
        return f"unreadable: {error}"
    if message.type == 3:
        if message.code == 4:
            return f"ICMP Fragmentation needed, MTU {message.next_mtu}"
        what = _UNREACHABLE_NAMES.get(message.code, f"code {message.code}")
        return f"ICMP Destination unreachable: {what}"
    if message.type == 11:
        return "ICMP Time exceeded"
    name = _ICMP_NAMES.get(message.type, f"type {message.type}")
    if message.type in (0, 8):
        return f"ICMP {name} id={message.identifier} seq={message.sequence}"
    return f"ICMP {name}"
