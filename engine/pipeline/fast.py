"""Known flows: what the stages decided once about forwarded packets, done again without them.

A path is kept for a flow when every decision about its packet rests on configuration and SAs
alone. Whatever is not plain (a fragment, a spent TTL, too many octets, an SA at its end) takes
the stages, which count and explain; while somebody records steps, everything does. A path holds
until the configuration, a path MTU or the SA database changes.
"""

from math import inf
from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.esp.packets import protect, room_for
from engine.esp.sa import SecurityAssociation
from engine.ip import HEADER, ICMP, TCP, UDP, IPv4, new_tuple
from engine.pipeline.node import Flow, Node
from engine.pipeline.stages import Output, Transmit

PATHS = 65536

PathKey = tuple[str, int, Address, Address, int, bytes]


class Path(NamedTuple):
    """The way of one flow through this machine.

    `generation` is the SA database's, `until` engine time, `room` octets of the inner packet;
    `cells` are the hit counters of the RRAS filters that it meets; `sa` is None for clear
    traffic, `local` the outer source address.
    """

    generation: int
    until: float
    room: int
    cells: tuple[list[int], ...]
    interface: str
    next_hop: Address
    sa: SecurityAssociation | None
    local: Address


def key_of_flow(packet: IPv4, interface: str, spi: int) -> PathKey:
    """What tells flows apart; `spi` is of the inbound SA that a packet came out of, or 0.

    Ports, or ICMP's type and code, are taken as the octets they are.
    """
    protocol = packet.protocol
    head = (packet.payload[:4] if protocol in (UDP, TCP)
            else packet.payload[:2] if protocol == ICMP else b"")
    return interface, spi, packet.source, packet.destination, protocol, head


def known(node: Node, packet: IPv4, interface: str, spi: int, now: float) -> list[Output] | None:
    """The outputs for a packet of a known flow; None when it has to take the stages."""
    (source, destination, protocol, payload, ttl, tos, identification, df, mf, offset,
     trace) = packet
    path = node.paths.get((
        interface, spi, source, destination, protocol,
        payload[:4] if protocol == UDP or protocol == TCP
        else payload[:2] if protocol == ICMP else b""))
    if path is None:
        return None
    generation, until, room, cells, out, next_hop, sa, local = path
    if (mf or offset or ttl <= 1 or len(payload) > room or generation != node.sad.generation
            or now >= until):
        return None
    packet = new_tuple(IPv4, (source, destination, protocol, payload, ttl - 1, tos,
                              identification, df, False, 0, trace))
    if sa is not None:
        try:
            sent = protect(sa, packet, local, now, df=node.outer_df_of(df),
                           identification=node.next_identification())
        except ParseError:
            return None
        node.count_sent(sa, len(payload) + HEADER if sa.terms.tunnel else len(payload))
        packet = sent
    for cell in cells:
        cell[0] += 1
    return [new_tuple(Transmit, (out, packet, next_hop))]


def learn(node: Node, packet: IPv4, flow: Flow) -> None:
    """Keeps the way of a packet, as it arrived or was decrypted, if the next one goes it too."""
    hop, sa, rras = flow.hop, flow.sealed, node.rras
    assert hop is not None, "a packet was sent nowhere"
    if flow.fleeting or packet.is_fragment or (
            packet.protocol == TCP and rras.sees_connections(flow.arrived, hop.interface)):
        return
    mtu, until = node.interfaces[hop.interface].mtu, inf
    if sa is not None:
        mtu = room_for(sa.terms.method,
                       node.mtu_under(hop.interface, sa, flow.now), tunnel=sa.terms.tunnel)
        if sa.path_mtu.until > flow.now:
            until = sa.path_mtu.until
    cells = (rras.cell(flow.arrived, "input", packet), rras.cell(hop.interface, "output", packet))
    if len(node.paths) >= PATHS:
        node.paths.clear()
    spi = flow.secured.spi if flow.secured is not None else 0
    node.paths[key_of_flow(packet, flow.arrived, spi)] = Path(
        node.sad.generation, until, mtu - HEADER, tuple(one for one in cells if one is not None),
        hop.interface, hop.next_hop, sa, flow.local)
