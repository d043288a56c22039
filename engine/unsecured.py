"""What may come in the clear although a filter wants it protected."""

from engine.agent import key_of
from engine.ip import IPv4
from engine.pipeline.node import Node
from engine.spd import OUTBOUND, SpdEntry


def accepts_clear(node: Node, entry: SpdEntry, packet: IPv4, source_port: int,
                  destination_port: int) -> bool:
    """Whether clear traffic that an inbound entry wants protected is accepted all the same.

    It is with "accept unsecured communication" (inpass), and as the answer within a soft
    association.
    """
    if entry.inpass:
        return True
    outward = node.agent.spd.lookup(OUTBOUND, packet.destination, packet.source, packet.protocol,
                                    destination_port, source_port)
    if outward is None or outward.action != "negotiate":
        return False
    peer = packet.source if outward.tunnel is None else outward.tunnel
    return node.sad.soft(key_of(outward, peer), peer) is not None
