"""Captured frames as they may be handed on: stand-in addresses, headers only.

What a packet carries is not support's business, and a hash over two addresses (NAT-D) can be tried
out: of IKE only what is offered, answered and refused in the clear stays whole, of everything else
the headers. The length that a packet had stays in its record.
"""

from collections.abc import Iterable

from commands.report.masking import Masker
from engine.address import Address, format_address
from engine.capture import pcap_file
from engine.diagnose.exam.run import readable
from engine.ike.constants import ExchangeType, PayloadType
from engine.ip import AH, ESP, HEADER, ICMP, UDP, IPv4
from engine.messages import isakmp_of

# 198.18.0.0/15 is for benchmarks (RFC 2544): nobody's, so nobody takes it for somebody's.
FIRST_STANDIN = 0xC6120001
UDP_HEADER, ISAKMP_HEADER, MARKER, SPI_AND_SEQUENCE = 8, 28, 4, 8
# Octets kept behind the IP header, by protocol; ports or type and code of anything else.
KEPT = {ESP: 8, AH: 12, ICMP: 8}
KEPT_OF_OTHERS = 8
REDIRECT = 5
_OPEN = (PayloadType.SA, PayloadType.NOTIFY, PayloadType.DELETE)

Frame = tuple[float, bytes]


class StandIns:
    """An address for each label of the report. Mutable: it gives them out as they come."""

    def __init__(self, mask: Masker) -> None:
        self.mask = mask
        self._given: dict[str, Address] = {}

    def of(self, address: Address) -> Address:
        """The stand-in for an address; the same one each time."""
        label = self.mask.address(address)
        if label not in self._given:
            if label == format_address(address):
                return address  # a mask, a loopback address: those say nothing
            self._given[label] = FIRST_STANDIN + len(self._given)
        return self._given[label]

    def table(self) -> list[str]:
        """Which label of the report has which stand-in."""
        return [f"{format_address(address)} {label}" for label, address in self._given.items()]


def newest(frames: Iterable[Frame], most: int) -> tuple[list[Frame], int]:
    """The newest frames that fit into so many octets, and how many were left out."""
    found = list(frames)
    kept, size = 0, 24
    for _, octets in reversed(found):
        size += 16 + len(octets)
        if size > most:
            break
        kept += 1
    return found[len(found) - kept:], len(found) - kept


def masked_pcap(frames: Iterable[Frame], standins: StandIns) -> bytes:
    """A pcap file of (Unix seconds, octets), masked."""
    return pcap_file((wall, masked(octets, standins), len(octets)) for wall, octets in frames)


def masked(octets: bytes, standins: StandIns) -> bytes:
    """One packet with other addresses, cut to its headers; of a broken one nothing stays."""
    packet = readable(octets)
    if packet is None:
        return b""
    payload = bytearray(packet.payload)
    if packet.protocol == UDP and not packet.offset:
        payload[6:8] = bytes(len(payload[6:8]))  # the checksum is over addresses, too
    if packet.protocol == ICMP and payload[:1] == bytes((REDIRECT,)):
        payload[4:8] = bytes(len(payload[4:8]))  # the other gateway's address
    shown = packet._replace(source=standins.of(packet.source),
                            destination=standins.of(packet.destination), payload=bytes(payload))
    return shown.build()[:HEADER + _kept(packet)]


def _kept(packet: IPv4) -> int:
    """How many octets behind the IP header may stay."""
    if packet.offset:
        return 0
    if packet.protocol != UDP:
        return KEPT.get(packet.protocol, KEPT_OF_OTHERS)
    message = isakmp_of(packet)
    if not message:
        return UDP_HEADER + SPI_AND_SEQUENCE if 4500 in _ports(packet) else UDP_HEADER
    before = len(packet.payload) - len(message)
    return before + (len(message) if _is_open(message) else ISAKMP_HEADER)


def _ports(packet: IPv4) -> tuple[int, int]:
    octets = packet.payload[:4]
    return int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:4], "big")


def _is_open(message: bytes) -> bool:
    """Whether a message of IKE has offers or notifies for everybody to read, and no identity."""
    payload, exchange, flags = message[16], message[18], message[19]
    return payload in _OPEN and exchange != ExchangeType.AGGRESSIVE and not flags & 1
