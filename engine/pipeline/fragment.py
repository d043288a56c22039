"""Fragmentation and reassembly of IPv4 (RFC 791 3.2), bounded and strict.

Reassembly is where foreign octets first meet arithmetic, so it refuses what an honest sender
never makes: overlaps (RFC 1858, RFC 3128, as RFC 5722 decided for IPv6), two different ends,
and datagrams over 65,535 octets ("ping of death").
"""

from bisect import bisect_left
from collections import Counter, OrderedDict

from engine.address import Address
from engine.errors import ParseError
from engine.ip import HEADER, MAX_DATAGRAM, IPv4

REASSEMBLY_SECONDS = 30.0
MAX_DATAGRAMS = 256
MAX_OCTETS = 4 << 20
MAX_FRAGMENTS = 2048
OVERHEAD = 128
"""Octets charged for each fragment beside its payload, so that tiny ones are bounded too."""

Key = tuple[Address, Address, int, int]


def fragment(packet: IPv4, mtu: int) -> list[IPv4]:
    """The packet in pieces that fit `mtu` octets, in order; [] when "don't fragment" forbids it.

    A packet that fits comes back alone and unchanged. A piece of a fragment keeps its place. An
    MTU under 28 octets counts as 28, the least that carries any payload.
    """
    payload = packet.payload
    if HEADER + len(payload) <= mtu:
        return [packet]
    if packet.df:
        return []
    room = max(mtu - HEADER, 8) & ~7
    last = (len(payload) - 1) // room * room
    return [packet._replace(payload=payload[at:at + room], offset=packet.offset + at,
                            mf=packet.mf or at < last)
            for at in range(0, len(payload), room)]


class _Datagram:
    """The pieces so far of one datagram; `refused` ones only swallow their late pieces."""

    __slots__ = ("expires", "octets", "first", "starts", "pieces", "end", "held", "refused")

    def __init__(self, expires: float) -> None:
        self.expires = expires
        self.octets = 0
        self.held = 0
        self.first: IPv4 | None = None
        self.starts: list[int] = []
        self.pieces: dict[int, bytes] = {}
        self.end: int | None = None
        self.refused = False

    def add(self, piece: IPv4) -> int:
        """Takes a piece, gives the octets newly held. Raises ParseError and refuses it all."""
        start, stop = piece.offset, piece.offset + len(piece.payload)
        if self.pieces.get(start) == piece.payload and piece.mf == (stop != self.end):
            return 0
        place = bisect_left(self.starts, start)
        self._check(piece, place, stop)
        self.starts.insert(place, start)
        self.pieces[start] = piece.payload
        self.octets += len(piece.payload)
        if not piece.mf:
            self.end = stop
        if start == 0:
            self.first = piece
        return len(piece.payload) + OVERHEAD

    def _check(self, piece: IPv4, place: int, stop: int) -> None:
        starts = self.starts
        if place and starts[place - 1] + len(self.pieces[starts[place - 1]]) > piece.offset:
            raise ParseError("fragment-overlap", "offset", piece.offset)
        if place < len(starts) and starts[place] < stop:
            raise ParseError("fragment-overlap", "offset", piece.offset)
        if self.end is not None and (stop > self.end or not piece.mf):
            raise ParseError("fragment-overlap", "end", piece.offset)
        if not piece.mf and place < len(starts):
            raise ParseError("fragment-overlap", "end", piece.offset)
        if len(starts) >= MAX_FRAGMENTS:
            raise ParseError("fragment-too-many", "fragments", piece.offset)

    def whole(self) -> IPv4 | None:
        """The datagram once no octet is missing: header and trace of its first fragment."""
        if self.first is None or self.end is None or self.octets != self.end:
            return None
        payload = b"".join([self.pieces[start] for start in self.starts])
        return self.first._replace(payload=payload, mf=False)


class Reassembler:
    """The datagrams of one host that wait for fragments.

    Bounded in datagrams and in octets (the oldest gives way, counted in `drops` as
    "reassembly-full") and in time (30 seconds from the first piece, "reassembly-timeout").
    """

    def __init__(self, *, max_datagrams: int = MAX_DATAGRAMS, max_octets: int = MAX_OCTETS,
                 seconds: float = REASSEMBLY_SECONDS) -> None:
        self.drops: Counter[str] = Counter()
        self.held = 0
        self._max_datagrams = max_datagrams
        self._max_octets = max_octets
        self._seconds = seconds
        self._waiting: OrderedDict[Key, _Datagram] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, piece: IPv4, now: float) -> IPv4 | None:
        """Takes a packet; gives the whole datagram when nothing is missing, else None.

        A packet that is no fragment comes back as it is. An exact duplicate is tolerated. An
        overlap refuses the whole datagram, late pieces included. Raises ParseError:
        "fragment-length" (not a multiple of 8, or empty), "fragment-oversize" (past 65,535),
        "fragment-overlap", "fragment-too-many".
        """
        if not piece.mf and not piece.offset:
            return piece
        _check_piece(piece)
        key = (piece.source, piece.destination, piece.protocol, piece.identification)
        datagram = self._waiting.get(key)
        if datagram is not None and datagram.expires <= now:
            self._forget(key, "reassembly-timeout")
            datagram = None
        if datagram is None:
            datagram = self._waiting[key] = _Datagram(now + self._seconds)
        if datagram.refused:
            raise ParseError("fragment-overlap", "refused datagram", piece.offset)
        self._take(datagram, piece)
        whole = datagram.whole()
        if whole is not None:
            self._forget(key)
            return whole
        while len(self._waiting) > self._max_datagrams or self.held > self._max_octets:
            self._forget(next(iter(self._waiting)), "reassembly-full")
        return None

    def _take(self, datagram: _Datagram, piece: IPv4) -> None:
        try:
            held = datagram.add(piece)
        except ParseError:
            self.held -= datagram.held
            refused = _Datagram(datagram.expires)
            refused.refused = True
            key = (piece.source, piece.destination, piece.protocol, piece.identification)
            self._waiting[key] = refused
            raise
        datagram.held += held
        self.held += held

    def _forget(self, key: Key, reason: str = "") -> _Datagram:
        datagram = self._waiting.pop(key)
        self.held -= datagram.held
        if reason:
            self.drops[reason] += 1
        return datagram

    def next_expiry(self) -> float | None:
        """When `expire` has something to do next, engine seconds; None when nothing waits."""
        for datagram in self._waiting.values():
            return datagram.expires
        return None

    def expire(self, now: float) -> list[IPv4]:
        """Drops datagrams whose time is over.

        Gives the first fragments among them: ICMP 11/1 may be sent about those (RFC 792).
        """
        firsts = []
        while self._waiting:
            key, datagram = next(iter(self._waiting.items()))
            if datagram.expires > now:
                break
            self._forget(key, "reassembly-timeout")
            if datagram.first is not None:
                firsts.append(datagram.first)
        return firsts


def _check_piece(piece: IPv4) -> None:
    length = len(piece.payload)
    if length == 0 or (piece.mf and length & 7):
        raise ParseError("fragment-length", "payload length", piece.offset)
    if HEADER + piece.offset + length > MAX_DATAGRAM:
        raise ParseError("fragment-oversize", "offset", piece.offset)
