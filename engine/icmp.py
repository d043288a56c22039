"""ICMP (RFC 792): echo, errors with their quotes, and when an error may be sent at all."""

from struct import Struct
from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.ip import BROADCAST, DEFAULT_TTL, HEADER, ICMP, IPv4, checksum

ECHO_REPLY = 0
UNREACHABLE = 3
SOURCE_QUENCH = 4
REDIRECT = 5
ECHO_REQUEST = 8
TIME_EXCEEDED = 11
PARAMETER_PROBLEM = 12
ERRORS = frozenset({UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM})

NET_UNREACHABLE = 0
HOST_UNREACHABLE = 1
PROTOCOL_UNREACHABLE = 2
PORT_UNREACHABLE = 3
NEEDS_FRAGMENTATION = 4
SOURCE_ROUTE_FAILED = 5
ADMIN_PROHIBITED = 13

TTL_IN_TRANSIT = 0
REASSEMBLY_TIME = 1

QUOTED = 8
ICMP_HEADER = 8
_HEADER = Struct("!BBHI")
_QUOTE = Struct("!BBHHHBBHII")


class Icmp(NamedTuple):
    """One ICMP message: `rest` is the second 32-bit word (identifier and sequence, or MTU)."""

    type: int
    code: int
    rest: int
    body: bytes

    @property
    def identifier(self) -> int:
        """Identifier of an echo."""
        return self.rest >> 16

    @property
    def sequence(self) -> int:
        """Sequence number of an echo."""
        return self.rest & 0xFFFF

    @property
    def next_mtu(self) -> int:
        """Next-hop MTU of "fragmentation needed" (RFC 1191); 0 when the router gave none."""
        return self.rest & 0xFFFF


class Quote(NamedTuple):
    """The packet an ICMP error is about: its header and `length`, the octets it had in all.

    `packet.payload` is as much as was quoted, usually 8 octets.
    """

    packet: IPv4
    length: int


def build_icmp(kind: int, code: int, rest: int, body: bytes) -> bytes:
    """ICMP octets with a right checksum."""
    value = checksum(_HEADER.pack(kind, code, 0, rest) + body)
    return _HEADER.pack(kind, code, value, rest) + body


def parse_icmp(data: bytes) -> Icmp:
    """Reads a message. Raises ParseError: "icmp-truncated", "icmp-checksum"."""
    if len(data) < ICMP_HEADER:
        raise ParseError("icmp-truncated", "header", len(data))
    if checksum(data):
        raise ParseError("icmp-checksum", "checksum", 2)
    kind, code, _, rest = _HEADER.unpack_from(data)
    return Icmp(kind, code, rest, bytes(data[ICMP_HEADER:]))


def echo_request(source: Address, destination: Address, identifier: int, sequence: int,
                 data: bytes, *, ttl: int = DEFAULT_TTL, tos: int = 0, identification: int = 0,
                 df: bool = False, trace: int = 0) -> IPv4:
    """An echo request ("ping") of `data`."""
    octets = build_icmp(ECHO_REQUEST, 0, identifier << 16 | sequence, data)
    return IPv4(source, destination, ICMP, octets, ttl, tos, identification, df, trace=trace)


def echo_reply(request: IPv4, *, ttl: int = DEFAULT_TTL, identification: int = 0) -> IPv4:
    """The reply to a whole echo request: addresses swapped, the same data, TOS and trace.

    Raises ParseError like `parse_icmp`.
    """
    asked = parse_icmp(request.payload)
    octets = build_icmp(ECHO_REPLY, 0, asked.rest, asked.body)
    return IPv4(request.destination, request.source, ICMP, octets, ttl, request.tos,
                identification, trace=request.trace)


def may_send_error(original: IPv4, *, link_broadcast: bool = False) -> bool:
    """Whether an error about this packet is allowed (RFC 1122 3.2.2).

    Never about an ICMP error, a fragment that is not the first, a packet that was broadcast or
    multicast (`link_broadcast` says that the link or the subnet did), or one whose source is
    not a single host.
    """
    if original.offset or link_broadcast:
        return False
    if not _single_host(original.source) or original.destination >> 28 >= 0xE:
        return False
    if original.protocol == ICMP:
        return bool(original.payload) and original.payload[0] not in ERRORS
    return True


def _single_host(address: Address) -> bool:
    return address >> 24 not in (0, 127) and address >> 28 < 0xE and address != BROADCAST


def icmp_error(original: IPv4, source: Address, kind: int, code: int, next_mtu: int = 0, *,
               link_broadcast: bool = False, identification: int = 0,
               trace: int | None = None) -> IPv4 | None:
    """The ICMP error about `original`, sent from `source`, or None when none may be sent.

    It quotes the header and 8 octets (RFC 792); TOS is internetwork control (RFC 1812 4.3.2.5).
    `trace` defaults to the original's.
    """
    if not may_send_error(original, link_broadcast=link_broadcast):
        return None
    quote = original.build()[:HEADER + QUOTED]
    octets = build_icmp(kind, code, next_mtu, quote)
    return IPv4(source, original.source, ICMP, octets, DEFAULT_TTL, 0xC0, identification,
                trace=original.trace if trace is None else trace)


def quoted(message: Icmp) -> Quote:
    """The packet that an ICMP error quotes.

    The header checksum of a quote is not verified: routers decrement the TTL before they quote.
    Raises ParseError: "icmp-quote" when no IPv4 header can be read.
    """
    data = message.body
    if len(data) < HEADER or data[0] >> 4 != 4 or (data[0] & 15) * 4 < HEADER:
        raise ParseError("icmp-quote", "quoted header", 0)
    (first, tos, total, identification, fragment, ttl, protocol, _, source,
     destination) = _QUOTE.unpack_from(data)
    header = (first & 15) * 4
    packet = IPv4(source, destination, protocol, data[header:max(header, total)], ttl, tos,
                  identification, fragment & 0x4000 != 0, fragment & 0x2000 != 0,
                  (fragment & 0x1FFF) << 3)
    return Quote(packet, total)
