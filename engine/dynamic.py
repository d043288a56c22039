"""The default response rule at work: dynamic filters that live as long as their associations.

Windows' "Client (Respond Only)": a peer that asks is answered in transport mode, and while a
pair lives the traffic between the two hosts must be protected; before and after it is free.
"""

from engine.agent import PolicyAgent, key_of
from engine.ike.interface import SaInstalled, TrafficSelector
from engine.pipeline.node import Node
from engine.sad import SaPair
from engine.spd import OUTBOUND


def owns(node: Node, key: str) -> bool:
    """Whether the pairs under a key (see `key_of`) are those of a dynamic filter."""
    return node.agent.spd.is_dynamic(key.partition("/")[0])


def begin(node: Node, installed: SaInstalled) -> None:
    """A pair that no filter covers is the default response rule's: its filters come alive."""
    spd = node.agent.spd
    if spd.by_id(installed.entry.partition("/")[0]) is not None:
        return
    made = node.agent.default_response(installed.local, installed.peer, installed.selector)
    if made is not None and key_of(made[0], installed.peer) == installed.entry:
        spd.add_dynamic(*made)
        node.paths.clear()


def end(node: Node, pair: SaPair) -> None:
    """A pair is gone; with the last one of a dynamic filter the filter goes too."""
    if not owns(node, pair.entry) or node.sad.pairs_of(pair.entry):
        return
    made = node.agent.default_response(pair.local, pair.peer, pair.selector)
    assert made is not None, "a dynamic filter without its rule"
    node.agent.spd.remove_dynamic(*(one.id for one in made))
    node.paths.clear()


def keep(before: PolicyAgent, after: PolicyAgent) -> None:
    """A policy takes over the dynamic filters that it would make too."""
    for old in before.spd.dynamic:
        if old.direction == OUTBOUND:
            local, peer = old.source.address, old.destination.address
            selector = TrafficSelector(old.source, old.destination, old.protocol,
                                       old.source_port, old.destination_port)
            new = after.default_response(local, peer, selector)
            if new is not None and new[0] == old:
                after.spd.add_dynamic(*new)
