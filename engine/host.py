"""A machine: interfaces, policy agent, SPD, SAD, IKE and the packet pipeline, without any I/O.

Packets and `now` go in, a list of outputs comes out. A host speaks IPv4 on both sides, IKE
included (UDP 500 inside IPv4), so a packet filter that eats UDP 500 eats it here too.
"""

from collections import deque
from typing import NamedTuple

from engine.address import Address
from engine.entropy import Entropy
from engine.events import LogEvent
from engine.ip import IPv4
from engine.pipeline.route import RouteEntry
from engine.pipeline.stages import Deliver, Output, Refused, Transmit
from engine.ike.interface import Phase1Info
from engine.policy.model import Interface, Route, RrasFilter
from engine.policy.store import Config
from engine.statistics import Statistics
from engine.trace import Step

__all__ = ["Deliver", "Host", "Output", "Refused", "SoftAssociation", "Transmit"]


class SoftAssociation(NamedTuple):
    """Agreed clear traffic with a peer that did not answer IKE (KB 234580)."""

    entry: str
    name: str
    local: Address
    peer: Address
    created: float
    expires: float


class Host:
    """One machine. Public data is read-only for everybody else."""

    def __init__(self, name: str, *, config: Config, entropy: Entropy, now: float = 0.0) -> None:
        self.name, self.config = name, config
        self.agent_running: bool = True
        self.log: deque[LogEvent] = deque(maxlen=2000)
        self.counters: dict[str, int] = {}
        self.stats = Statistics()
        self.trace: list[Step] | None = None
        self.rtm_routes: tuple[Route, ...] = ()
        self.interfaces: dict[str, Interface] = {}
        # also: self.spd: Spd, self.sad: Sad, self.ike: IkeEndpoint | None (None until the first
        # negotiation; use main_modes()), self.soft: tuple[SoftAssociation, ...]

    def send(self, packet: IPv4, now: float) -> list[Output]:
        """A local application sends `packet`; source 0 takes the outgoing interface's address."""
        raise NotImplementedError

    def receive(self, packet: IPv4, interface: str, now: float) -> list[Output]:
        """`packet` arrives on an interface."""
        raise NotImplementedError

    def next_timer(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        raise NotImplementedError

    def handle_timer(self, now: float) -> list[Output]:
        """Whatever is due: IKE retransmission, SA lifetime, hold queue, reassembly."""
        raise NotImplementedError

    def reload(self, now: float) -> list[Output]:
        """The store changed: compiles again; SAs of entries that vanished or changed are deleted."""
        raise NotImplementedError

    def start_agent(self, now: float) -> list[Output]:
        """net start policyagent."""
        raise NotImplementedError

    def stop_agent(self, now: float) -> list[Output]:
        """net stop policyagent: deletes all SAs, empties the SPD, closes UDP 500."""
        raise NotImplementedError

    def add_rtm_route(self, route: Route) -> None:
        """A runtime route (gone with the lab)."""
        raise NotImplementedError

    def delete_rtm_routes(self, destination: Address, prefix: int, interface: str = "",
                          gateway: Address | None = None) -> int:
        """Deletes runtime routes; the number deleted."""
        raise NotImplementedError

    def routes(self) -> tuple[RouteEntry, ...]:
        """The effective routing table: connected, default gateways, persistent, runtime."""
        raise NotImplementedError

    def main_modes(self) -> tuple[Phase1Info, ...]:
        """ISAKMP SAs, half open ones included."""
        raise NotImplementedError

    def statistics(self) -> tuple[tuple[str, str, str, int], ...]:
        """(group "ike"|"ipsec", key, label, value) in the order of `show stats`."""
        raise NotImplementedError

    def negotiating(self, destination: Address) -> bool:
        """Whether traffic to `destination` from this machine waits for a negotiation now."""
        raise NotImplementedError

    def filter_hits(self, interface: str, direction: str) -> tuple[tuple[RrasFilter, int], ...]:
        """RRAS filters with the packets each matched since boot."""
        raise NotImplementedError
