"""What is in force beside the stored policy: dynamic filters, and what `ipsec dynamic` added.

The default response rule at work: dynamic filters that live as long as their associations.

Windows' "Client (Respond Only)": a peer that asks is answered in transport mode, and while a
pair lives the traffic between the two hosts must be protected; before and after it is free.
"""

from engine.agent import BoundRule, PolicyAgent, PolicySnapshot, key_of
from engine.ike.interface import SaInstalled, TrafficSelector
from engine.pipeline.node import Node
from engine.policy.live import PFS_GROUPS, Live, LiveRule, MainPolicy, QuickPolicy
from engine.policy.model import DefaultRule, FilterAction, FilterList, Policy, Rule
from engine.sad import SaPair
from engine.spd import INBOUND, OUTBOUND


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


# --- live rules ---------------------------------------------------------------------------------


def merge(snapshot: PolicySnapshot, live: Live) -> PolicySnapshot:
    """The stored policy with the live rules behind its own.

    A rule may name the policy in force as its main mode policy.
    """
    if not live.rules:
        return snapshot
    mains = {one.name.casefold(): _main(one) for one in live.mains}
    if snapshot.policy is not None:
        mains.setdefault(snapshot.policy.name.casefold(), snapshot.policy)
    quicks = {one.name.casefold(): one for one in live.quicks}
    bound = [each for rule in live.rules if (main := mains.get(rule.main.casefold())) is not None
             for each in _bind(rule, main, quicks.get(rule.quick.casefold()))]
    return snapshot._replace(rules=(*snapshot.rules, *bound))


def _main(one: MainPolicy) -> Policy:
    return Policy(one.name, "", False, one.qmpermm, one.mmlifetime, methods=one.methods,
                  default_rule=DefaultRule(active=False))


def _bind(one: LiveRule, main: Policy, quick: QuickPolicy | None) -> list[BoundRule]:
    """One rule for both directions, or one for each when their actions differ."""
    quick = quick or QuickPolicy("")
    group = PFS_GROUPS[quick.pfsgroup]
    rule = Rule(one.name, main.name, one.name, quick.name, one.tunnel, one.conntype,
                auth=one.auth, guid=f"live {one.key}")
    filters = FilterList(one.name, filters=(one.filter._replace(guid=rule.guid),))
    ways = {OUTBOUND: one.outbound, INBOUND: one.inbound}
    if one.outbound == one.inbound:
        ways = {"": one.outbound}
    return [BoundRule(rule, filters, FilterAction(quick.name, "", action, group != 0,
                                                  soft=quick.soft, methods=quick.methods),
                      main, direction, max(group, 0)) for direction, action in ways.items()]
