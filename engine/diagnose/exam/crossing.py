"""What left one gateway laid beside what arrived at the other: lost, altered, or whole.

It needs the frames of both outer wires. A packet is known again by what it carries, so that a NAT
between them (which changes addresses and ports) does not hide it; one that was altered is known
by its header.
"""

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from engine.address import Address
from engine.diagnose.exam.seen import Frame, is_clear_echo, is_esp, is_ike
from engine.esp.udp import NAT_T_PORT, NON_ESP_MARKER
from engine.ip import UDP, UDP_HEADER, IPv4, ports

IKE_PORT = 500
# What left this many seconds before the end may be on its way still.
UNDERWAY = 3.0
# What an examination sends to die at a router lives no longer than so many hops.
SHORT_LIVED = 16
ECHO, ESP_, IKE, PIECE = "echo", "ESP", "IKE", "fragment"


class Crossed(NamedTuple):
    """One packet that left: what it is called, its octets, and what became of it.

    `name` is "MM1" ... "QM3", "INFO", "IKE" (a message that has no name), "ESP", "echo" or
    "fragment" (a piece of a message of IKE); `kind` one of "IKE", "ESP", "echo", "fragment";
    `port` UDP's destination port, 0 for what has none; `time` when it left and `came` when it
    arrived whole, each by the clock of its own end.
    """

    name: str
    kind: str
    octets: int
    port: int
    arrived: bool
    altered: bool
    time: float
    came: float | None = None


class Way(NamedTuple):
    """All that crossed in one direction, in the order in which it left."""

    packets: tuple[Crossed, ...]

    def of(self, kind: str = "", name: str = "") -> tuple[Crossed, ...]:
        """Those of a kind, or of a name; all by default."""
        return tuple(one for one in self.packets
                     if kind in ("", one.kind) and name in ("", one.name))

    def arrived(self, kind: str = "", name: str = "") -> int:
        return sum(one.arrived for one in self.of(kind, name))

    @property
    def altered(self) -> int:
        return sum(one.altered for one in self.packets)

    @property
    def lost(self) -> tuple[str, ...]:
        """The names of what never arrives, however often it is sent, though others do."""
        sent: dict[str, list[bool]] = {}
        for one in self.packets:
            sent.setdefault(one.name, []).append(one.arrived)
        gone = [name for name, arrived in sent.items() if not any(arrived)]
        if len(gone) == len(sent):
            return ()
        alone = all(one.arrived for one in self.packets if one.name not in gone)
        return tuple(name for name in gone if len(sent[name]) >= (TWICE if alone else REPEATED))

    @property
    def taken(self) -> list[float]:
        """Seconds from one end's clock to the other's, packet by packet."""
        return [one.came - one.time for one in self.packets if one.came is not None]

    @property
    def longest(self) -> int:
        """Octets of the longest packet that arrived."""
        return max((one.octets for one in self.packets if one.arrived), default=0)


# A message that is lost so often, though others arrive, is not lost by chance; where nothing else
# is lost twice is enough.
REPEATED, TWICE = 3, 2


def crossing(left: Iterable[Frame], came: Iterable[Frame], peers: Iterable[Address],
             ended: float) -> Way:
    """What left for `peers` beside what came in at the other end, until `ended`."""
    wanted, frames = frozenset(peers), tuple(left)
    cut = {one.packet.identification for one in frames
           if one.outgoing and one.packet is not None and _begins_ike(one.packet)}
    sent = [(one, one.packet) for one in frames if one.outgoing and one.packet is not None
            and one.packet.destination in wanted and one.packet.ttl > SHORT_LIVED
            and one.summary.time < ended - UNDERWAY and _kind(one.packet)
            and (_kind(one.packet) != PIECE or one.packet.identification in cut)]
    there = _Arrivals((one.summary.time, one.packet) for one in came
                      if not one.outgoing and one.packet is not None)
    whole = [there.take(packet) for _, packet in sent]
    return Way(tuple(_crossed(one, packet, got, there)
                     for (one, packet), got in zip(sent, whole, strict=True)))


class _Arrivals:
    """What came in, each to be found once: by what it carries, else by its header."""

    def __init__(self, packets: Iterable[tuple[float, IPv4]]) -> None:
        found = tuple(packets)
        self._contents: dict[bytes, deque[float]] = {}
        for time, one in found:
            self._contents.setdefault(_content(one), deque()).append(time)
        self._headers = Counter(_header(one) for _, one in found)
        self._pieces = {_header(one)[:4]: time for time, one in found if one.is_fragment}

    def take(self, packet: IPv4) -> float | None:
        """When it came as it left, by the clock there; in pieces counts as well. None: it did not.
        """
        times = self._contents.get(_content(packet))
        if times:
            self._headers[_header(packet)] -= 1
            return times.popleft()
        return None if packet.is_fragment else self._pieces.get(_header(packet)[:4])

    def altered(self, packet: IPv4) -> bool:
        """Whether something else came under its header."""
        header = _header(packet)
        if self._headers[header] < 1:
            return False
        self._headers[header] -= 1
        return True


def _crossed(one: Frame, packet: IPv4, came: float | None, there: _Arrivals) -> Crossed:
    kind = _kind(packet)
    altered = came is None and there.altered(packet)
    name = _message(one.name) if kind == IKE else kind
    return Crossed(name, kind, packet.length, ports(packet)[1],
                   came is not None or altered, altered, one.summary.time, came)


def _message(info: str) -> str:
    """MM1 of "ISAKMP MM1 (retransmission)"; IKE for what is none."""
    words = info.replace(",", "").split()
    return words[1] if words[:1] == ["ISAKMP"] and len(words) > 1 else IKE


def _kind(packet: IPv4) -> str:
    if packet.is_fragment:
        return PIECE
    if is_esp(packet):
        return ESP_
    if is_ike(packet):
        return IKE
    return ECHO if is_clear_echo(packet) else ""


def _begins_ike(packet: IPv4) -> bool:
    """Whether it is the first piece of a message of IKE (RFC 3948 2.2 tells it from ESP)."""
    if packet.protocol != UDP or not packet.mf or packet.offset:
        return False
    port, rest = ports(packet)[1], packet.payload[UDP_HEADER:]
    return port == IKE_PORT or (port == NAT_T_PORT and rest[:4] == NON_ESP_MARKER)


def _content(packet: IPv4) -> bytes:
    """What no NAT changes."""
    head = UDP_HEADER if packet.protocol == UDP and not packet.offset else 0
    return packet.payload[head:]


def _header(packet: IPv4) -> tuple[int, ...]:
    return (packet.source, packet.destination, packet.protocol, packet.identification,
            packet.offset, packet.length)
