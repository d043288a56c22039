"""A link of the lab: two or more interfaces, and what the way between them does to packets."""

from random import Random
from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.ip import HEADER, IPv4, parse_ipv4, ports
from engine.messages import MessageNames, isakmp_of

# How much later than its turn a reordered packet arrives, in crossings of the link.
REORDER_CROSSINGS = 3.0


class End(NamedTuple):
    """An interface on a link: whose it is and the address by which neighbours find it."""

    machine: str
    interface: str
    address: Address


class Arrival(NamedTuple):
    """A packet that comes out of the link `after` seconds."""

    after: float
    packet: IPv4


class Drop:
    """Packets that a link loses on purpose; what is "" or 0 does not narrow it.

    `protocol` is IPv4's, `port` either port of TCP or UDP, `message` an IKE message's name (see
    `engine.messages`), `sender` the machine that puts the packet on the link. The `nth`
    packet that is meant is the first one lost, and after `count` losses the rest pass (0: none
    passes). `seen` and `dropped` count.
    """

    __slots__ = ("number", "protocol", "port", "message", "sender", "nth", "count", "seen",
                 "dropped")

    def __init__(self, number: int, *, protocol: int = 0, port: int = 0, message: str = "",
                 sender: str = "", nth: int = 1, count: int = 0) -> None:
        self.number, self.protocol, self.port = number, protocol, port
        self.message, self.sender = message, sender
        self.nth, self.count = nth, count
        self.seen = self.dropped = 0

    def takes(self, packet: IPv4, sender: str, message: str) -> bool:
        """Whether this packet, called `message` if it is IKE's, is lost now; counts it."""
        if (self.protocol not in (0, packet.protocol) or self.sender not in ("", sender)
                or self.message not in ("", message)
                or (self.port and self.port not in ports(packet))):
            return False
        self.seen += 1
        if self.seen < self.nth or 0 < self.count <= self.dropped:
            return False
        self.dropped += 1
        return True


class Link:
    """A wire or a shared segment; next hops are found by address, without ARP octets.

    `delay` in seconds a crossing and up to `jitter` seconds more, `loss`, `duplicate`, `reorder`
    and `corrupt` probabilities from 0 to 1, `mtu` in octets (larger packets are lost), `up` False
    loses everything, `drops` are what is lost on purpose. `external` marks the way between the
    gateways: what crosses it in clear was not protected.
    """

    def __init__(self, name: str, *, external: bool = False, delay: float = 0.010,
                 mtu: int = 1500) -> None:
        self.name, self.external, self.delay, self.mtu = name, external, delay, mtu
        self.jitter = self.loss = self.duplicate = self.reorder = self.corrupt = 0.0
        self.up = True
        self.carried = self.lost = 0
        self._ends: tuple[End, ...] = ()
        self._by_address: dict[Address, End] = {}
        self._drops: tuple[Drop, ...] = ()
        self._names: MessageNames | None = None

    @property
    def ends(self) -> tuple[End, ...]:
        """The interfaces that are plugged in."""
        return self._ends

    @ends.setter
    def ends(self, ends: tuple[End, ...]) -> None:
        self._ends = ends
        # Of two that claim one address the first one is found.
        self._by_address = {end.address: end for end in reversed(ends)}

    @property
    def drops(self) -> tuple[Drop, ...]:
        """What is lost on purpose, in the order in which it was asked for."""
        return self._drops

    @drops.setter
    def drops(self, drops: tuple[Drop, ...]) -> None:
        self._drops = drops
        # Messages are named by their order, so the names begin with the first drop that asks.
        wanted = any(drop.message for drop in drops)
        self._names = (self._names or MessageNames()) if wanted else None

    def find(self, address: Address) -> End | None:
        """The end that holds an address."""
        return self._by_address.get(address)

    def cross(self, packet: IPv4, draw: Random, sender: str = "") -> list[Arrival]:
        """What becomes of a packet of machine `sender` on the way: nothing, an arrival, or two.

        Draws happen only for impairments that are set, so that an unimpaired lab draws none.
        """
        if (not self.up or packet.length > self.mtu or (self._drops and self._loses(packet, sender))
                or _happens(self.loss, draw)):
            self.lost += 1
            return []
        self.carried += 1
        after = self.delay
        if self.jitter:
            after += self.jitter * draw.random()
        if _happens(self.reorder, draw):
            after += self.delay * REORDER_CROSSINGS
        copies = 2 if _happens(self.duplicate, draw) else 1
        if _happens(self.corrupt, draw):
            damaged = _corrupted(packet, draw)
            if damaged is None:
                self.lost += 1
                return []
            packet = damaged
        return [Arrival(after, packet)] * copies

    def _loses(self, packet: IPv4, sender: str) -> bool:
        message = ""
        if self._names is not None:
            octets = isakmp_of(packet)
            message = self._names.name(octets).name if octets else ""
        # Every drop sees every packet, so that each counts its own nth one.
        lost = [drop.takes(packet, sender, message) for drop in self._drops]
        return any(lost)


def _happens(probability: float, draw: Random) -> bool:
    return probability > 0 and draw.random() < probability


def _corrupted(packet: IPv4, draw: Random) -> IPv4 | None:
    """One bit of the octets flipped; None when no receiver could read the header any more."""
    octets = bytearray(packet.build())
    # Layer 2 would catch damage; this stands for what slips through, so mostly the payload.
    first = HEADER if len(octets) > HEADER else 0
    bit = draw.randrange(first * 8, len(octets) * 8)
    octets[bit // 8] ^= 1 << bit % 8
    try:
        return parse_ipv4(bytes(octets), packet.trace)
    except ParseError:
        return None
