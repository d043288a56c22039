"""What the written policy says: in force, rules, tunnel ends, filters, actions, authentication."""

from collections.abc import Iterator

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    READ,
    STATIC,
    Result,
    blamed,
    check,
    found,
    passed,
    show,
    skipped,
)
from engine.diagnose.finding import Fix
from engine.diagnose.lines import describe_filter, same_auth
from engine.diagnose.look import Look
from engine.diagnose.station import Station
from engine.diagnose.tunnels import Leg, judged_policy
from engine.policy.model import FilterAction, Rule
from engine.policy.script import quote


@check("service", "policy", "Does the IPSec policy agent run?", kind=STATIC, verify="net start",
       codes=("service-not-running", "peer-service-down"))
def service(look: Look) -> Iterator[Result]:
    """The agent loads the filters and speaks IKE."""
    faults = list(blamed(look, ("service-not-running", "peer-service-down")))
    yield from faults
    if not faults and look.own.running:
        yield passed(f"The policy agent of {look.own.name} runs.")
    elif not faults:
        yield found("service-not-running", f"The IPSEC Policy Agent of {look.own.name} is "
                    "stopped.", fix=repair.service(look.own), machine=look.own.name)


@check("in-force", "policy", "Is the policy with the tunnel the one in force?", kind=STATIC,
       verify=showing.POLICIES,
       codes=("no-policy", "policy-not-assigned", "domain-policy-overrides"))
def in_force(look: Look) -> Iterator[Result]:
    """Assigned, and not overridden by the domain's."""
    codes = ("no-policy", "policy-not-assigned", "domain-policy-overrides")
    faults = list(blamed(look, codes))
    yield from faults
    if faults:
        return
    judged, active = look.policy, look.own.config.active_policy()
    if judged is None:
        yield found("no-policy", f"{look.own.name} has no IPsec policy.", machine=look.own.name)
    elif active != judged:
        location, policy = judged
        yield found("policy-not-assigned", f"Policy '{policy.name}' is not in force.",
                    fix=repair.assign(look.own, location, policy.name), machine=look.own.name)
    else:
        location, policy = judged
        yield passed(f"'{policy.name}' is in force ({location}).")


@check("rules", "policy", "Has the tunnel one rule for each direction, both activated?",
       kind=STATIC, verify=showing.NETDIAG,
       codes=("no-tunnel-rules", "missing-second-rule", "rule-disabled", "rule-for-dialup-only"))
def rules(look: Look) -> Iterator[Result]:
    """Two one-way rules."""
    faults = list(blamed(look, ("no-tunnel-rules", "missing-second-rule", "rule-disabled",
                                "rule-for-dialup-only")))
    yield from faults
    if not faults:
        lines = [_rule_words(leg) for leg in look.own.legs]
        if not lines:
            yield skipped("There is no tunnel rule.")
            return
        yield passed("Each direction has its rule.", evidence=(
            show(look.own, look, showing.rules(look.own), *lines[:8]),))


def _rule_words(leg: Leg) -> str:
    way = "out" if leg.outbound else "in"
    return (f"{leg.rule.name}: {leg.source} -> {leg.destination} ({way}), tunnel "
            f"{format_address(leg.rule.tunnel or 0)}")


@check("tunnel-ends", "policy", "Does each rule end its tunnel at the right gateway?",
       kind=STATIC, verify=showing.NETDIAG,
       codes=("wrong-tunnel-endpoint", "both-rules-same-endpoint"))
def tunnel_ends(look: Look) -> Iterator[Result]:
    """The other gateway on the way out, our own outer address on the way in."""
    faults = list(blamed(look, ("wrong-tunnel-endpoint", "both-rules-same-endpoint")))
    yield from faults
    if not faults:
        ends = dict.fromkeys(format_address(leg.rule.tunnel or 0) for leg in look.own.legs)
        yield passed(f"The ends are {', '.join(list(ends)[:6])}.") if ends else \
            skipped("There is no tunnel rule.")


@check("filters-plain", "policy", "Are the tunnel's filters one-way and for addresses only?",
       kind=STATIC, verify=showing.LISTS,
       codes=("mirrored-on-tunnel-filter", "protocol-specific-tunnel-filter"))
def filters_plain(look: Look) -> Iterator[Result]:
    """Tunnels support neither mirrored filters nor protocols and ports."""
    clean = True
    for station in look.gateways:
        legs = station.legs
        for code, wrong, what in (
                ("mirrored-on-tunnel-filter", [one for one in legs if one.filter.mirrored],
                 "is mirrored"),
                ("protocol-specific-tunnel-filter",
                 [one for one in legs if _narrow(one) and not one.filter.mirrored],
                 "names a protocol or a port")):
            if wrong:
                clean = False
                yield _unplain(look, station, code, wrong, what)
    if clean:
        lines = [f"{leg.rule.filterlist}: {describe_filter(leg.filter)}"
                 for leg in look.own.legs[:8]]
        yield passed("Every tunnel filter is one-way, any protocol.",
                     evidence=(show(look.own, look, showing.LISTS, *lines),)) if lines else \
            skipped("There is no tunnel rule.")


def _narrow(leg: Leg) -> bool:
    one = leg.filter
    return bool(one.protocol or one.source_port or one.destination_port)


def _unplain(look: Look, station: Station, code: str, wrong: list[Leg], what: str) -> Result:
    fixes = [repair.replace_filter(station, leg, leg.source, leg.destination) for leg in wrong]
    fix = fixes[0]._replace(commands=tuple(dict.fromkeys(
        line for one in fixes for line in one.commands)))
    lines = tuple(f"{leg.rule.filterlist}: {describe_filter(leg.filter)}" for leg in wrong)
    names = ", ".join(dict.fromkeys(f"'{leg.rule.name}'" for leg in wrong))
    return found(code, f"A filter of tunnel rule {names} of {station.name} {what}.", fix=fix,
                 machine=station.name, proof=READ,
                 evidence=(show(station, look, showing.LISTS, *lines[:8]),))


@check("filters-cover", "policy", "Do the tunnel's filters cover the traffic?", kind=STATIC,
       verify=showing.LISTS, codes=("filter-misses-traffic",))
def filters_cover(look: Look) -> Iterator[Result]:
    """Both whole networks."""
    faults = list(blamed(look, ("filter-misses-traffic",)))
    yield from faults
    if not faults and look.intent is not None:
        yield passed(f"They are for {look.intent.local} and {look.intent.remote}.")


@check("action", "policy", "Does the filter action negotiate, and accept nothing unsecured?",
       kind=STATIC, verify=showing.ACTIONS,
       codes=("action-not-negotiate", "soft-association-allowed", "inpass-allowed"))
def action(look: Look) -> Iterator[Result]:
    """Neither soft=yes nor inpass=yes for a tunnel."""
    faults = list(blamed(look, ("action-not-negotiate",)))
    for station in look.gateways:
        for location, one in station.actions.values():
            if one.action == "negotiate" and (one.soft or one.inpass):
                faults.append(_unsecured(look, station, location, one))
    yield from faults
    if not faults:
        names = ", ".join(f"'{name}'" for name in look.own.actions)
        yield passed(f"{names} negotiates, and accepts nothing unsecured.") if names else \
            skipped("There is no tunnel rule.")


def _unsecured(look: Look, station: Station, location: str, one: FilterAction) -> Result:
    code = "soft-association-allowed" if one.soft else "inpass-allowed"
    what = "falls back to unsecured communication" if one.soft \
        else "accepts unsecured communication"
    because = [f"Filter action '{one.name}' of {station.name} {what}."]
    soft = look.seen.after[station.name].soft if look.seen and station.name in look.seen.after \
        else ()
    if soft:
        because.append("A soft association exists: traffic passes in the clear now.")
    return found(code, *because, machine=station.name, proof=READ,
                 fix=repair.set_action(station, location, one.name,
                                       "Allow no unsecured communication.", "soft=no inpass=no"),
                 evidence=(show(station, look, showing.ACTIONS,
                                f"{one.name}: soft {_yes(one.soft)}, inpass {_yes(one.inpass)}"),
                           *((show(station, look, showing.MONITOR,
                                   f"{len(soft)} soft association(s)"),) if soft else ())))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


@check("authentication", "policy", "Do both rules authenticate by the same usable method?",
       kind=STATIC, verify=showing.POLICIES,
       codes=("auth-methods-differ-between-rules",))
def authentication(look: Look) -> Iterator[Result]:
    """The same method must be used in both rules."""
    faults = []
    for station in look.gateways:
        for tunnel in station.tunnels:
            out, back = tunnel.out, tunnel.back
            if out is not None and back is not None and not same_auth(out.rule, back.rule):
                faults.append(_differ(look, station, out, back))
    yield from faults
    legs = look.own.legs
    if not faults:
        yield passed(f"Both rules use {_ways(legs[0].rule)}.") if legs else \
            skipped("There is no tunnel rule.")


def _ways(rule: Rule) -> str:
    words = {"psk": "a pre-shared key", "rootca": "certificates", "kerberos": "Kerberos"}
    return ", then ".join(dict.fromkeys(words.get(one.kind, one.kind) for one in rule.auth)) \
        or "nothing"


def _differ(look: Look, station: Station, out: Leg, back: Leg) -> Result:
    good = next((leg.rule for leg in (out, back)
                 if any(one.kind != "kerberos" for one in leg.rule.auth)), out.rule)
    lines = tuple(f"{leg.rule.name}: {_ways(leg.rule)}" for leg in (out, back))
    alike = lines[0].partition(": ")[2] == lines[1].partition(": ")[2]
    text = "different keys" if alike else f"{_ways(out.rule)} and {_ways(back.rule)}"
    return found("auth-methods-differ-between-rules",
                 f"Rules '{out.rule.name}' and '{back.rule.name}' of {station.name} use {text}.",
                 machine=station.name, proof=READ,
                 fix=repair.same_authentication(station, (out, back), repair.authentication(good),
                                                "Give both rules the same method."),
                 evidence=(show(station, look, showing.rules(station),
                                *lines),))


@check("driver", "policy", "Does the driver do what the policy says?", kind=STATIC,
       verify=showing.NETDIAG,
       codes=("filter-not-active", "exempt-traffic", "filter-blocks-traffic",
              "cleartext-refused"))
def driver(look: Look) -> Iterator[Result]:
    """The filters that are loaded, and what else decides."""
    faults = list(blamed(look, ("filter-not-active", "exempt-traffic", "filter-blocks-traffic",
                                "cleartext-refused")))
    yield from faults
    if not faults and look.own.running:
        count = len(look.own.agent.spd.entries)
        yield passed(f"It has {count} filter(s) loaded.") if count else \
            skipped("No filter is loaded.")


@check("default-response", "policy", "Is the default response rule off?", kind=STATIC,
       verify=showing.POLICIES, codes=("default-response-rule-on",))
def default_response(look: Look) -> Iterator[Result]:
    """A gateway does not answer strangers."""
    clean = True
    for station in look.gateways:
        judged = judged_policy(station.config)
        if judged is None or not judged[1].default_rule.active:
            continue
        clean = False
        location, policy = judged
        yield found("default-response-rule-on", f"The default response rule of '{policy.name}' on "
                    f"{station.name} is active.", machine=station.name, proof=READ,
                    fix=Fix("Deactivate it.", repair.located(
                        location, f"ipsec static set defaultrule policy={quote(policy.name)} "
                                  "activate=no"), True, station.name))
    if clean:
        yield passed("It is off.")
