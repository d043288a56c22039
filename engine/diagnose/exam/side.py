"""One gateway's part of an examination: what came in and went out, and what it did with it."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from math import inf
from typing import NamedTuple

from engine.address import Address
from engine.diagnose.exam.seen import Frame, Seen, is_clear_echo, is_esp, is_ike
from engine.diagnose.exchange import Exchange, exchanges
from engine.errors import ParseError
from engine.icmp import NEEDS_FRAGMENTATION, UNREACHABLE, Icmp, parse_icmp, quoted
from engine.ip import AH, ESP, ICMP, UDP_HEADER, IPv4
from engine.trace import Step

PORT_UNREACHABLE = 3
# How many packets a receiver looks back (RFC 4303 3.4.3).
WINDOW = 64


class Complaint(NamedTuple):
    """An ICMP error that came in: who says what about which packet of ours."""

    source: Address
    type: int
    code: int
    mtu: int
    about: IPv4

    @property
    def nobody_listens(self) -> bool:
        return (self.type, self.code) == (UNREACHABLE, PORT_UNREACHABLE)

    @property
    def too_large(self) -> bool:
        return (self.type, self.code) == (UNREACHABLE, NEEDS_FRAGMENTATION)

    @property
    def unreachable(self) -> bool:
        """A router that knows no way, or a machine that is not there."""
        return self.type == UNREACHABLE and self.code in (0, 1, 5, 9, 10, 13)


class Side:
    """What one machine has shown. `inside` and `outside` are its adapters."""

    def __init__(self, seen: Seen, machine: str, inside: str, outside: str) -> None:
        self.seen, self.machine = seen, machine
        self.inside, self.outside = inside, outside

    # --- the wire ---------------------------------------------------------------------------------

    @cached_property
    def outer(self) -> tuple[Frame, ...]:
        """The frames of every adapter but the inner one, by time."""
        found = [one for (machine, interface), frames in self.seen.frames.items()
                 if machine == self.machine and (interface != self.inside
                                                 or self.inside == self.outside)
                 for one in frames]
        return tuple(sorted(found, key=lambda one: one.summary.time))

    @cached_property
    def inner(self) -> tuple[Frame, ...]:
        return self.seen.frames.get((self.machine, self.inside), ())

    def exchanges(self, *peers: Address) -> list[Exchange]:
        """The negotiations on the outer wires, with any of these addresses or with anybody."""
        return [one for one in self._exchanges if not peers or one.peer in peers]

    @cached_property
    def _exchanges(self) -> list[Exchange]:
        return exchanges((one.summary.time, one.packet, one.outgoing) for one in self.outer)

    def count(self, outgoing: bool, kind: str, until: float = inf) -> int:
        """Packets of IKE ("ike"), the tunnel ("esp") or bare echoes ("echo") on the outer wires."""
        test = {"ike": is_ike, "esp": _sealed, "echo": is_clear_echo}[kind]
        return sum(one.outgoing == outgoing and one.packet is not None and test(one.packet)
                   for one in self.outer if one.summary.time <= until)

    def echoes(self, outgoing: bool, source: Address, destination: Address) -> int:
        """Echoes and replies between two addresses on the inner wire."""
        return sum(one.packet is not None and one.outgoing == outgoing
                   and (one.packet.source, one.packet.destination) == (source, destination)
                   and one.packet.protocol == ICMP for one in self.inner)

    @cached_property
    def complaints(self) -> tuple[Complaint, ...]:
        """The ICMP errors that came in by an outer wire."""
        found = []
        for one in self.outer:
            if one.outgoing or one.packet is None or one.packet.protocol != ICMP:
                continue
            try:
                message = parse_icmp(one.packet.payload)
                if message.type in (0, 8):
                    continue
                about = quoted(message).packet
            except ParseError:
                continue
            found.append(_complaint(one.packet, message, about))
        return tuple(found)

    @property
    def twice(self) -> int:
        """How many protected packets came in that were octet for octet those that came before."""
        came = Counter(one.packet.payload for one in self.outer
                       if not one.outgoing and one.packet is not None and _sealed(one.packet)
                       and not one.packet.is_fragment)
        return came.total() - len(came)

    @property
    def late(self) -> int:
        """How many protected packets came in behind others of their SPI by more than a window."""
        highest: dict[bytes, int] = {}
        late = 0
        for one in self.outer:
            packet = one.packet
            if one.outgoing or packet is None or packet.offset or not is_esp(packet):
                continue
            head = packet.payload if packet.protocol == ESP else packet.payload[UDP_HEADER:]
            number = int.from_bytes(head[4:8], "big")
            late += number + WINDOW <= highest.get(head[:4], 0)
            highest[head[:4]] = max(number, highest.get(head[:4], 0))
        return late

    # --- the machine ------------------------------------------------------------------------------

    def drops(self, traces: Iterable[int] | None = None) -> Counter[str]:
        """Why packets ended here; of these ids, or of any."""
        wanted = None if traces is None else frozenset(traces)
        return Counter(step.reason for step in self.seen.drops(self.machine)
                       if wanted is None or step.packet in wanted)

    def drop(self, reason: str) -> Step | None:
        """One packet that was dropped for that reason."""
        return next(iter(self.seen.drops(self.machine, reason)), None)

    def grown(self, counter: str) -> int:
        return self.seen.grown(self.machine, counter)

    def touched(self, traces: Iterable[int]) -> bool:
        """Whether any of these packets was here at all."""
        return bool(self.seen.journey(self.machine, traces))


def _sealed(packet: IPv4) -> bool:
    return packet.protocol == AH or is_esp(packet)


def _complaint(packet: IPv4, message: Icmp, about: IPv4) -> Complaint:
    mtu = message.next_mtu if message.type == UNREACHABLE else 0
    return Complaint(packet.source, message.type, message.code, mtu, about)
