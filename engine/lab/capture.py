"""Network Monitor's work: the IPv4 octets that crossed one interface, kept in a ring."""

from collections import deque
from typing import NamedTuple


class Captured(NamedTuple):
    """One packet: engine time, its octets from the IPv4 header on, and whether it left here."""

    time: float
    octets: bytes
    outgoing: bool


class Summary(NamedTuple):
    """One line of `capture show`; `info` such as "ISAKMP MM1", "ESP spi=0x1a2b3c4d seq=1"."""

    number: int
    time: float
    source: str
    destination: str
    protocol: str
    length: int
    info: str


class Capture:
    """A running or stopped capture on (machine, interface)."""

    def __init__(self, machine: str, interface: str, limit: int = 10_000) -> None:
        self.machine, self.interface = machine, interface
        self.running = True
        self.dropped = 0
        self.packets: deque[Captured] = deque(maxlen=limit)

    def summaries(self) -> list[Summary]:
        """The packets in words, read from their octets."""
        raise NotImplementedError

    def save(self, path: str, epoch: float) -> int:
        """Writes a pcap file (LINKTYPE_RAW); the number of packets. Raises OSError."""
        raise NotImplementedError
