"""IKE and the SA database of one machine, joined: who asks for keys, what becomes of the answers.

`Keying` carries out what `engine.ike` reports (datagrams, pairs, failures), feeds lifetimes back
to it, keeps soft associations (KB 234580), counts and logs.
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import TYPE_CHECKING, Any

from engine import audit, dynamic
from engine.address import Address
from engine.agent import PolicyAgent, key_of
from engine.entropy import Entropy
from engine.esp.udp import KEEPALIVE, NAT_T_PORT, ike_of
from engine.events import LogEvent
from engine.history import History
from engine.ike.interface import (
    Dropped,
    IkeOutput,
    MainModeDown,
    MainModeUp,
    NegotiationFailed,
    NotifyReceived,
    PeerMoved,
    Phase1Info,
    SaDeleted,
    SaInstalled,
    SendDatagram,
)
from engine.ip import IPv4, Udp
from engine.keylog import KeyLog
from engine.pending import Negotiations, Pending
from engine.pipeline.hold import Held
from engine.pipeline.node import Flow, Node
from engine.pipeline.outbound import resume, send
from engine.pipeline.stages import Output, Transmit
from engine.sad import Expired, SaPair, SoftAssociation, SoftExpired
from engine.spd import SpdEntry

if TYPE_CHECKING:
    from engine.ike.endpoint import IkeEndpoint
    from engine.prober import Prober

IKE_PORT = 500
SOFT_SECONDS = 300.0


class Keying:
    """The negotiations and associations of one machine.

    `record` takes log events; whether they are kept is the host's business. The endpoint (and
    with it all cryptography) is made when the first negotiation begins.
    """

    def __init__(self, node: Node, entropy: Entropy, record: Callable[[LogEvent], None],
                 epoch: float = 0.0) -> None:
        self.node, self.entropy, self.record, self.epoch = node, entropy, record, epoch
        self.endpoint: IkeEndpoint | None = None
        self.prober: Prober | None = None
        self.probed = -inf
        self.running, self.keylog = True, KeyLog()
        self.history, self.pending = History(), Negotiations()
        self._booting: tuple[float, Callable[[], PolicyAgent]] | None = None
        self._ending: dict[int, SaPair] = {}

    # --- asked by the pipeline and the host ----------------------------------------------------

    def acquire(self, entry: SpdEntry, local: Address, peer: Address, now: float) -> list[Output]:
        """A packet needs a pair that is not there: begins a negotiation unless one is under way."""
        key, node, ike = key_of(entry, peer), self.node, self._ike()
        if ike.in_flight(key):
            return self._act(ike.hurry(key, now), now)
        # The default response rule answers; it never asks.
        if node.agent.spd.is_dynamic(entry.id):
            return []
        node.stats.total_acquire += 1
        self.pending.begin(key, Pending(entry, local, peer))
        wanted = node.agent.wanted(entry, local, peer)
        return self._act(ike.initiate(local, peer, wanted, now), now)

    def is_soft(self, entry: SpdEntry, peer: Address) -> bool:
        """Whether a soft association lets this entry's traffic with `peer` pass in clear."""
        return self.node.sad.soft(key_of(entry, peer), peer) is not None

    def datagram(self, packet: IPv4, udp: Udp, now: float) -> list[Output]:
        """A datagram for UDP 500 or 4500 has passed all filters; `udp` is what `packet` carries.

        On 4500 IKE is behind a marker; keepalives are silently dropped (RFC 3948 2.3).
        """
        payload: bytes | None = udp.payload
        if udp.destination_port == NAT_T_PORT:
            payload = ike_of(udp.payload)
        if payload is None:
            self.node.count("nat-keepalive" if udp.payload == KEEPALIVE else "bad-encapsulation")
            return []
        if self.prober is not None and self.prober.owns(payload):
            return self.ask(self.prober.receive(payload, packet, udp[:2], now), now)
        return self._act(self._ike().receive(payload, packet.destination,
                                             udp.destination_port, packet.source,
                                             udp.source_port, now), now)

    def peer_moved(self, spi: int, port: int, now: float) -> list[Output]:
        """An authentic ESP packet of a peer behind a NAT came from another port (RFC 3947 7)."""
        pair = self.node.sad.pair(spi)
        if pair is None or self.endpoint is None:
            return []
        return self._act(self.endpoint.peer_moved(pair.cookies, spi, port), now)

    def ask(self, datagrams: Iterable[SendDatagram], now: float) -> list[Output]:
        """Sends what a prober asks; nothing of it concerns our own negotiations."""
        return [output for one in datagrams for output in self._out(one, now)]

    def unreachable(self, peer: Address, now: float) -> list[Output]:
        """ICMP says that nobody listens on UDP 500 at `peer`.

        Anybody can send that, so it ends a negotiation only where the operator has allowed
        clear text anyway (soft associations).
        """
        outputs: list[Output] = []
        for key in self.pending.soft(peer):
            if self._ike().in_flight(key):
                outputs += self._go_soft(key, now)
        return outputs

    def negotiating(self, destination: Address) -> bool:
        """Whether a negotiation is under way for traffic to `destination`."""
        return any(one.peer == destination or destination in one.entry.destination
                   for one in self._under_way().values())

    def main_modes(self, now: float) -> tuple[Phase1Info, ...]:
        """The ISAKMP SAs, half-open ones included."""
        return () if self.endpoint is None else self.endpoint.phase1_sas(now)

    def _under_way(self) -> dict[str, Pending]:
        ike = self.endpoint
        if ike is None:
            return {}
        return {key: one for key, one in self.pending.items() if ike.in_flight(key)}

    def count_current(self, now: float) -> None:
        """Brings the statistics that are states, not sums, up to date."""
        self.node.stats.count_current(len(self._under_way()), self.node.sad.pairs(),
                                      self.main_modes(now))

    # --- policy and service --------------------------------------------------------------------

    def apply(self, agent: PolicyAgent, now: float) -> list[Output]:
        """A new policy: what belongs to entries that vanished or changed is deleted."""
        dynamic.keep(self.node.agent, agent)
        before, after = self.node.agent.by_key(), agent.by_key()
        keys = {pair.entry for pair in self.node.sad.pairs()} | set(self.pending)
        keys |= {soft.entry for soft in self.node.sad.soft_associations()}
        gone = dict.fromkeys(sorted(
            key for key in keys
            if before.get(key.partition("/")[0]) != after.get(key.partition("/")[0])))
        self.node.agent = agent
        for soft in self.node.sad.soft_associations():
            if soft.entry in gone:
                self.node.sad.delete_soft(soft.entry, soft.peer)
        outputs = []
        if self.endpoint is not None:
            outputs = self._act(self.endpoint.set_policy(agent, now, gone), now)
        for key in gone:
            self._forget(key, now)
        return outputs

    def stop(self, agent: PolicyAgent, now: float) -> list[Output]:
        """The service ends: every association is deleted, with word to the peers."""
        outputs = []
        if self.endpoint is not None:
            outputs = self._act(self.endpoint.shutdown(now), now)
        self.endpoint, self.running, self.node.agent = None, False, agent
        self.node.sad.clear()
        for key in list(self.pending):
            self._forget(key, now)
        return outputs

    def start(self, agent: PolicyAgent) -> None:
        """The service begins with the policy in force."""
        self.running, self.node.agent, self._booting = True, agent, None

    def boot(self, agent: PolicyAgent, until: float,
             load: Callable[[], PolicyAgent]) -> None:
        """The machine starts: `agent` is in force until the service begins with what it loads."""
        self.running, self.node.agent, self._booting = False, agent, (until, load)

    # --- time ----------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When `handle_timer` has something to do."""
        times = [self.node.sad.next_expiry(), self.node.hold.next_expiry()]
        if self.endpoint is not None:
            times.append(self.endpoint.next_timer())
        if self._booting is not None:
            times.append(self._booting[0])
        if self.prober is not None:
            times.append(self.prober.next_timer())
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> list[Output]:
        """Retransmission, lifetimes, packets that waited too long."""
        node, outputs = self.node, []
        if self._booting is not None and _due(self._booting[0], now):
            self.start(self._booting[1]())
        ike = self.endpoint
        if ike is not None and _due(ike.next_timer(), now):
            outputs += self._act(ike.handle_timer(now), now)
        if self.prober is not None and _due(self.prober.next_timer(), now):
            outputs += self.ask(self.prober.handle_timer(now), now)
        if _due(node.sad.next_expiry(), now):
            for event in node.sad.expire(now):
                if isinstance(event, SoftExpired):
                    if not event.pair.initiator and dynamic.owns(node, event.pair.entry):
                        continue
                    outputs += self._act(self._ike().sa_expiring(
                        event.pair.spi, now, event.reason != "seconds"), now)
                elif isinstance(event, Expired):
                    self._ending[event.pair.spi] = event.pair
                    outputs += self._act(
                        self._ike().delete_sa(event.pair.spi, now, "expired"), now)
                    self._ending.pop(event.pair.spi, None)
        self.drop_held(now, node.hold.expire(now))
        return outputs

    def set_epoch(self, epoch: float) -> None:
        """The wall clock was set: certificates are judged by the new time."""
        self.epoch = epoch
        if self.endpoint is not None:
            self.endpoint.set_epoch(epoch)

    def drop_held(self, now: float, which: Iterable[Held] | None = None) -> None:
        """Drops packets that were held: those, or all."""
        for held in self.node.hold.expire(inf) if which is None else which:
            self.node.drop(Flow(held.packet, now), "hold", "hold-expired")

    # --- what IKE reports ----------------------------------------------------------------------

    def _ike(self) -> "IkeEndpoint":
        if self.endpoint is None:
            from engine.ike.endpoint import IkeEndpoint
            self.endpoint = IkeEndpoint(self.node.agent, self.entropy, epoch=self.epoch)
            self.endpoint.watch_traffic(self._traffic)
        return self.endpoint

    def _traffic(self, spi: int) -> tuple[float, float]:
        """When something last came out of a pair, and when something last went into it."""
        pair = self.node.sad.pair(spi)
        if pair is None:
            return 0.0, 0.0
        return pair.inbound.used, pair.outbound.used if pair.outbound else 0.0

    def _act(self, reported: Iterable[IkeOutput], now: float) -> list[Output]:
        outputs: list[Output] = []
        ready: list[str] = []
        for one in reported:
            self.history.note(one, now)
            outputs += _HANDLERS[type(one)](self, one, now)
            if isinstance(one, SaInstalled) and one.outbound_ready:
                ready.append(one.entry)
        # After everything else, so that the last message of quick mode is ahead of the first ESP.
        for key in ready:
            outputs += self._release(key, now)
        return outputs

    def _release(self, key: str, now: float) -> list[Output]:
        outputs: list[Output] = []
        for held in self.node.hold.take(key):
            outputs += resume(self.node, held, now)
        return outputs

    def _send(self, one: SendDatagram, now: float) -> list[Output]:
        tired = self.pending.tried(one.peer) if one.label == "MM1" else []
        if tired:
            return [output for key in tired for output in self._go_soft(key, now)]
        outputs = self._out(one, now)
        if not any(isinstance(output, Transmit) for output in outputs):
            self.node.stats.send_fail += 1
        return outputs

    def _out(self, one: SendDatagram, now: float) -> list[Output]:
        from engine.prober import packet_of
        node = self.node
        return send(node, Flow(packet_of(node, one), now, via=node.own.get(one.local, "")))

    def _installed(self, one: SaInstalled, now: float) -> list[Output]:
        node, stats = self.node, self.node.stats
        self.keylog.note_pair(one)
        if node.sad.pair(one.inbound.spi) is None:
            stats.total_get_spi += 1
            if node.sad.pairs_of(one.entry):
                stats.rekeys += 1
                stats.total_key_update += 1
        node.sad.install(one, now, self.entropy)
        if not one.outbound_ready:
            return []
        dynamic.begin(node, one)
        stats.quick_modes += 1
        stats.key_adds += 2
        stats.total_key_add += 2
        self.record(audit.quick_mode_up(one, now))
        node.sad.delete_soft(one.entry, one.peer)
        self.pending.end(one.entry)
        return []

    def _deleted(self, one: SaDeleted, now: float) -> list[Output]:
        pair = self.node.sad.delete_pair(one.inbound_spi) or self._ending.get(one.inbound_spi)
        if pair is None:
            return []
        self.node.stats.key_deletes += 2
        dynamic.end(self.node, pair)
        self.record(audit.quick_mode_ended(pair.selector, pair.local, pair.peer,
                                           one.inbound_spi, one.outbound_spi, now))
        return []

    def _main_mode_up(self, one: MainModeUp, now: float) -> list[Output]:
        self.node.stats.main_modes += 1
        self.record(audit.main_mode_up(one, now))
        self.keylog.note_main_modes(self.main_modes(now))
        return []

    def _main_mode_down(self, one: MainModeDown, now: float) -> list[Output]:
        self.record(audit.main_mode_ended(one, now))
        return []

    def _failed(self, one: NegotiationFailed, now: float) -> list[Output]:
        node, stats = self.node, self.node.stats
        stats.negotiation_failures += 1
        if one.code in audit.AUTHENTICATION | audit.CERTIFICATE:
            stats.authentication_failures += 1
        if one.initiator:
            stats.acquire_fail += 1
        else:
            stats.receive_fail += 1
        pending = self.pending.get(one.entry)
        selector = None
        if pending is not None:
            selector = node.agent.wanted(pending.entry, pending.local, pending.peer).selector
        self.record(audit.failed(one, selector, now))
        self.pending.fail(one, now)
        self._forget(one.entry, now)
        return []

    def _moved(self, one: PeerMoved, now: float) -> list[Output]:
        for spi in one.inbound:
            self.node.sad.move(spi, one.peer_port)
        self.node.count("nat-moved")
        return []

    def _dropped(self, one: Dropped, now: float) -> list[Output]:
        stats = self.node.stats
        if "cookie" in one.reason:
            stats.invalid_cookies += 1
        else:
            stats.invalid_packets += 1
        self.node.count(f"ike-{one.reason}")
        return []

    def _notified(self, one: NotifyReceived, now: float) -> list[Output]:
        self.node.count(f"notify-{one.number}")
        return []

    def _forget(self, key: str, now: float) -> None:
        """A negotiation came to nothing: what waited for it is dropped."""
        self.pending.end(key)
        for held in self.node.hold.take(key):
            self.node.drop(Flow(held.packet, now), "hold", "negotiation-failed")

    # --- soft associations ---------------------------------------------------------------------

    def _go_soft(self, key: str, now: float) -> list[Output]:
        """The peer speaks no IKE and the action allows it: its traffic passes in clear."""
        node, pending = self.node, self.pending.end(key)
        assert pending is not None, "soft without a negotiation"
        node.sad.add_soft(SoftAssociation(key, pending.peer, now + SOFT_SECONDS))
        node.stats.soft_sas += 1
        self.record(audit.driver("soft-association", None, pending.peer, pending.entry.name, now))
        outputs = self._act(self._ike().delete_entries([key], now, "soft"), now)
        return outputs + self._release(key, now)


def _due(when: float | None, now: float) -> bool:
    return when is not None and when <= now


_HANDLERS: dict[type, Callable[[Keying, Any, float], list[Output]]] = {
    SendDatagram: Keying._send,
    SaInstalled: Keying._installed,
    SaDeleted: Keying._deleted,
    MainModeUp: Keying._main_mode_up,
    MainModeDown: Keying._main_mode_down,
    NegotiationFailed: Keying._failed,
    NotifyReceived: Keying._notified,
    Dropped: Keying._dropped,
    PeerMoved: Keying._moved,
}
