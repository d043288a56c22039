"""Runs of decrypted segments as one packet for the kernel, as a network adapter's GRO makes them.

A run of equal TCP segments (or UDP datagrams) of one flow is written into the TUN device once,
with a `virtio_net_hdr` that says how to take it apart again. The kernel then computes the
checksums anew, so each segment's own is verified before it joins a run: what was damaged before
it entered the tunnel goes on alone, its wrong checksum with it.
"""

from struct import Struct

from engine.live.sums import FIELDS, SWAP, WORDS, wrong
from engine.live.tun import PLAIN

Vectors = list[bytes]
"""The parts of one write."""

LONGEST = 65535
SEGMENTS = 64
IP_HEADER, TCP_HEADER, UDP_HEADER = 20, 20, 8
_TCP, _UDP = 6, 17
_PLAIN_IHL = 0x45
_ACK, _PSH = 0x10, 0x08
_NEEDS_CHECKSUM, _GSO_TCP4, _GSO_UDP = 1, 1, 5
_VNET = Struct("<BBHHHH")
_SEGMENT = Struct("!4sH4sH12sI8s").unpack_from
"""First words, identification, fragment to protocol, checksum, ends; sequence, and acknowledgement
to window."""
_DATAGRAM = Struct("!4sH4sH12sHH").unpack_from
"""The same up to the ends; length, checksum."""
_from_bytes = int.from_bytes


class Run:
    """Packets of one flow that are one for the kernel. `header` is 0 where nothing may join."""

    __slots__ = ("packets", "protocol", "header", "size", "next", "octets", "push", "open")

    def __init__(self, first: bytes, header: int) -> None:
        self.packets, self.header, self.open = [first], header, header > 0
        self.protocol = first[9] if header else 0
        self.size = self.octets = len(first) - header
        self.push = self.next = 0
        if self.protocol == _TCP:
            self.next = (_from_bytes(first[24:28], "big") + self.size) & 0xFFFFFFFF
            self.push = first[33] & _PSH
            self.open = not self.push

    def add(self, packet: bytes) -> bool:
        """Takes the next segment when it continues the run; one that is shorter ends it."""
        header, first = self.header, self.packets[0]
        size = len(packet) - header
        if (not self.open or size > self.size or size <= 0 or packet[1:2] != first[1:2]
                or packet[8] != first[8] or packet[6] != first[6]
                or len(self.packets) >= SEGMENTS or header + self.octets + size > LONGEST):
            return False
        if self.protocol == _TCP:
            if (_from_bytes(packet[24:28], "big") != self.next or packet[28:33] != first[28:33]
                    or packet[34:36] != first[34:36] or packet[40:header] != first[40:header]):
                return False
            self.next = (self.next + size) & 0xFFFFFFFF
            self.push = packet[33] & _PSH
            self.open = size == self.size and not self.push
        else:
            self.open = size == self.size
        self.packets.append(packet)
        self.octets += size
        return True

    def follow(self, packets: list[bytes], at: int) -> int:
        """Takes the packets from `at` on that continue the run alike; the place of the first other.

        What a bulk transfer is made of, so what such packets have in common is computed once.
        """
        room = min(SEGMENTS - len(self.packets),
                   (LONGEST - self.header - self.octets) // self.size)
        some = packets[at:at + room]
        count = self._segments(some) if self.protocol == _TCP else self._datagrams(some)
        self.packets += some[:count]
        self.octets += count * self.size
        return at + count

    def _segments(self, packets: list[bytes]) -> int:
        first, header, size, following = self.packets[0], self.header, self.size, self.next
        length, options = len(first), first[40:header]
        start, number, middle, check, ends, _, rest = _SEGMENT(first)
        # The other words being the same, these two have the same sum in every good header.
        fixed = (number + check) % 0xFFFF
        view, total = FIELDS[length]
        pseudo = self._pseudo(length - IP_HEADER) * SWAP - 1
        count = 0
        for packet in packets:
            if len(packet) != length:
                break
            words, number, word, check, pair, sequence, other = _SEGMENT(packet)
            if (sequence != following or pair != ends or other != rest or words != start
                    or word != middle or options and packet[40:header] != options
                    or (number + check) % 0xFFFF != fixed):
                break
            view[:] = packet
            if (total + pseudo) % WORDS:
                break
            following = following + size & 0xFFFFFFFF
            count += 1
        self.next = following
        return count

    def _datagrams(self, packets: list[bytes]) -> int:
        first = self.packets[0]
        length = len(first)
        start, number, middle, check, ends, octets, _ = _DATAGRAM(first)
        fixed = (number + check) % 0xFFFF
        view, total = FIELDS[length]
        pseudo = self._pseudo(length - IP_HEADER) * SWAP - 1
        count = 0
        for packet in packets:
            if len(packet) != length:
                break
            words, number, word, check, pair, other, own = _DATAGRAM(packet)
            if (pair != ends or words != start or word != middle or other != octets or not own
                    or (number + check) % 0xFFFF != fixed):
                break
            view[:] = packet
            if (total + pseudo) % WORDS:
                break
            count += 1
        return count

    def _pseudo(self, transport: int) -> int:
        return _from_bytes(self.packets[0][12:20], "big") + self.protocol + transport

    def vectors(self) -> Vectors:
        """What is written: one packet as it was, or the whole run behind one header."""
        first, header = self.packets[0], self.header
        if len(self.packets) == 1:
            return [PLAIN, first]
        total = header + self.octets
        transport = total - IP_HEADER
        head = bytearray(first[:header])
        head[2:4] = total.to_bytes(2, "big")
        head[10:12] = b"\0\0"
        head[10:12] = (-_from_bytes(head[:IP_HEADER], "big") % 0xFFFF).to_bytes(2, "big")
        partial = (self._pseudo(transport) % 0xFFFF).to_bytes(2, "big")
        if self.protocol == _TCP:
            head[33] = first[33] & ~_PSH | self.push
            head[36:38] = partial
            vnet = _VNET.pack(_NEEDS_CHECKSUM, _GSO_TCP4, header, self.size, IP_HEADER, 16)
        else:
            head[24:26] = transport.to_bytes(2, "big")
            head[26:28] = partial
            vnet = _VNET.pack(_NEEDS_CHECKSUM, _GSO_UDP, header, self.size, IP_HEADER, 6)
        return [vnet + head, *[one[header:] for one in self.packets]]


def header_of(packet: bytes) -> int:
    """Octets of headers when a packet may be part of a run, else 0.

    Plain IPv4 in one piece; TCP with nothing but ACK (and PSH), or UDP; with data, of its stated
    length, both checksums right.
    """
    length = len(packet)
    if (length <= IP_HEADER + UDP_HEADER or packet[0] != _PLAIN_IHL or packet[6] & 0x3F
            or packet[7] or _from_bytes(packet[2:4], "big") != length):
        return 0
    protocol = packet[9]
    if protocol == _TCP:
        if length <= IP_HEADER + TCP_HEADER or packet[33] & ~_PSH != _ACK:
            return 0
        header = IP_HEADER + (packet[32] >> 2 & 0x3C)
        if header < IP_HEADER + TCP_HEADER or header >= length:
            return 0
    elif protocol == _UDP:
        header = IP_HEADER + UDP_HEADER
        if packet[26:28] == b"\0\0" or _from_bytes(packet[24:26], "big") != length - IP_HEADER:
            return 0
    else:
        return 0
    if _from_bytes(packet[:IP_HEADER], "big") % 0xFFFF:
        return 0
    # The IP header's sum is nothing, so the whole packet's is its transport's.
    pseudo = _from_bytes(packet[12:20], "big") + protocol + length - IP_HEADER
    return 0 if wrong(packet, pseudo) else header


def merge(packets: list[bytes]) -> list[Run]:
    """Decrypted packets as the runs in which they are written, the order within each flow kept."""
    runs: list[Run] = []
    flows: dict[bytes, Run] = {}
    at, count = 0, len(packets)
    while at < count:
        packet = packets[at]
        at += 1
        flow = packet[12:24]
        run = flows.get(flow)
        header = header_of(packet)
        if not header:
            # It must not overtake its flow, nor what follows overtake it.
            if run is not None:
                run.open = False
            runs.append(Run(packet, 0))
            continue
        if run is None or run.protocol != packet[9] or run.header != header \
                or not run.add(packet):
            if run is not None:
                run.open = False
            run = flows[flow] = Run(packet, header)
            runs.append(run)
        if run.open:
            at = run.follow(packets, at)
    return runs
