"""A machine: interfaces, policy agent, SPD, SAD, IKE and the packet pipeline, without any I/O.

Packets and `now` go in, a list of outputs comes out. A host speaks IPv4 on both sides, IKE
included (UDP 500 inside IPv4), so a packet filter that eats UDP 500 eats it here too.
"""

from collections import deque
from typing import TYPE_CHECKING

from engine import audit, dynamic
from engine.address import Address
from engine.agent import PolicyAgent, PolicySnapshot
from engine.boot import boot_policy
from engine.configuration import HostSnapshot, Reader, other_routes, read_host
from engine.driverlog import DriverLog
from engine.entropy import Entropy
from engine.errors import ParseError
from engine.esp.udp import NAT_T_PORT
from engine.events import LogEvent
from engine.icmp import (
    ECHO_REQUEST,
    ERRORS,
    NEEDS_FRAGMENTATION,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    REASSEMBLY_TIME,
    TIME_EXCEEDED,
    UNREACHABLE,
    Icmp,
    echo_reply,
    icmp_error,
    parse_icmp,
    quoted,
)
from engine.ike.interface import Phase1Info
from engine.ip import AH, DEFAULT_TTL, ESP, ICMP, TCP, UDP, IPv4, parse_udp, ports
from engine.keying import IKE_PORT, Keying
from engine.pipeline import inbound, outbound
from engine.pipeline.node import Flow, Node
from engine.pipeline.route import RouteEntry, RouteTable
from engine.pipeline.rras import RrasTable
from engine.pipeline.stages import Deliver, Output, Refused, Transmit
from engine.policy.live import Live
from engine.policy.model import Interface, Route, RrasFilter
from engine.policy.store import Config
from engine.sad import Sad, SoftAssociation
from engine.spd import Spd, SpdEntry
from engine.statistics import Statistics
from engine.trace import Step
from engine.unsecured import accepts_clear

if TYPE_CHECKING:
    from engine.ike.endpoint import IkeEndpoint

__all__ = ["Deliver", "Host", "Output", "Refused", "Transmit"]

LOG_EVENTS = 2000
LOOPBACK = 127


class Host:
    """One machine. Public data is read-only for everybody else.

    `log` holds what auditing allowed, `counters` counts drops by name, `stats` what is behind
    `statistics`, `trace` packets' steps while it is not None, `rtm_routes` the runtime routes.
    """

    def __init__(self, name: str, *, config: Config, entropy: Entropy, now: float = 0.0,
                 epoch: float = 0.0, boot: float = 0.0, read: Reader = read_host) -> None:
        """`epoch` is the Unix time at which `now` is 0: certificates have dates.

        For `boot` seconds the policy agent has not loaded the policy yet (see `engine.boot`).
        `read` may add to the configuration what only a running system knows.
        """
        self.name, self.config, self._read = name, config, read
        self.log: deque[LogEvent] = deque(maxlen=LOG_EVENTS)
        self.rtm_routes: tuple[Route, ...] = ()
        self.live = Live()
        self.node = Node(name, self)
        self.keying = Keying(self.node, entropy, self._record, epoch)
        self._driver = DriverLog(self._record)
        self._now = now
        self._snapshot = self._read(config)
        self._take(self._snapshot)
        self.keying.start(PolicyAgent(self._snapshot.policy))
        if boot:
            self.keying.boot(PolicyAgent(*boot_policy(config, self._snapshot.policy)), now + boot,
                             lambda: PolicyAgent(self._snapshot.policy))

    # --- read by everybody ---------------------------------------------------------------------

    @property
    def spd(self) -> Spd:
        """The entries in force; empty while the policy agent is stopped."""
        return self.node.agent.spd

    @property
    def agent(self) -> PolicyAgent:
        """The policy in force as compiled."""
        return self.node.agent

    @property
    def sad(self) -> Sad:
        """The associations."""
        return self.node.sad

    @property
    def soft(self) -> tuple[SoftAssociation, ...]:
        """Agreed clear traffic with peers that did not answer IKE."""
        return self.node.sad.soft_associations()

    @property
    def ike(self) -> "IkeEndpoint | None":
        """The IKE endpoint; None until the first negotiation."""
        return self.keying.endpoint

    @property
    def agent_running(self) -> bool:
        """Whether the policy agent service runs."""
        return self.keying.running

    @property
    def counters(self) -> dict[str, int]:
        """Drops and other occurrences by name; reassembly's own included."""
        counters = dict(self.node.counters)
        for pieces in (self.node.reassembler, self.node.secured_pieces):
            for name, count in pieces.drops.items():
                counters[name] = counters.get(name, 0) + count
        return counters

    @property
    def stats(self) -> Statistics:
        """The raw statistics; `statistics` gives them as rows."""
        return self.node.stats

    @property
    def trace(self) -> list[Step] | None:
        """The steps of packets, or None while nobody watches."""
        return self.node.trace

    @trace.setter
    def trace(self, steps: list[Step] | None) -> None:
        self.node.trace = steps

    @property
    def interfaces(self) -> dict[str, Interface]:
        """The adapters by name."""
        return self.node.interfaces

    def routes(self) -> tuple[RouteEntry, ...]:
        """The effective routing table: connected, default gateways, persistent, runtime."""
        return self.node.routes.entries

    def source_for(self, destination: Address) -> Address:
        """The address that a packet to `destination` is sent from when nobody chose one."""
        if self._is_local(destination):
            return destination
        hop = self.node.routes.resolve(destination)
        if hop is not None:
            return self.node.interfaces[hop.interface].address
        return next(iter(self.node.own), 0)

    def statistics(self) -> tuple[tuple[str, str, str, int], ...]:
        """(group "ike" or "ipsec", key, label, value) in the order of `show stats`."""
        self.keying.count_current(self._now)
        return self.node.stats.rows()

    def main_modes(self) -> tuple[Phase1Info, ...]:
        """The ISAKMP SAs, half-open ones included, oldest first."""
        return self.keying.main_modes(self._now)

    def negotiating(self, destination: Address) -> bool:
        """Whether traffic to `destination` waits for a negotiation now."""
        return self.keying.negotiating(destination)

    def filter_hits(self, interface: str, direction: str) -> tuple[tuple[RrasFilter, int], ...]:
        """RRAS filters of an interface and direction with the packets each matched since boot."""
        wanted = interface.casefold(), direction
        return tuple((one, self.node.rras.hits[one]) for one in self.node.rras.filters
                     if (one.interface.casefold(), one.direction) == wanted)

    # --- packets and time ----------------------------------------------------------------------

    def send(self, packet: IPv4, now: float) -> list[Output]:
        """A local application sends `packet`; source 0 takes the outgoing interface's address.

        A `Refused` among the outputs tells the application that the packet did not leave.
        """
        self._now = now
        if not packet.identification:
            packet = packet._replace(identification=self.node.next_identification())
        if self._is_local(packet.destination):
            packet = packet._replace(source=packet.source or packet.destination)
            return self.deliver(packet, self.node.own.get(packet.destination, ""), now)
        return outbound.send(self.node, Flow(packet, now, application=True))

    def receive(self, packet: IPv4, interface: str, now: float) -> list[Output]:
        """`packet` arrives on an interface."""
        self._now = now
        if LOOPBACK in (packet.source >> 24, packet.destination >> 24):
            self.node.drop(Flow(packet, now, arrived=interface), "receive", "martian", interface)
            return []
        return inbound.receive(self.node, packet, interface, now)

    def next_timer(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        node, keying = self.node, self.keying.next_timer()
        timers = (keying, node.reassembler.next_expiry(), node.secured_pieces.next_expiry())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, now: float) -> list[Output]:
        """Whatever is due: IKE retransmission, SA lifetime, hold queue, reassembly."""
        self._now = now
        outputs = self.keying.handle_timer(now)
        expired = self.node.reassembler.expire(now) + self.node.secured_pieces.expire(now)
        for first in expired:
            outputs += self._error(first, TIME_EXCEEDED, REASSEMBLY_TIME, now)
        return outputs

    # --- configuration -------------------------------------------------------------------------

    def reload(self, now: float) -> list[Output]:
        """The store may have changed: takes over what did.

        Entries that vanished or changed lose their SAs (Delete sent, events 542 and 543); the
        others keep theirs.
        """
        new, old, self._now = self._read(self.config), self._snapshot, now
        if new == old:
            return []
        self._snapshot = new
        self._take(new)
        if new.interfaces != old.interfaces:
            # What is held remembers an interface that may be gone.
            self.keying.drop_held(now)
        return self.edit(self.live, now) if new.policy != old.policy else []

    def edit(self, live: Live, now: float) -> list[Output]:
        """`ipsec dynamic` edits: `live` is in force beside the stored policy from here on."""
        self._now, self.live = now, live
        agent = PolicyAgent(dynamic.merge(self._snapshot.policy, live))
        return self.keying.apply(agent, now) if self.agent_running else []

    def start_agent(self, now: float) -> list[Output]:
        """net start policyagent: the policy in force is active from here on."""
        self._now = now
        if not self.agent_running:
            self.keying.start(PolicyAgent(self._snapshot.policy))
        return []

    def stop_agent(self, now: float) -> list[Output]:
        """net stop policyagent: all SAs are deleted, the SPD is empty, UDP 500 is closed."""
        self._now, self.live = now, Live()
        return self.keying.stop(PolicyAgent(PolicySnapshot()), now) if self.agent_running else []

    def add_rtm_route(self, route: Route) -> None:
        """Adds a runtime route, gone with the lab."""
        self.rtm_routes = (*self.rtm_routes, route)
        self._route()

    def delete_rtm_routes(self, destination: Address, prefix: int, interface: str = "",
                          gateway: Address | None = None) -> int:
        """Deletes the runtime routes to that net (narrowed by interface, gateway); their number."""
        before = self.rtm_routes
        self.rtm_routes = other_routes(before, destination, prefix, interface, gateway)
        self._route()
        return len(before) - len(self.rtm_routes)

    def _take(self, new: HostSnapshot) -> None:
        node = self.node
        node.set_interfaces(new.interfaces)
        node.forwarding = new.machine.forwarding
        node.hold.per_negotiation = new.hold
        node.outer_df, node.fragment_first = new.outer_df, new.fragment_first
        node.sad.window = new.window
        node.diagnostics = self._driver.level = new.diagnostics
        self._driver.interval = new.log_interval
        filters = RrasTable(new.filters, new.defaults, new.fragcheck)
        filters.adopt(node.rras)
        node.rras = filters
        self._route()

    def _route(self) -> None:
        self.node.routes = RouteTable(self._snapshot.effective_routes(self.rtm_routes))

    # --- what the pipeline asks (engine.pipeline.node.Services) --------------------------------

    def acquire(self, entry: SpdEntry, local: Address, peer: Address, now: float) -> list[Output]:
        """See `Keying.acquire`."""
        return self.keying.acquire(entry, local, peer, now)

    def is_soft(self, entry: SpdEntry, peer: Address) -> bool:
        """See `Keying.is_soft`."""
        return self.keying.is_soft(entry, peer)

    def accepts_clear(self, entry: SpdEntry, packet: IPv4, now: float) -> bool:
        """See `engine.unsecured`."""
        return accepts_clear(self.node, entry, packet, *ports(packet))

    def deliver(self, packet: IPv4, interface: str, now: float) -> list[Output]:
        """A packet for this machine: the echo responder, IKE, or a local application."""
        if packet.protocol == ICMP:
            return self._icmp(packet, now)
        if packet.protocol == UDP:
            return self._udp(packet, now)
        self.node.count("protocol-unreachable")
        if packet.protocol == TCP:
            return [Deliver(packet)]
        return self._error(packet, UNREACHABLE, PROTOCOL_UNREACHABLE, now)

    def peer_moved(self, spi: int, port: int, now: float) -> list[Output]:
        """See `Keying.peer_moved`."""
        return self.keying.peer_moved(spi, port, now)

    def driver_event(self, name: str, packet: IPv4, detail: str, now: float) -> None:
        """See `DriverLog.complain`."""
        self._driver.complain(name, packet, detail, now)

    def dropped(self, reason: str, packet: IPv4, detail: str, inbound: bool, now: float) -> None:
        """See `DriverLog.dropped`."""
        self._driver.dropped(reason, packet, detail, inbound, now)

    # --- for this machine itself ---------------------------------------------------------------

    def _udp(self, packet: IPv4, now: float) -> list[Output]:
        # A damaged datagram may show a port that it was not sent to: no answer to those.
        try:
            datagram = parse_udp(packet)
        except ParseError as error:
            self.node.count(error.drop)
            return []
        if datagram.destination_port in (IKE_PORT, NAT_T_PORT) and self.agent_running:
            return self.keying.datagram(packet, datagram, now)
        self.node.count("port-unreachable")
        return [Deliver(packet), *self._error(packet, UNREACHABLE, PORT_UNREACHABLE, now)]

    def _icmp(self, packet: IPv4, now: float) -> list[Output]:
        try:
            message = parse_icmp(packet.payload)
        except ParseError as error:
            self.node.count(error.drop)
            return []
        if message.type == ECHO_REQUEST:
            return self._echo(packet, now)
        outputs: list[Output] = [Deliver(packet)]
        if message.type in ERRORS:
            outputs += self._icmp_error(message, now)
        return outputs

    def _is_local(self, destination: Address) -> bool:
        """An own address, or one of 127.0.0.0/8 (RFC 1122 3.2.1.3), which no wire ever sees."""
        return destination in self.node.own or destination >> 24 == LOOPBACK

    def _echo(self, request: IPv4, now: float) -> list[Output]:
        if not self._snapshot.machine.icmp_echo:
            self.node.count("echo-refused")
            return []
        reply = echo_reply(request, ttl=DEFAULT_TTL, identification=self.node.next_identification())
        return ([Deliver(reply)] if self._is_local(reply.destination)
                else outbound.send(self.node, Flow(reply, now)))

    def _icmp_error(self, message: Icmp, now: float) -> list[Output]:
        """What an error about one of our own packets teaches: path MTU, a peer without IKE."""
        try:
            quote = quoted(message).packet
        except ParseError as error:
            self.node.count(error.drop)
            return []
        if message.type != UNREACHABLE or quote.source not in self.node.own:
            return []
        if message.code == NEEDS_FRAGMENTATION and quote.protocol in (ESP, AH):
            self._narrow(quote, message.next_mtu, now)
        if message.code == PORT_UNREACHABLE and quote.protocol == UDP \
                and ports(quote)[1] == IKE_PORT:
            self.node.count("ike-port-unreachable")
            return self.keying.unreachable(quote.destination, now)
        return []

    def _narrow(self, quote: IPv4, mtu: int, now: float) -> None:
        """A router had to drop a packet of ours: believed when it quotes an SA's SPI and number."""
        at = 0 if quote.protocol == ESP else 4
        spi, number = (int.from_bytes(quote.payload[one:one + 4], "big") for one in (at, at + 4))
        sa = self.node.sad.sent_under(quote.protocol, spi, quote.destination)
        # Of AH the eight quoted octets end with the SPI.
        if sa is None or (quote.protocol == ESP and not 0 < number <= sa.sequence):
            self.node.count("icmp-unknown-sa")
            return
        self.node.learn_mtu(sa, mtu, now)

    def _error(self, packet: IPv4, kind: int, code: int, now: float) -> list[Output]:
        error = icmp_error(packet, packet.destination, kind, code,
                           identification=self.node.next_identification())
        if error is None:
            return []
        return ([Deliver(error)] if self._is_local(error.destination)
                else outbound.send(self.node, Flow(error, now)))

    def _record(self, event: LogEvent) -> None:
        if audit.allowed(event, self._snapshot.audit):
            self.log.append(event)
