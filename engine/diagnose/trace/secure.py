"""Why a gateway's driver does not do with a packet what its tunnel is meant to."""

from typing import NamedTuple

from engine.address import format_address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.tunnels import Leg, judged_policy, legs_of
from engine.ip import IPv4, ports
from engine.policy.model import Policy
from engine.spd import OUTBOUND, SpdEntry, exempt


class Why(NamedTuple):
    """The code, the sentence and what mends it."""

    code: str
    text: str
    repairs: tuple[Fix, ...] = ()


def decide(station: Station, packet: IPv4, direction: str) -> tuple[SpdEntry | None, str]:
    """The driver's entry for a packet, or None and why (`engine.pipeline.outbound.decide`)."""
    agent = station.agent
    if not agent.spd:
        return None, "no filter is active"
    source_port, destination_port = ports(packet)
    exemption = exempt(agent.snapshot.exempt_level, packet.source, packet.destination,
                       packet.protocol, source_port, destination_port)
    if exemption:
        return None, f"exempt: {exemption}"
    entry = agent.spd.lookup(direction, packet.source, packet.destination, packet.protocol,
                             source_port, destination_port)
    return entry, "no filter matches" if entry is None else entry.action


def serves(entry: SpdEntry | None, intent: Intent, direction: str) -> bool:
    """Whether an entry protects the packets of an intent to (or from) the right end."""
    end = intent.peer if direction == OUTBOUND else intent.own
    return entry is not None and entry.action == "negotiate" and entry.tunnel == end


def why_not(station: Station, packet: IPv4, intent: Intent, direction: str,
            own: bool) -> Why:
    """The reason that a packet of `intent` does not meet its tunnel entry in that direction.

    `own` says whether this is the gateway whose view it is.
    """
    if not station.running:
        code = "service-not-running" if own else "peer-service-down"
        return Why(code, f"the IPSEC Policy Agent of {station.name} is stopped: no filter is "
                         "active", (repair.service(station),))
    judged = judged_policy(station.config)
    outbound = direction == OUTBOUND
    if judged is None:
        return Why("no-policy", f"{station.name} has no IPsec policy",
                   (_build(station, intent),))
    not_in_force = _not_in_force(station, judged)
    if not_in_force is not None:
        return not_in_force
    location, policy = judged
    legs = station.legs
    meant = [leg for leg in legs if leg.outbound == outbound
             and packet.source in leg.source and packet.destination in leg.destination]
    if not meant:
        return _no_leg(station, packet, intent, legs, outbound)
    reasons = [_leg_fault(station, packet, intent, leg, outbound) for leg in meant]
    if None in reasons:
        return _outvoted(station, packet, intent, direction,
                         meant[reasons.index(None)])
    reason = reasons[0]
    assert reason is not None
    return reason


def _build(station: Station, intent: Intent) -> Fix:
    """The whole policy from nothing, both ways, assigned."""
    name = repair.POLICY_NAME
    commands = [f'{repair.STATIC} add policy name="{name}" activatedefaultrule=no '
                'mmsecmethods="AES256-SHA256-14 AES256-SHA1-14 3DES-SHA1-2"']
    commands += repair.leg_lines(station, intent, True, "local", name)
    commands += repair.leg_lines(station, intent, False, "local", name, repair.ACTION_NAME)
    commands.append(f'{repair.STATIC} set policy name="{name}" assign=yes')
    return repair.fix(station, "Build the article's policy and assign it.", *commands)


def _not_in_force(station: Station, judged: tuple[str, Policy]) -> Why | None:
    """The policy with the tunnel is not the one in force."""
    location, policy = judged
    active = station.config.active_policy()
    if active is not None and active == judged:
        return None
    if active is None:
        return Why("policy-not-assigned", f"policy '{policy.name}' of {station.name} is not "
                   "assigned", (repair.assign(station, location, policy.name),))
    if active[0] == "domain":
        return Why("domain-policy-overrides", f"the domain's policy '{active[1].name}' is in "
                   f"force on {station.name} and overrides the {location} policy "
                   f"'{policy.name}'", (repair.unassign(station, active[0], active[1].name),))
    return Why("policy-not-assigned", f"policy '{active[1].name}' of {station.name} is in force, "
               f"not '{policy.name}', which has the tunnel",
               (repair.assign(station, location, policy.name),))


def _no_leg(station: Station, packet: IPv4, intent: Intent, legs: list[Leg],
            outbound: bool) -> Why:
    """No tunnel rule has a filter that the packet meets, whatever its protocol."""
    way = "out" if outbound else "in"
    flow = f"{format_address(packet.source)} to {format_address(packet.destination)}"
    same = [leg for leg in legs if leg.outbound == outbound]
    near = [leg for leg in same if packet.source in leg.source
            or packet.destination in leg.destination]
    if near:
        leg = near[0]
        source, destination = ((intent.local, intent.remote) if outbound
                               else (intent.remote, intent.local))
        return Why("filter-misses-traffic", f"the tunnel rule '{leg.rule.name}' of {station.name} "
                   f"is for {leg.source} to {leg.destination}, which leaves out {flow}",
                   (repair.replace_filter(station, leg, source, destination),))
    code = "missing-second-rule" if legs else "no-tunnel-rules"
    return Why(code, f"no tunnel rule of {station.name} takes {flow} {way}",
               (repair.add_leg(station, intent, outbound),))


def _leg_fault(station: Station, packet: IPv4, intent: Intent, leg: Leg,
               outbound: bool) -> Why | None:
    """What keeps one leg from doing its work; None when it is all right by itself."""
    rule, name = leg.rule, station.name
    if not rule.active:
        return Why("rule-disabled", f"rule '{rule.name}' of {name} is there but not active",
                   (repair.set_rule(station, leg, f"Activate rule '{rule.name}'.",
                                    "activate=yes"),))
    if rule.conntype == "dialup":
        return Why("rule-for-dialup-only", f"rule '{rule.name}' of {name} is for dial-up "
                   "connections only", (repair.set_rule(
                       station, leg, "Let the rule hold for all connections.", "conntype=all"),))
    end = intent.peer if outbound else intent.own
    if rule.tunnel != end:
        other = intent.tunnel and (intent.tunnel.back if outbound else intent.tunnel.out)
        both = other is not None and other.rule.tunnel == rule.tunnel
        whose = "the other gateway" if outbound else "this gateway's own end"
        return Why("both-rules-same-endpoint" if both and not outbound else
                   "wrong-tunnel-endpoint",
                   f"rule '{rule.name}' of {name} ends its tunnel at "
                   f"{format_address(rule.tunnel or 0)}, not at {format_address(end)}, {whose}",
                   (repair.set_rule(station, leg, f"Correct the tunnel end of '{rule.name}'.",
                                    f"tunnel={format_address(end)}"),))
    one = leg.filter
    if one.protocol or one.source_port or one.destination_port:
        if not _fits(leg, packet):
            return Why("protocol-specific-tunnel-filter", f"the filter of tunnel rule "
                       f"'{rule.name}' of {name} is for protocol {one.protocol} only "
                       f"(ports {one.source_port} to {one.destination_port})",
                       (repair.replace_filter(station, leg, leg.source, leg.destination),))
    action = station.config.filteraction(rule.filteraction, leg.location)
    if action.action != "negotiate":
        return Why("action-not-negotiate", f"filter action '{action.name}' of tunnel rule "
                   f"'{rule.name}' of {name} is '{action.action}'", (repair.set_action(
                       station, leg.location, action.name, "Let it negotiate security.",
                       "action=negotiate"),))
    return None


def _fits(leg: Leg, packet: IPv4) -> bool:
    one, (source_port, destination_port) = leg.filter, ports(packet)
    return (one.protocol in (0, packet.protocol) and one.source_port in (0, source_port)
            and one.destination_port in (0, destination_port))


def _outvoted(station: Station, packet: IPv4, intent: Intent, direction: str, leg: Leg) -> Why:
    """The leg is right, but another filter decides, or the driver does not have it."""
    entry, reason = decide(station, packet, direction)
    if entry is None and reason.startswith("exempt"):
        return Why("exempt-traffic", f"{reason} passes every filter of {station.name}", (
            repair.fix(station, "Take the default exemptions away.",
                       "ipsec dynamic set config property=ipsecexempt value=3"),))
    if entry is None or entry.rule == leg.rule.name:
        return Why("filter-not-active", f"the driver of {station.name} does not have the filter of "
                   f"rule '{leg.rule.name}'", (repair.restart_agent(station),))
    what = {"permit": "lets it pass in the clear", "block": "blocks it",
            "bypass": "lets it pass in the clear"}.get(entry.action, "takes it elsewhere")
    return Why("overlapping-filters-shadow", f"the more specific filter '{entry.name}' of rule "
               f"'{entry.rule}' of {station.name} comes before rule '{leg.rule.name}' and {what}",
               (repair.delete_rule(station, leg.location, leg.rule.policy, entry.rule),))


def why_refused(station: Station, packet: IPv4, entry: SpdEntry, own: bool) -> Why:
    """Why a packet in the clear is not let in: it meets an inbound entry of a tunnel or a block."""
    rule = f"rule '{entry.rule}' of {station.name}"
    if entry.action == "block":
        return Why("filter-blocks-traffic", f"filter '{entry.name}' of {rule} blocks it",
                   (_off(station, entry),))
    if entry.mirrored:
        legs = _legs_of_entry(station, entry)
        repairs = tuple(repair.replace_filter(station, leg, leg.source, leg.destination)
                        for leg in legs)
        return Why("mirrored-on-tunnel-filter", f"the mirrored filter '{entry.name}' of tunnel "
                   f"{rule} wants packets of this direction to come out of a tunnel, too",
                   repairs)
    return Why("cleartext-refused", f"it came in the clear, and filter '{entry.name}' of {rule} "
               "wants it protected")


def why_turned_back(station: Station, entry: SpdEntry, intent: Intent) -> Why:
    """Why what came out of the tunnel is sent into one again instead of to its host."""
    legs = _legs_of_entry(station, entry)
    rule = f"rule '{entry.rule}' of {station.name}"
    if entry.mirrored and legs:
        return Why("mirrored-on-tunnel-filter", f"the mirrored filter '{entry.name}' of tunnel "
                   f"{rule} sends what came out of the tunnel back into one",
                   (repair.replace_filter(station, legs[0], legs[0].source,
                                          legs[0].destination),))
    code = "both-rules-same-endpoint" if entry.tunnel == intent.peer else "wrong-tunnel-endpoint"
    end = format_address(intent.own)
    repairs = tuple(repair.set_rule(station, leg, f"Correct the tunnel end of '{entry.rule}'.",
                                    f"tunnel={end}") for leg in legs)
    return Why(code, f"{rule} ends its tunnel at {format_address(entry.tunnel or 0)}, not at "
               f"{end}, this gateway's own end", repairs)


def _off(station: Station, entry: SpdEntry) -> Fix:
    active = station.config.active_policy()
    location = active[0] if active is not None else "local"
    return repair.delete_rule(station, location, entry.policy, entry.rule)


def _legs_of_entry(station: Station, entry: SpdEntry) -> list[Leg]:
    judged = station.config.active_policy()
    if judged is None:
        return []
    found = legs_of(station.config, judged[0], judged[1].name, station.snapshot.interfaces)
    return [leg for leg in found if leg.filter.guid == entry.filter][:1]
