"""What an examination has seen: pings and what became of them, steps, frames, counters, logs.

Everything is what the machines in view have shown themselves; of a machine that is not in view
there is nothing here but what it sent.
"""

from collections.abc import Iterable
from typing import NamedTuple

from engine.address import Address
from engine.capture import Summary
from engine.echo import EchoResult
from engine.esp.udp import is_esp as in_udp
from engine.events import LogEvent
from engine.history import Outcome
from engine.ike.interface import Phase1Info
from engine.ip import ESP, ICMP, UDP, IPv4, ports
from engine.sad import SoftAssociation
from engine.trace import Step

IKE_PORTS = (500, 4500)
# A wire has no ears: what the sender's machine counts about it, nobody can know there.
UNKNOWABLE = frozenset({"link-lost"})


class PairSeen(NamedTuple):
    """A pair of associations at one moment; octets are inside ones, times engine seconds."""

    spi_in: int
    spi_out: int
    peer: Address
    entry: str
    packets_in: int
    packets_out: int
    created: float
    seconds: int
    kilobytes: int
    method: str
    udp: bool
    initiator: bool


class Snapshot(NamedTuple):
    """A machine at one moment."""

    time: float
    counters: dict[str, int]
    ike: dict[str, int]
    stats: dict[str, int]
    pairs: tuple[PairSeen, ...]
    soft: tuple[SoftAssociation, ...]
    modes: tuple[Phase1Info, ...]
    running: bool


class Probe(NamedTuple):
    """One series of packets of the test: what it was for, and how each of them ended.

    `traces` are the ids by which the packets are followed, in the order of `echoes`.
    """

    name: str
    machine: str
    destination: Address
    size: int
    df: bool
    echoes: tuple[EchoResult, ...]
    times: tuple[float, ...] = ()

    @property
    def replies(self) -> int:
        return sum(one.kind == "reply" for one in self.echoes)

    @property
    def traces(self) -> tuple[int, ...]:
        return tuple(one.trace for one in self.echoes)


class Hop(NamedTuple):
    """One router of the way out, as its answer to a short-lived packet told it.

    `kind` is "icmp", "udp500" or "esp"; `answer` the router's address, 0 when nobody answered,
    `last` whether it was the target itself.
    """

    kind: str
    ttl: int
    answer: Address
    last: bool = False


class Frame(NamedTuple):
    """One captured packet in words, with the packet itself; None when it cannot be read."""

    summary: Summary
    packet: IPv4 | None
    outgoing: bool

    @property
    def name(self) -> str:
        """What `capture show` calls it: "ISAKMP MM1", "ICMP Echo request"."""
        return self.summary.info


class Seen(NamedTuple):
    """The whole test. Dictionaries are by machine; frames by (machine, interface)."""

    begun: float
    ended: float
    probes: tuple[Probe, ...]
    hops: tuple[Hop, ...]
    steps: dict[str, tuple[Step, ...]]
    frames: dict[tuple[str, str], tuple[Frame, ...]]
    before: dict[str, Snapshot]
    after: dict[str, Snapshot]
    outcomes: dict[str, tuple[Outcome, ...]]
    events: dict[str, tuple[LogEvent, ...]]

    @property
    def recorded(self) -> bool:
        """Whether it was put together from records: then nobody counted, and nothing was sent."""
        return not self.steps

    def probe(self, name: str) -> Probe | None:
        """The series of that name, None when it was not sent."""
        return next((one for one in self.probes if one.name == name), None)

    def replies(self, *names: str) -> int:
        """How many packets of these series were answered."""
        return sum(one.replies for one in self.probes if one.name in names)

    def grown(self, machine: str, counter: str) -> int:
        """How much a counter of a machine grew during the test."""
        if machine not in self.after or counter in UNKNOWABLE:
            return 0
        return (self.after[machine].counters.get(counter, 0)
                - self.before[machine].counters.get(counter, 0))

    def ike_grown(self, machine: str, counter: str) -> int:
        """The same of IKE's own counters; a service that was restarted counts from zero."""
        if machine not in self.after:
            return 0
        after = self.after[machine].ike.get(counter, 0)
        return max(after - self.before[machine].ike.get(counter, 0), 0)

    def drops(self, machine: str, *reasons: str) -> tuple[Step, ...]:
        """The packets that a machine dropped, for these reasons or for any."""
        return tuple(step for step in self.steps.get(machine, ())
                     if step.verdict == "drop" and step.reason not in UNKNOWABLE
                     and (not reasons or step.reason in reasons))

    def journey(self, machine: str, traces: Iterable[int]) -> tuple[Step, ...]:
        """What a machine did with the packets of these ids, their answers included."""
        wanted = frozenset(traces)
        return tuple(step for step in self.steps.get(machine, ()) if step.packet in wanted)


def is_ike_flow(flow: tuple[int, int, int, int, int]) -> bool:
    """Whether a step was about a packet of IKE."""
    return flow[2] == UDP and any(port in IKE_PORTS for port in flow[3:])


def is_ike(packet: IPv4) -> bool:
    """Whether a packet is for or from one of IKE's ports."""
    return packet.protocol == UDP and any(port in IKE_PORTS for port in ports(packet))


def is_clear_echo(packet: IPv4) -> bool:
    """Whether a packet is an echo or its reply for everybody to read."""
    return packet.protocol == ICMP and packet.payload[:1] in (b"\x00", b"\x08")


def is_esp(packet: IPv4) -> bool:
    """Whether a packet is ESP, bare or in UDP."""
    return packet.protocol == ESP or in_udp(packet)
