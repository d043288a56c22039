"""The way out: route, RRAS output filter, IPsec, fragmentation, wire (KB 252735's picture).

A protected packet leaves by the interface that its inner packet was routed to, with that
interface's address as its source: the article's multihomed trap follows from this.
"""

from collections.abc import Callable

from engine.address import Address
from engine.agent import key_of
from engine.errors import ParseError
from engine.esp.packets import protect, room_for
from engine.esp.sa import SecurityAssociation
from engine.icmp import (
    HOST_UNREACHABLE,
    NEEDS_FRAGMENTATION,
    NET_UNREACHABLE,
    TIME_EXCEEDED,
    TTL_IN_TRANSIT,
    UNREACHABLE,
    icmp_error,
)
from engine.ip import IPv4, ports
from engine.pipeline.fragment import fragment
from engine.pipeline.hold import Held
from engine.pipeline.node import Flow, Node
from engine.pipeline.route import Hop
from engine.pipeline.stages import FORWARD, OUTBOUND, Output, Transmit
from engine.spd import OUTBOUND as OUT
from engine.spd import SpdEntry, exempt

Stage = Callable[[Node, Flow], bool]


def send(node: Node, flow: Flow) -> list[Output]:
    """Sends a packet that was born here; gives what is to be done."""
    return _run(node, flow, OUTBOUND)


def forward(node: Node, flow: Flow) -> None:
    """Sends on a packet that is for somebody else; adds to the flow's outputs."""
    _run(node, flow, FORWARD)


def resume(node: Node, held: Held, now: float) -> list[Output]:
    """Goes on with a packet that was held before IPsec."""
    flow = Flow(held.packet, now, arrived=held.arrived)
    flow.hop = held.hop
    node.step(flow, "hold", "pass", "released")
    return _run(node, flow, OUTBOUND[OUTBOUND.index("ipsec"):])


def _run(node: Node, flow: Flow, order: tuple[str, ...]) -> list[Output]:
    for name in order:
        if not STAGES[name](node, flow):
            break
    return flow.outputs


# --- the stages: True goes on, False ends ---------------------------------------------------------


def _ttl(node: Node, flow: Flow) -> bool:
    if not node.forwarding:
        return node.drop(flow, "route", "not-forwarding", "IP routing is off")
    if flow.packet.ttl <= 1:
        node.drop(flow, "ttl", "ttl-expired")
        _refuse(node, flow, TIME_EXCEEDED, TTL_IN_TRANSIT)
        return False
    flow.packet = flow.packet.with_ttl(flow.packet.ttl - 1)
    return True


def _route(node: Node, flow: Flow) -> bool:
    destination = flow.packet.destination
    hop = node.routes.resolve(destination, flow.via) if flow.via else None
    hop = hop or node.routes.resolve(destination)
    if hop is None:
        reached = node.routes.lookup(destination) is not None
        node.drop(flow, "route", "no-next-hop" if reached else "no-route")
        _refuse(node, flow, UNREACHABLE, HOST_UNREACHABLE if reached else NET_UNREACHABLE)
        return False
    flow.hop = hop
    if not flow.packet.source:
        flow.packet = flow.packet.with_addresses(node.interfaces[hop.interface].address,
                                                 destination)
    node.step(flow, "route", "pass", hop.route.origin, hop.interface)
    return True


def _rras_output(node: Node, flow: Flow) -> bool:
    assert flow.hop is not None
    passes, detail = node.rras.check(flow.hop.interface, "output", flow.packet)
    if not passes:
        return node.drop(flow, "rras-output", "rras-output", detail)
    if detail:
        node.step(flow, "rras-output", "pass", "", detail)
    return True


def _ipsec(node: Node, flow: Flow) -> bool:
    entry, reason = decide(node, flow.packet, OUT)
    if entry is None or entry.action in ("permit", "bypass"):
        node.step(flow, "spd", "pass", reason, "" if entry is None else entry.name)
        return True
    if entry.action == "block":
        return node.drop(flow, "spd", "blocked", entry.name)
    return _protect(node, flow, entry)


def _fragment(node: Node, flow: Flow) -> bool:
    hop = flow.hop
    assert hop is not None
    mtu = node.interfaces[hop.interface].mtu
    if flow.packet.length <= mtu or not flow.packet.df:
        return True
    node.drop(flow, "fragment", "needs-frag", f"{flow.packet.length} octets, MTU {mtu}")
    _refuse(node, flow, UNREACHABLE, NEEDS_FRAGMENTATION, mtu)
    return False


def _wire(node: Node, flow: Flow) -> bool:
    hop = flow.hop
    assert hop is not None
    pieces = fragment(flow.packet, node.interfaces[hop.interface].mtu)
    if len(pieces) > 1:
        node.step(flow, "fragment", "pass", "fragmented", f"{len(pieces)} pieces")
    node.step(flow, "wire", "send", "", hop.interface)
    flow.sent = True
    flow.outputs += [Transmit(hop.interface, piece, hop.next_hop) for piece in pieces]
    return True


def _refuse(node: Node, flow: Flow, kind: int, code: int, mtu: int = 0) -> None:
    """Tells the sender of a packet in transit by an ICMP error, where one is allowed.

    The error about a packet that came through a tunnel quotes what the tunnel protected: it is
    sent from an own address that the SA covers, so that it goes back through the tunnel.
    """
    if not flow.arrived:
        return
    source = node.interfaces[flow.arrived].address
    if flow.secured is not None:
        inside = flow.secured.selector.destination
        source = next((own for own in node.own if own in inside), source)
    error = icmp_error(flow.packet, source, kind, code, mtu,
                       link_broadcast=flow.packet.destination in node.broadcasts,
                       identification=node.next_identification())
    if error is not None:
        flow.outputs += send(node, Flow(error, flow.now))


STAGES: dict[str, Stage] = {
    "ttl": _ttl, "route": _route, "rras-output": _rras_output, "ipsec": _ipsec,
    "fragment": _fragment, "wire": _wire,
}


# --- IPsec ----------------------------------------------------------------------------------------


def decide(node: Node, packet: IPv4, direction: str) -> tuple[SpdEntry | None, str]:
    """The SPD entry for a packet, or None and why: a default exemption, or no filter."""
    agent = node.agent
    if not agent.spd:
        return None, "no-policy"
    source_port, destination_port = ports(packet)
    exemption = exempt(agent.snapshot.exempt_level, packet.source, packet.destination,
                       packet.protocol, source_port, destination_port, node.broadcasts)
    if exemption:
        return None, f"exempt-{exemption}"
    entry = agent.spd.lookup(direction, packet.source, packet.destination, packet.protocol,
                             source_port, destination_port)
    return entry, "no-filter" if entry is None else entry.action


def _protect(node: Node, flow: Flow, entry: SpdEntry) -> bool:
    packet, hop = flow.packet, flow.hop
    assert hop is not None
    local = node.interfaces[hop.interface].address
    peer = packet.destination
    if entry.tunnel is not None:
        peer = entry.tunnel
    elif packet.source not in node.own:
        return node.drop(flow, "spd", "transport-forward", entry.name)
    else:
        local = packet.source
    sa = node.sad.outbound(key_of(entry, peer))
    if sa is not None and sa.usable:
        return _encapsulate(node, flow, sa, local)
    if node.services.is_soft(entry, peer):
        node.count("soft-clear")
        node.step(flow, "spd", "pass", "soft", entry.name)
        flow.fleeting = True
        return True
    return _wait(node, flow, entry, local, peer)


def _wait(node: Node, flow: Flow, entry: SpdEntry, local: Address, peer: Address) -> bool:
    """No SA yet: IKE starts; a packet in transit waits, a local program is told."""
    hop = flow.hop
    assert hop is not None
    if flow.application:
        node.drop(flow, "hold", "negotiating", entry.name)
    else:
        node.step(flow, "hold", "hold", "negotiating", entry.name)
        gone = node.hold.add(key_of(entry, peer), flow.packet, hop, flow.arrived, flow.now)
        if gone is not None:
            node.drop(Flow(gone.packet, flow.now), "hold", "hold-full", entry.name)
    flow.outputs += node.services.acquire(entry, local, peer, flow.now)
    return False


def _encapsulate(node: Node, flow: Flow, sa: SecurityAssociation, local: Address) -> bool:
    packet, hop = flow.packet, flow.hop
    assert hop is not None
    terms = sa.terms
    stage = "esp" if terms.method.has_esp else "ah"
    df = node.outer_df_of(packet.df) if terms.tunnel else packet.df
    room = room_for(terms.method, node.mtu_under(hop.interface, sa, flow.now),
                    tunnel=terms.tunnel)
    if packet.length > room:
        if packet.df and df:
            node.drop(flow, stage, "needs-frag", f"room for {room} octets under the SA")
            _refuse(node, flow, UNREACHABLE, NEEDS_FRAGMENTATION, room)
            return False
        if (df or node.fragment_first) and _may_split(sa):
            return _split(node, flow, sa, local, room)
        df = False
    try:
        outer = protect(sa, packet, local, flow.now, df=df,
                        identification=node.next_identification())
    except ParseError as error:
        return node.drop(flow, stage, error.drop, f"SPI 0x{sa.spi:08x}")
    node.step(flow, stage, "protect", "", f"SPI 0x{sa.spi:08x} sequence {sa.sequence}")
    node.count_sent(sa, packet.length if terms.tunnel else len(packet.payload))
    flow.packet, flow.sealed, flow.local = outer, sa, local
    flow.hop = _outer_hop(node, hop, sa.destination)
    return True


def _may_split(sa: SecurityAssociation) -> bool:
    """RFC 2401 3.3: whole datagrams in transport mode; later pieces show no ports (4301 7)."""
    selector = sa.selector
    return sa.terms.tunnel and not (selector.source_port or selector.destination_port)


def _split(node: Node, flow: Flow, sa: SecurityAssociation, local: Address, room: int) -> bool:
    """Each piece of a packet under the SA, so that no router has to fragment the outer ones."""
    pieces = fragment(flow.packet._replace(df=False), room)
    node.step(flow, "fragment", "pass", "before-protection", f"{len(pieces)} pieces")
    for piece in pieces:
        one = Flow(piece, flow.now, arrived=flow.arrived)
        one.hop, one.secured = flow.hop, flow.secured
        if _encapsulate(node, one, sa, local):
            _run(node, one, OUTBOUND[OUTBOUND.index("ipsec") + 1:])
        flow.outputs += one.outputs
    return False


def _outer_hop(node: Node, hop: Hop, peer: Address) -> Hop:
    """The next hop of the outer packet, on the interface that the inner packet was routed to."""
    return node.routes.resolve(peer, hop.interface) or hop
