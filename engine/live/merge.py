"""Runs of decrypted segments as one packet for the kernel, as a network adapter's GRO makes them.

A run of equal TCP segments (or UDP datagrams) of one flow is written into the TUN device once,
with a `virtio_net_hdr` that says how to take it apart again. The kernel then computes the
checksums anew, so each segment's own is verified before it joins a run: what was damaged before
it entered the tunnel goes on alone, its wrong checksum with it.
"""

from struct import Struct

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
_HEADERS = Struct("!HHHHHHIIIIIHH").unpack_from
_from_bytes = int.from_bytes


class _Folds(dict[int, tuple[int, int, int, int, int]]):
    """By length: what makes whole words of it, then bits and mask that fold it, twice."""

    def __missing__(self, length: int) -> tuple[int, int, int, int, int]:
        first, second = (length // 4 + 1) * 16, (length // 8 + 1) * 16
        self[length] = ((length & 1) << 3, first, (1 << first) - 1, second, (1 << second) - 1)
        return self[length]


_FOLDS = _Folds()


def summed(data: bytes) -> int:
    """Octets as a number that is their one's complement sum modulo 65,535.

    Folding a long number twice is quicker than dividing all of it.
    """
    pad, first, first_mask, second, second_mask = _FOLDS[len(data)]
    number = _from_bytes(data, "big") << pad
    number = (number >> first) + (number & first_mask)
    return (number >> second) + (number & second_mask)


class Run:
    """Segments of one flow that are one packet so far. `parts` begins with the first header."""

    __slots__ = ("first", "protocol", "header", "size", "next", "parts", "octets", "push", "open")

    def __init__(self, first: bytes, protocol: int, header: int) -> None:
        self.first, self.protocol, self.header = first, protocol, header
        self.size = len(first) - header
        self.parts: Vectors = [first[header:]]
        self.octets = self.size
        self.push = 0
        self.open = True
        self.next = 0
        if protocol == _TCP:
            self.next = (_from_bytes(first[24:28], "big") + self.size) & 0xFFFFFFFF
            self.push = first[33] & _PSH
            self.open = not self.push

    def add(self, packet: bytes) -> bool:
        """Takes the next segment when it continues the run; one that is shorter ends it."""
        header, first = self.header, self.first
        size = len(packet) - header
        if (not self.open or size > self.size or size <= 0 or packet[1:2] != first[1:2]
                or packet[8] != first[8] or packet[6] != first[6] or len(self.parts) >= SEGMENTS
                or header + self.octets + size > LONGEST):
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
        self.parts.append(packet[header:])
        self.octets += size
        return True

    def vectors(self) -> Vectors:
        """What is written: one packet as it was, or the whole run behind one header."""
        if len(self.parts) == 1:
            return [PLAIN, self.first]
        first, header = self.first, self.header
        total = header + self.octets
        transport = total - IP_HEADER
        head = bytearray(first[:header])
        head[2:4] = total.to_bytes(2, "big")
        head[10:12] = b"\0\0"
        head[10:12] = (-_from_bytes(head[:IP_HEADER], "big") % 0xFFFF).to_bytes(2, "big")
        partial = (_from_bytes(first[12:20], "big") + self.protocol + transport) % 0xFFFF
        if self.protocol == _TCP:
            head[33] = first[33] & ~_PSH | self.push
            head[36:38] = partial.to_bytes(2, "big")
            vnet = _VNET.pack(_NEEDS_CHECKSUM, _GSO_TCP4, header, self.size, IP_HEADER, 16)
        else:
            head[24:26] = transport.to_bytes(2, "big")
            head[26:28] = partial.to_bytes(2, "big")
            vnet = _VNET.pack(_NEEDS_CHECKSUM, _GSO_UDP, header, self.size, IP_HEADER, 6)
        return [vnet + head, *self.parts]


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
    addresses = _from_bytes(packet[12:20], "big")
    if (summed(packet) + addresses + protocol + length - IP_HEADER) % 0xFFFF:
        return 0
    return header


def _continue(run: Run, packets: list[bytes], at: int) -> int:
    """Adds the TCP segments from `at` on that continue a run alike; the place of the first other.

    What a bulk transfer is made of, so everything that such segments have in common is computed
    once: the header words but identification, sequence and checksums.
    """
    first, header, size = run.first, run.header, run.size
    length = len(first)
    (words, total, _, fragment, life, _, source, destination, ports, _, acknowledged, flags,
     window) = _HEADERS(first)
    same = words, total, fragment, life, source, destination, ports, acknowledged, flags, window
    options = first[40:header]
    fixed = words + total + fragment + life + source + destination
    pseudo = source + destination + _TCP + length - IP_HEADER
    following, parts = run.next, run.parts
    most = min(len(packets), at + SEGMENTS - len(parts), at + (LONGEST - header - run.octets)
               // size)
    pad, bits, mask, bits_again, mask_again = _FOLDS[length]
    begin = at
    for packet in packets[at:most]:
        if len(packet) != length:
            break
        (words, total, number, fragment, life, check, source, destination, ports, sequence,
         acknowledged, flags, window) = _HEADERS(packet)
        if (sequence != following or same != (words, total, fragment, life, source, destination,
                                              ports, acknowledged, flags, window)
                or options and packet[40:header] != options
                or (fixed + number + check) % 0xFFFF):
            break
        folded = _from_bytes(packet, "big") << pad
        folded = (folded >> bits) + (folded & mask)
        if ((folded >> bits_again) + (folded & mask_again) + pseudo) % 0xFFFF:
            break
        parts.append(packet[header:])
        following = following + size & 0xFFFFFFFF
        at += 1
    run.next = following
    run.octets += (at - begin) * size
    return at


def merge(packets: list[bytes]) -> list[Vectors]:
    """The writes for decrypted packets: runs joined, the order within each flow kept."""
    if len(packets) == 1:
        return [[PLAIN, packets[0]]]
    runs: list[Run | Vectors] = []
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
            runs.append([PLAIN, packet])
            continue
        if run is None or run.protocol != packet[9] or run.header != header \
                or not run.add(packet):
            if run is not None:
                run.open = False
            run = flows[flow] = Run(packet, packet[9], header)
            runs.append(run)
        if run.open and run.protocol == _TCP:
            at = _continue(run, packets, at)
    return [one.vectors() if isinstance(one, Run) else one for one in runs]
