"""IPv4 (RFC 791) and UDP (RFC 768) as values: parse, build, checksum.

A packet travels through a host as one `IPv4`; octets exist only on a wire, in a capture and
inside ESP. Nothing here keeps state.
"""

from struct import Struct

from engine.address import Address
from engine.errors import ParseError
from engine.values import NamedTuple

ICMP = 1
IPIP = 4
TCP = 6
UDP = 17
RSVP = 46
ESP = 50
AH = 51

HEADER = 20
UDP_HEADER = 8
MAX_DATAGRAM = 65535
DEFAULT_TTL = 128
BROADCAST: Address = 0xFFFFFFFF

_FIXED = Struct("!BBHHHBBHII")
_UDP = Struct("!HHHH")
_DF, _MF = 0x4000, 0x2000
_SOURCE_ROUTES = frozenset({131, 137})


# What a NamedTuple's own __new__ calls; the packet path goes without the frame around it.
new_tuple = tuple.__new__


class IPv4(NamedTuple):
    """One IPv4 packet or fragment, options removed.

    `offset` is the fragment offset in octets, `payload` what follows the header. `trace` is the
    id by which a packet is followed through machines; it never goes on the wire and survives
    every `with_` copy.
    """

    source: Address
    destination: Address
    protocol: int
    payload: bytes
    ttl: int = DEFAULT_TTL
    tos: int = 0
    identification: int = 0
    df: bool = False
    mf: bool = False
    offset: int = 0
    trace: int = 0

    @property
    def length(self) -> int:
        """Octets of the packet on the wire, header included."""
        return HEADER + len(self.payload)

    @property
    def is_fragment(self) -> bool:
        """True for every piece of a datagram that was fragmented."""
        return self.mf or self.offset > 0

    def build(self) -> bytes:
        """The octets on the wire with a right header checksum. Length at most 65,535."""
        (source, destination, protocol, payload, ttl, tos, identification, df, mf, offset,
         _) = self
        total = HEADER + len(payload)
        assert total <= MAX_DATAGRAM, "datagram longer than 65535 octets"
        flags = (_DF if df else 0) | (_MF if mf else 0) | offset >> 3
        summed = (0x4500 + tos + total + identification + flags + (ttl << 8) + protocol
                  + source + destination)
        return _FIXED.pack(0x45, tos, total, identification, flags, ttl, protocol,
                           -summed % 0xFFFF, source, destination) + payload

    def with_ttl(self, ttl: int) -> "IPv4":
        """The same packet with another time to live."""
        (source, destination, protocol, payload, _, tos, identification, df, mf, offset,
         trace) = self
        return IPv4(source, destination, protocol, payload, ttl, tos, identification, df, mf,
                    offset, trace)

    def with_payload(self, payload: bytes, protocol: int | None = None) -> "IPv4":
        """The same header over another payload (and protocol, when given)."""
        return self._replace(payload=payload,
                             protocol=self.protocol if protocol is None else protocol)

    def with_addresses(self, source: Address, destination: Address) -> "IPv4":
        """The same packet between other addresses; the payload's checksum is not mended."""
        return self._replace(source=source, destination=destination)

    def with_trace(self, trace: int) -> "IPv4":
        """The same packet followed under another trace id."""
        return self._replace(trace=trace)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of octets; 0 when they include a right checksum.

    A number modulo 65,535 is the one's complement sum of its 16-bit words, so one big integer
    division replaces the loop.
    """
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    return -number % 0xFFFF if number else 0xFFFF


def parse_ipv4(data: bytes, trace: int = 0) -> IPv4:
    """Reads one packet; octets after its total length (Ethernet padding) are cut.

    Options are skipped, as they mean nothing to this stack, except source routes, which are
    refused (RFC 1812 5.3.13.4 lets a router do so; they would steer packets around the SPD).
    Raises ParseError: "truncated", "bad-version", "bad-length", "bad-checksum", "source-route".
    """
    if len(data) < HEADER:
        raise ParseError("truncated", "header", len(data))
    (first, tos, total, identification, fragment, ttl, protocol, check, source,
     destination) = _FIXED.unpack_from(data)
    header = HEADER
    if first != 0x45:
        header = (first & 15) * 4
        if first >> 4 != 4:
            raise ParseError("bad-version", "version", 0)
        if header < HEADER:
            raise ParseError("bad-length", "header length", 0)
        if len(data) < header:
            raise ParseError("truncated", "options", len(data))
    if total < header:
        raise ParseError("bad-length", "total length", 2)
    if total > len(data):
        raise ParseError("truncated", "payload", len(data))
    # Modulo 65,535 a 32-bit word counts as the sum of its halves.
    summed = (first << 8) + tos + total + identification + fragment + (ttl << 8) + protocol + check
    if (summed + source + destination + int.from_bytes(data[HEADER:header], "big")) % 0xFFFF:
        raise ParseError("bad-checksum", "header checksum", 10)
    if header > HEADER:
        _check_options(data[HEADER:header])
    return new_tuple(IPv4, (
        source, destination, protocol, bytes(data[header:total]), ttl, tos, identification,
        fragment & _DF != 0, fragment & _MF != 0, (fragment & 0x1FFF) << 3, trace))


def _check_options(options: bytes) -> None:
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            return
        if kind in _SOURCE_ROUTES:
            raise ParseError("source-route", "option", HEADER + at)
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(options) or not 2 <= options[at + 1] <= len(options) - at:
            raise ParseError("bad-length", "option length", HEADER + at)
        at += options[at + 1]


class Udp(NamedTuple):
    """One UDP datagram without its addresses."""

    source_port: int
    destination_port: int
    payload: bytes


def ports(packet: IPv4) -> tuple[int, int]:
    """Source and destination port for selectors; (0, 0) where a packet shows none.

    Only TCP and UDP have ports here, and only a first fragment carries them.
    """
    if packet.protocol not in (TCP, UDP) or packet.offset or len(packet.payload) < 4:
        return 0, 0
    return (packet.payload[0] << 8 | packet.payload[1],
            packet.payload[2] << 8 | packet.payload[3])


def build_udp(source: Address, destination: Address, source_port: int, destination_port: int,
              payload: bytes) -> bytes:
    """UDP octets with the checksum over the pseudo-header (RFC 768)."""
    length = UDP_HEADER + len(payload)
    summed = (source + destination + UDP + length + source_port + destination_port + length
              + _payload_sum(payload))
    return _UDP.pack(source_port, destination_port, length,
                     -summed % 0xFFFF or 0xFFFF) + payload


def udp_packet(source: Address, destination: Address, source_port: int, destination_port: int,
               payload: bytes, *, ttl: int = DEFAULT_TTL, tos: int = 0,
               identification: int = 0, df: bool = False, trace: int = 0) -> IPv4:
    """An IPv4 packet that carries one UDP datagram."""
    octets = build_udp(source, destination, source_port, destination_port, payload)
    return IPv4(source, destination, UDP, octets, ttl, tos, identification, df, trace=trace)


def parse_udp(packet: IPv4) -> Udp:
    """Reads the datagram in an unfragmented packet.

    A checksum of 0 means "not computed" (RFC 768; RFC 3948 sends so). Raises ParseError:
    "udp-truncated", "udp-length", "udp-checksum".
    """
    data = packet.payload
    if len(data) < UDP_HEADER:
        raise ParseError("udp-truncated", "header", len(data))
    source_port, destination_port, length, received = _UDP.unpack_from(data)
    if length < UDP_HEADER or length > len(data):
        raise ParseError("udp-length", "length", 4)
    data = data[:length]
    if received:
        summed = packet.source + packet.destination + UDP + length + _payload_sum(data)
        if summed % 0xFFFF:
            raise ParseError("udp-checksum", "checksum", 6)
    return Udp(source_port, destination_port, data[UDP_HEADER:])


_CHECKSUM_AT = {TCP: 16, UDP: 6}


def with_checksum_for(packet: IPv4, source: Address, destination: Address) -> IPv4:
    """A TCP or UDP packet whose checksum was right between other addresses, right between its own.

    Incremental (RFC 1624), so that damage from before stays visible; from addresses 0, which say
    that the others are not known, the checksum is made anew. UDP without one stays so.
    """
    at, payload = _CHECKSUM_AT.get(packet.protocol), packet.payload
    if at is None or len(payload) < at + 2 or packet.is_fragment:
        return packet
    received = int.from_bytes(payload[at:at + 2], "big")
    if packet.protocol == UDP and not received:
        return packet
    own = packet.source + packet.destination
    if source or destination:
        mended = received + source + destination - own
    else:
        head, tail = payload[:at] + bytes(2), payload[at + 2:]
        mended = -(own + packet.protocol + len(payload) + _payload_sum(head + tail))
    octets = (mended % 0xFFFF or 0xFFFF).to_bytes(2, "big")
    return packet.with_payload(payload[:at] + octets + payload[at + 2:])


def _payload_sum(data: bytes) -> int:
    number = int.from_bytes(data, "big")
    return number << 8 if len(data) & 1 else number
