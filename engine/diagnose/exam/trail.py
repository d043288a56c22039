"""How far packets of a kind get: short-lived ones, whose end a router reports (RFC 792).

An echo, a datagram of IKE and an ESP packet with the same time to live die at the same router.
Where the router answers to one kind and not to another, something before it takes that kind away.
"""

from collections.abc import Callable
from itertools import count

from engine.address import Address
from engine.diagnose.exam.seen import Hop
from engine.errors import ParseError
from engine.icmp import (
    ECHO_REPLY,
    TIME_EXCEEDED,
    UNREACHABLE,
    echo_request,
    parse_icmp,
    quoted,
)
from engine.ip import ESP, ICMP, IPv4, parse_ipv4, udp_packet
from engine.world import World

LONGEST = 10
WAIT = 1.0
IKE_PORT = 500
IDENTIFIER = 0x4950
# What an ESP header needs to be one: an SPI that nobody has, a sequence number.
BARE_ESP = bytes((0, 0, 1, 0)) + bytes(44)


class Trail:
    """Trails from one machine's outside to its peer."""

    def __init__(self, world: World, send: Callable[[str, IPv4], object], machine: str,
                 interface: str, source: Address, peer: Address) -> None:
        self.world, self.send = world, send
        self.machine, self.interface = machine, interface
        self.source, self.peer = source, peer
        self._numbers = count(1)

    def follow(self, esp: bool) -> list[Hop]:
        """The trail of an echo, then of IKE and (with `esp`) of ESP as far as the echo's went.

        The others stop one short of the peer: what it would make of them is no question here.
        """
        hops = self._trail("icmp", LONGEST)
        reached = next((one.ttl for one in hops if one.last), 0)
        answered = [one.ttl for one in hops if one.answer]
        last = reached - 1 if reached else max(answered, default=0) + 1
        for kind in ("udp500", *(["esp"] if esp else [])):
            hops += self._trail(kind, last)
        return hops

    def _trail(self, kind: str, longest: int) -> list[Hop]:
        hops: list[Hop] = []
        silent = 0
        for ttl in range(1, longest + 1):
            hop = self._one(kind, ttl)
            hops.append(hop)
            silent = 0 if hop.answer else silent + 1
            if hop.last or silent > 1:
                break
        return hops

    def _one(self, kind: str, ttl: int) -> Hop:
        number = next(self._numbers) + IDENTIFIER
        packet = self._packet(kind, ttl, number)
        capture = self.world.captures.get((self.machine, self.interface))
        begun = self.world.now
        self.send(self.machine, packet)
        self.world.run(begun + WAIT)
        for one in capture.packets if capture is not None else ():
            if one.time >= begun and not one.outgoing:
                answer = self._answer(one.octets, kind, number)
                if answer is not None:
                    return Hop(kind, ttl, answer, answer == self.peer)
        return Hop(kind, ttl, 0)

    def _packet(self, kind: str, ttl: int, number: int) -> IPv4:
        if kind == "icmp":
            return echo_request(self.source, self.peer, IDENTIFIER, number & 0xFFFF, bytes(32),
                                ttl=ttl)._replace(identification=number & 0xFFFF)
        if kind == "udp500":
            return udp_packet(self.source, self.peer, IKE_PORT, IKE_PORT, bytes(32), ttl=ttl,
                              identification=number & 0xFFFF)
        return IPv4(self.source, self.peer, ESP, BARE_ESP, ttl, identification=number & 0xFFFF)

    def _answer(self, octets: bytes, kind: str, number: int) -> Address | None:
        """Who says what became of our packet; None when this frame is about something else."""
        try:
            packet = parse_ipv4(octets)
            if packet.protocol != ICMP:
                return None
            message = parse_icmp(packet.payload)
            if message.type == ECHO_REPLY and kind == "icmp":
                ours = (message.identifier, message.sequence) == (IDENTIFIER, number & 0xFFFF)
                return packet.source if ours else None
            if message.type not in (TIME_EXCEEDED, UNREACHABLE):
                return None
            inner = quoted(message).packet
        except ParseError:
            return None
        return packet.source if inner.identification == number & 0xFFFF else None
