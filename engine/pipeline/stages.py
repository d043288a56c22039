"""What a packet's way through a host is made of: the outputs, the flow, and the settled orders.

Outbound: route, RRAS output filter (it sees the inner packet), IPsec, fragmentation, wire.
Inbound: wire, reassembly, IPsec, RRAS input filter (it sees the decrypted packet), deliver or
forward. KB 252735: "RRAS filtering is performed above IPSec". The orders are tuples of names so
that a test, and a reader, can see them; `engine.pipeline.outbound` and `inbound` run them.
"""

from typing import NamedTuple

from engine.address import Address
from engine.ip import IPv4

OUTBOUND = ("route", "rras-output", "ipsec", "fragment", "wire")
FORWARD = ("ttl", *OUTBOUND)
INBOUND = ("reassemble", "ipsec", "rras-input", "deliver")


class Transmit(NamedTuple):
    """Put `packet` on the link of `interface`, to the neighbour that holds `next_hop`."""

    interface: str
    packet: IPv4
    next_hop: Address


class Deliver(NamedTuple):
    """A packet for a local application: an echo reply, an ICMP error, a UDP datagram."""

    packet: IPv4


class Refused(NamedTuple):
    """What the stack tells a local application about a packet that it did not send.

    `reason` is "negotiating" (an SA is being made), "no-route", "needs-frag" or the name of the
    drop ("blocked", "rras-output", ...), which Windows' ping calls a general failure.
    """

    packet: IPv4
    reason: str


Output = Transmit | Deliver | Refused
