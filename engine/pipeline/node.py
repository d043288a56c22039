"""What the pipeline needs to know of the machine it runs in, and the flow of one packet."""

from collections import deque
from typing import TYPE_CHECKING, Protocol

from engine.address import Address, prefix_mask
from engine.agent import PolicyAgent, PolicySnapshot
from engine.esp.sa import PathMtu, SecurityAssociation
from engine.ip import MAX_DATAGRAM, UDP_HEADER, IPv4, ports
from engine.pipeline.fragment import Reassembler
from engine.pipeline.hold import HoldQueue
from engine.pipeline.route import Hop, RouteTable
from engine.pipeline.rras import RrasTable
from engine.pipeline.stages import Output, Refused
from engine.policy.model import Interface
from engine.sad import Sad
from engine.spd import SpdEntry
from engine.statistics import Statistics
from engine.trace import Step

if TYPE_CHECKING:
    from engine.pipeline.fast import Path, PathKey

PATH_MTU_SECONDS = 600.0
# The least MTU that an unauthenticated ICMP message can make us believe in (RFC 2401 6.1).
PATH_MTU_FLOOR = 576
# RFC 1191 7.1: MTUs that links have, for routers that do not tell theirs.
PLATEAUS = (32000, 17914, 8166, 4352, 2002, 1492, 1006)
OUTER_DF = ("copy", "clear", "set")
# The last drops are kept: they say what the counters only count.
DROPS_KEPT = 256


class Services(Protocol):
    """What the pipeline asks of the host around it."""

    def acquire(self, entry: SpdEntry, local: Address, peer: Address,
                now: float) -> list[Output]:
        """A packet needs a pair of SAs that is not there: starts IKE unless it works already."""

    def is_soft(self, entry: SpdEntry, peer: Address) -> bool:
        """Whether clear traffic with `peer` under this outbound entry was agreed."""

    def accepts_clear(self, entry: SpdEntry, packet: IPv4, now: float) -> bool:
        """Whether a clear packet that meets an inbound negotiating entry is accepted."""

    def deliver(self, packet: IPv4, interface: str, now: float) -> list[Output]:
        """A packet for this machine has passed everything."""

    def peer_moved(self, spi: int, port: int, now: float) -> list[Output]:
        """An authentic packet under an SA came from another port of the NAT in between."""

    def driver_event(self, name: str, packet: IPv4, detail: str, now: float) -> None:
        """The driver refused a packet for a reason that the System log names."""

    def dropped(self, reason: str, packet: IPv4, detail: str, inbound: bool,
                now: float) -> None:
        """A packet ended here; asked only while `Node.diagnostics` is on."""


class Flow:
    """One packet on its way: mutable while it passes the stages.

    `arrived` is the interface it came in by ("" when it was born here), `application` whether a
    local program waits to hear that it was refused, `secured` the SA it came out of, `via` the
    interface that must carry it ("" when the routes decide), `outputs` the result so far.
    `sealed` is the SA that protects it on the way out, from the address `local`; `sent` says
    that it reached the wire, `fleeting` that a decision may be another one for the next packet.
    """

    __slots__ = ("packet", "now", "arrived", "application", "hop", "secured", "via", "sealed",
                 "local", "sent", "fleeting", "outputs")

    def __init__(self, packet: IPv4, now: float, *, arrived: str = "", application: bool = False,
                 via: str = "") -> None:
        self.packet, self.now = packet, now
        self.arrived, self.application, self.via = arrived, application, via
        self.hop: Hop | None = None
        self.secured: SecurityAssociation | None = None
        self.sealed: SecurityAssociation | None = None
        self.local: Address = 0
        self.sent = self.fleeting = False
        self.outputs: list[Output] = []


class Node:
    """The state of one machine that packets meet. `engine.host` owns it and fills it.

    `handover` is True on a live machine, whose kernel forwards and delivers what was decrypted.

    `trace` is None while nobody asked for steps; `counters` has a count under each drop's name,
    `recent` the last packets that were dropped;
    `paths` are the flows that `engine.pipeline.fast` knows, forgotten whenever the interfaces,
    the routes, the filters or the policy change. `outer_df` says what the outer header's "don't
    fragment" is ("copy" of the inner one's, "clear" or "set"), `fragment_first` whether packets
    too long for a tunnel are fragmented before they are protected instead of after.
    """

    __slots__ = ("name", "interfaces", "own", "broadcasts", "_routes", "_rras", "_agent", "sad",
                 "hold", "reassembler", "secured_pieces", "_forwarding", "counters", "stats",
                 "recent", "trace", "diagnostics", "services", "outer_df", "fragment_first",
                 "paths", "handover", "changes", "_identification")

    def __init__(self, name: str, services: Services) -> None:
        self.name, self.services = name, services
        self.paths: dict[PathKey, Path] = {}
        self.changes = 0
        self.interfaces: dict[str, Interface] = {}
        self.own: dict[Address, str] = {}
        self.broadcasts: frozenset[Address] = frozenset()
        self.routes = RouteTable()
        self.rras = RrasTable()
        self.hold = HoldQueue()
        self.reassembler = Reassembler()
        # Pieces that came out of a tunnel wait apart: a clear fragment must never complete them.
        self.secured_pieces = Reassembler()
        self.forwarding = False
        self.counters: dict[str, int] = {}
        self.recent: deque[Step] = deque(maxlen=DROPS_KEPT)
        self.stats = Statistics()
        self.trace: list[Step] | None = None
        self.diagnostics = 0
        self.outer_df, self.fragment_first = "copy", False
        self.handover = False
        self._identification = 0
        self.sad = Sad()
        self.agent = PolicyAgent(PolicySnapshot())

    def forget_paths(self) -> None:
        """What packets of known flows did may be wrong from here on; `changes` counts it."""
        self.paths.clear()
        self.changes += 1

    @property
    def routes(self) -> RouteTable:
        """The effective routes."""
        return self._routes

    @routes.setter
    def routes(self, table: RouteTable) -> None:
        self.forget_paths()
        self._routes = table

    @property
    def rras(self) -> RrasTable:
        """The RRAS packet filters."""
        return self._rras

    @rras.setter
    def rras(self, table: RrasTable) -> None:
        self.forget_paths()
        self._rras = table

    @property
    def agent(self) -> PolicyAgent:
        """The policy in force."""
        return self._agent

    @agent.setter
    def agent(self, agent: PolicyAgent) -> None:
        self.forget_paths()
        self._agent = agent

    @property
    def forwarding(self) -> bool:
        """Whether packets for others are sent on."""
        return self._forwarding

    @forwarding.setter
    def forwarding(self, on: bool) -> None:
        self.forget_paths()
        self._forwarding = on

    def set_interfaces(self, interfaces: tuple[Interface, ...]) -> None:
        """Takes over the adapters: names, own addresses, broadcast addresses of their nets."""
        self.forget_paths()
        self.interfaces = {one.name: one for one in interfaces}
        self.own = {one.address: one.name for one in interfaces}
        self.broadcasts = frozenset(one.address | ~prefix_mask(one.prefix) & 0xFFFFFFFF
                                    for one in interfaces if one.prefix < 31)

    def next_identification(self) -> int:
        """An IP identification: a counter, as Windows 2000 has it."""
        self._identification = self._identification + 1 & 0xFFFF
        return self._identification

    def count(self, name: str) -> None:
        """Adds one to a counter by name."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def step(self, flow: Flow, stage: str, verdict: str, reason: str = "",
             detail: str = "") -> None:
        """Records a decision while somebody watches."""
        if self.trace is not None:
            self.trace.append(self._step(flow, stage, verdict, reason, detail))

    def _step(self, flow: Flow, stage: str, verdict: str, reason: str, detail: str) -> Step:
        packet = flow.packet
        return Step(flow.now, self.name, packet.trace, stage, verdict, reason, detail,
                    (packet.source, packet.destination, packet.protocol, *ports(packet)))

    def drop(self, flow: Flow, stage: str, reason: str, detail: str = "") -> bool:
        """Counts and records the end of a packet; a local program hears of it. Gives False."""
        self.count(reason)
        step = self._step(flow, stage, "drop", reason, detail)
        self.recent.append(step)
        if self.trace is not None:
            self.trace.append(step)
        if self.diagnostics:
            inbound = flow.hop is None and stage not in ("ttl", "route")
            self.services.dropped(reason, flow.packet, detail, inbound, flow.now)
        if flow.application:
            flow.outputs.append(Refused(flow.packet, reason))
        return False

    def outer_df_of(self, df: bool) -> bool:
        """The "don't fragment" of a tunnel packet around one with this."""
        return df if self.outer_df == "copy" else self.outer_df == "set"

    def mtu_under(self, interface: str, sa: SecurityAssociation, now: float) -> int:
        """Octets a packet under `sa` may have: the link's, or less when the way is narrower."""
        own, learned = self.interfaces[interface].mtu, sa.path_mtu
        octets = min(own, learned.octets) if learned.until > now else own
        return octets - UDP_HEADER if sa.udp else octets

    def learn_mtu(self, sa: SecurityAssociation, mtu: int, now: float) -> None:
        """Believes an ICMP "needs fragmentation" about a packet under `sa` for ten minutes.

        `mtu` 0 is what routers before RFC 1191 send: the next plateau is tried. Nobody signs
        such a message, so there is a floor under it, and it never widens the way.
        """
        widest = max((one.mtu for one in self.interfaces.values()), default=MAX_DATAGRAM)
        known = min(sa.path_mtu.octets, widest) if sa.path_mtu.until > now else widest
        if not mtu:
            mtu = next((one for one in PLATEAUS if one < known), PATH_MTU_FLOOR)
        if mtu < known:
            self.forget_paths()
            sa.path_mtu = PathMtu(max(mtu, PATH_MTU_FLOOR), now + PATH_MTU_SECONDS)

    def count_sent(self, sa: SecurityAssociation, octets: int) -> None:
        """Adds a packet's inner octets to the statistics of what left protected."""
        stats, terms = self.stats, sa.terms
        stats.authenticated_bytes_sent += octets
        if terms.method.esp_cipher:
            stats.confidential_bytes_sent += octets
        if terms.tunnel:
            stats.tunnel_bytes_sent += octets
        else:
            stats.transport_bytes_sent += octets

    def count_received(self, sa: SecurityAssociation, octets: int) -> None:
        """Adds a packet's inner octets to the statistics of what came protected."""
        stats, terms = self.stats, sa.terms
        stats.authenticated_bytes_received += octets
        if terms.method.esp_cipher:
            stats.confidential_bytes_received += octets
        if terms.tunnel:
            stats.tunnel_bytes_received += octets
        else:
            stats.transport_bytes_received += octets
