"""A peer asked what it accepts: IKE beside the machine's own, whose outcome installs nothing.

A prober has an endpoint of its own, so that what it does touches no association of the machine.
It greets nobody as new (INITIAL-CONTACT would end the peer's associations), and takes leave of
whatever it has made.
"""

from collections.abc import Iterable

from engine.address import Address
from engine.entropy import Entropy
from engine.esp.udp import KEEPALIVE, NAT_T_PORT, NON_ESP_MARKER
from engine.ike.core import IkeLimits
from engine.ike.endpoint import IkeEndpoint
from engine.ike.interface import (
    IkeOutput,
    MainModeUp,
    NegotiationFailed,
    Phase1Policy,
    Phase2Policy,
    SaInstalled,
    SendDatagram,
    TrafficSelector,
)
from engine.ip import IPv4, udp_packet
from engine.pipeline.node import Node

COOKIE = 8


class ProbePolicy:
    """What the prober offers; it answers nobody."""

    def __init__(self, main: Phase1Policy) -> None:
        self.main = main

    def phase1(self, local: Address, peer: Address) -> Phase1Policy:
        """The one offer."""
        return self.main

    def phase2(self, local: Address, peer: Address, selector: TrafficSelector) -> None:
        """Nothing is accepted."""
        return None


class Prober:
    """One line of questions to one peer; mutable. `reports` is what IKE had to say, in order."""

    def __init__(self, main: Phase1Policy, entropy: Entropy, epoch: float) -> None:
        self._endpoint = IkeEndpoint(ProbePolicy(main), entropy, IkeLimits(greets=False), epoch)
        self._cookies: set[bytes] = set()
        self.reports: list[IkeOutput] = []

    def owns(self, payload: bytes) -> bool:
        """Whether a message belongs to one of our exchanges, by the initiator's cookie."""
        return payload[:COOKIE] in self._cookies

    def begin(self, local: Address, peer: Address, wanted: Phase2Policy,
              now: float) -> list[SendDatagram]:
        """Asks for a pair for `wanted`."""
        return self._sorted(self._endpoint.initiate(local, peer, wanted, now))

    def receive(self, payload: bytes, packet: IPv4, ports: tuple[int, int],
                now: float) -> list[SendDatagram]:
        """An answer; `ports` are its source and destination."""
        source, destination = ports
        return self._sorted(self._endpoint.receive(
            payload, packet.destination, destination, packet.source, source, now))

    def next_timer(self) -> float | None:
        return self._endpoint.next_timer()

    def handle_timer(self, now: float) -> list[SendDatagram]:
        """Retransmits, gives up."""
        return self._sorted(self._endpoint.handle_timer(now))

    def leave(self, now: float) -> list[SendDatagram]:
        """Ends everything, telling the peer."""
        return self._sorted(self._endpoint.shutdown(now))

    def _sorted(self, outputs: Iterable[IkeOutput]) -> list[SendDatagram]:
        sent: list[SendDatagram] = []
        for one in outputs:
            if isinstance(one, SendDatagram):
                self._cookies.add(one.payload[:COOKIE])
                sent.append(one)
                continue
            self.reports.append(one)
        return sent

    # --- what came of it --------------------------------------------------------------------------

    @property
    def chosen(self) -> bool:
        """Whether the peer took the main mode offer (message 2 came)."""
        return any(isinstance(one, MainModeUp) for one in self.reports) or any(
            one.method is not None for one in self._endpoint.phase1_sas(0.0))

    @property
    def up(self) -> bool:
        """Whether main mode is up."""
        return any(isinstance(one, MainModeUp) for one in self.reports)

    @property
    def failures(self) -> list[NegotiationFailed]:
        return [one for one in self.reports if isinstance(one, NegotiationFailed)]

    @property
    def pairs(self) -> list[SaInstalled]:
        return [one for one in self.reports if isinstance(one, SaInstalled) and one.outbound_ready]


def packet_of(node: Node, one: SendDatagram) -> IPv4:
    """The packet of a message of IKE; on UDP 4500 it stands behind a marker (RFC 3948 2.2)."""
    payload = one.payload
    if one.local_port == NAT_T_PORT and payload != KEEPALIVE:
        payload = NON_ESP_MARKER + payload
    return udp_packet(one.local, one.peer, one.local_port, one.peer_port, payload,
                      identification=node.next_identification())
