"""Ten thousand spoofed first messages at gwB while its tunnel carries traffic and rekeys."""

from random import Random

from engine.address import Address
from engine.ike.interface import Phase1Policy
from engine.ike.main_mode import first
from engine.ike.phase1 import Phase1
from engine.ip import udp_packet
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.site import OWN, PEER, Site

NUMBER = 10_000
# The shortest lifetime there is, so that the flood meets the renewal.
SECONDS = 300
QUICK = (QuickModeMethod("3DES", "SHA1", seconds=SECONDS),)


def spoofed(source: Address, number: int) -> bytes:
    """A first message that gwB's policy would accept, with a cookie of its own."""
    policy = Phase1Policy((MainModeMethod("3DES", "SHA1", 2),), b"key")
    sa = Phase1(source, 500, PEER, 500, policy, True, 0.0)
    sa.cookie_i = number.to_bytes(8, "big")
    return first(sa, 2)


class Flood:
    """The article's site with its tunnel up, and somebody who knows its addresses.

    Half of the messages claim to come from gwA, whose policy gwB has, the others from anywhere.
    """

    def __init__(self) -> None:
        self.site = Site().policy(quick=QUICK).route()
        self.site.ping(3)
        self.draw = Random(10_000)
        self.template = spoofed(OWN, 1)[8:]
        self.sent = 0

    def burst(self, number: int) -> None:
        """So many of them now."""
        for _ in range(number):
            self.sent += 1
            source = OWN if self.sent % 2 else self.draw.randrange(0x0B000000, 0xDF000000)
            payload = self.draw.randbytes(8) + self.template
            self.site.lab.inject("gwB", "External", udp_packet(source, PEER, 500, 500, payload))
