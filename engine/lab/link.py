"""A link of the lab: two or more interfaces, and what the way between them does to packets."""

from random import Random
from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.ip import HEADER, IPv4, parse_ipv4

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


class Link:
    """A wire or a shared segment; next hops are found by address, without ARP octets.

    `delay` in seconds a crossing, `loss`, `duplicate`, `reorder` and `corrupt` probabilities from
    0 to 1, `mtu` in octets (larger packets are lost), `up` False loses everything. `external`
    marks the way between the gateways: what crosses it in clear was not protected.
    """

    def __init__(self, name: str, *, external: bool = False, delay: float = 0.010,
                 mtu: int = 1500) -> None:
        self.name, self.external, self.delay, self.mtu = name, external, delay, mtu
        self.loss = self.duplicate = self.reorder = self.corrupt = 0.0
        self.up = True
        self.ends: tuple[End, ...] = ()
        self.carried = self.lost = 0

    def find(self, address: Address) -> End | None:
        """The end that holds an address."""
        return next((end for end in self.ends if end.address == address), None)

    def cross(self, packet: IPv4, draw: Random) -> list[Arrival]:
        """What becomes of a packet on the way: nothing, one arrival, or two.

        Draws happen only for impairments that are set, so that an unimpaired lab draws none.
        """
        if not self.up or packet.length > self.mtu or _happens(self.loss, draw):
            self.lost += 1
            return []
        self.carried += 1
        after = self.delay
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
