"""What two gateways would agree on: both configurations compared, or our own judged by itself."""

from collections.abc import Iterator

from engine.diagnose import repair, showing
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.checks.declare import (
    READ,
    STATIC,
    Result,
    afresh,
    blamed,
    check,
    elsewhere,
    found,
    passed,
    sentence,
    show,
    together,
)
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Blamed, Look
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.trace.phase1 import unusable
from engine.diagnose.trace.record import Record
from engine.diagnose.tunnels import judged_policy
from engine.ike.failure import Failure
from engine.ike.negotiation import usable
from engine.policy.model import FilterAction, Policy, Secret
from engine.suites import (
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
    weak_main_mode,
    weak_quick_mode,
)

PHASE1 = ("auth-method-unusable", "auth-method-mismatch", "phase1-proposal-mismatch",
          "psk-mismatch", "peer-identity-mismatch", "certificate-unusable",
          "certificate-not-trusted", "cert-expired-or-not-yet-valid", "nat-in-path-no-natt")
VERSION = "ike-version-mismatch"
# The layers of what both gateways must agree on; where a far network is, nobody here knows.
AGREED = frozenset({"policy", "policy-store", "ike-phase1", "ike-phase2", "time/pki"})
# What mends them would change a filter that another tunnel needs.
SHARED_FILTERS = ("filter-misses-traffic", "overlapping-filters-shadow")
PHASE2 = ("encapsulation-mode-mismatch", "peer-filter-not-mirrored", "phase2-proposal-mismatch",
          "pfs-mismatch")
STRONG_MAIN, STRONG_QUICK = MainModeMethod("AES256", "SHA256", 14), QuickModeMethod(
    "AES256", "SHA256")
# What a method without lifetimes of its own asks for.
SECONDS, KILOBYTES = 3600, 100_000
# Shorter lifetimes are not taken by the policy store.
SHORTEST = 300


@check("agree-main", "negotiation", "Would both gateways agree on main mode?", kind=STATIC,
       verify=showing.POLICIES, codes=(*PHASE1, VERSION))
def agree_main(look: Look) -> Iterator[Result]:
    """Authentication, suites, keys, identities, certificates."""
    faults = [one._replace(fix=_both_keys(look)) if one.code == "psk-mismatch" else one
              for one in blamed(look, PHASE1)]
    if look.imported is not None and look.imported.newer:
        faults.insert(0, found(VERSION, f"{look.imported.newer[0]} of the other gateway's file is "
                               "for IKEv2 only.", machine=look.own.name, proof=READ, fix=Fix(
                                   "On the other gateway: version = 1 in swanctl.conf, "
                                   "keyexchange=ikev1 in ipsec.conf.", (), False)))
    faults += _ways_of_file(look)
    yield from faults
    if look.peer is None:
        yield from _own_ways(look)
    if not faults and look.peer is not None:
        yield passed(f"{look.own.name} and {look.peer.name} have a suite and a way to "
                     "authenticate in common.")


def _ways_of_file(look: Look) -> Iterator[Result]:
    """A file has no certificates, so nobody can try them; the methods' kinds can be compared."""
    if look.imported is None or look.peer is None:
        return
    ours, theirs = ({method.kind for leg in station.legs for method in leg.rule.auth}
                    for station in (look.own, look.peer))
    if ours and theirs and not ours & theirs:
        names = {"psk": "pre-shared key", "rootca": "certificate", "kerberos": "Kerberos"}
        yield found("auth-method-mismatch", f"{look.own.name} authenticates by "
                    f"{' or '.join(names[one] for one in sorted(ours))}, the other gateway by "
                    f"{' or '.join(names[one] for one in sorted(theirs))}.",
                    machine=look.own.name, proof=READ)


def _both_keys(look: Look) -> Fix | None:
    """The agreed key into every rule of the tunnel, at both ends."""
    lines = []
    for station in look.gateways:
        legs = tuple(station.legs)
        lines.append(repair.same_authentication(station, legs, f"psk={repair.KEY}", "").commands
                     if legs else ())
    if look.peer is not None:
        commands = elsewhere(look, lines[0], lines[1])
    else:
        commands = lines[0]
    return Fix("Type the agreed key into both rules of both gateways.",
               (*commands, repair.FRESH), True, look.own.name)


def _own_ways(look: Look) -> Iterator[Result]:
    """Whether one gateway alone has anything to authenticate with."""
    intent = look.intent
    policy = look.own.agent.phase1(intent.own, intent.peer) if intent is not None else None
    if policy is None:
        return
    try:
        usable(policy, look.wall)
    except Failure as failure:
        record = Record(look.scene, look.wall)
        unusable(record, look.own, failure)
        one = record.blockers[0]
        yield found(one.code, sentence(one.text), machine=look.own.name, proof=READ,
                    fix=one.repairs[0] if one.repairs else None)
    else:
        yield passed(f"{look.own.name} has a way to authenticate.")


@check("agree-quick", "negotiation", "Would both gateways agree on quick mode?", kind=STATIC,
       verify=showing.ACTIONS, codes=PHASE2)
def agree_quick(look: Look) -> Iterator[Result]:
    """Networks, suites, mode, PFS."""
    faults = list(blamed(look, PHASE2))
    yield from faults
    if not faults and look.peer is not None:
        yield passed("Networks, suites, mode and PFS agree.")


@check("other-tunnels", "negotiation", "Would the other tunnels with that gateway work?",
       kind=STATIC, verify="diag trace")
def other_tunnels(look: Look) -> Iterator[Result]:
    """Policy and negotiation of each, as configuration has them."""
    groups: dict[tuple[str, str, Intent], list[Blamed]] = {}
    for intent, one in look.elsewhere:
        cause = CAUSES[one.blocker.code]
        if cause.layer in AGREED:
            place = look.own.name if cause.shared else one.blocker.machine
            groups.setdefault((cause.code, place, intent), []).append(one)
    for (code, machine, intent), members in groups.items():
        words = dict.fromkeys(sentence(one.blocker.text) for one in members)
        yield found(code, f"The tunnel {intent.local} to {intent.remote}: " + " ".join(words),
                    machine=machine, proof=READ, fix=None if code in SHARED_FILTERS
                    else afresh(look, together(members)))
    if not groups:
        yield passed("They would, or there are none.")


@check("lifetimes", "negotiation", "Do both ends want the same lifetimes?", kind=STATIC,
       verify=showing.SAS, codes=("lifetime-mismatch",))
def lifetimes(look: Look) -> Iterator[Result]:
    """Both configurations, or what was agreed on against what was asked for."""
    result = _lives_of_both(look) if look.peer is not None else _lives_agreed(look)
    if result is not None:
        yield result
    elif look.peer is not None or (look.seen and look.seen.after[look.own.name].pairs):
        yield passed("They agree.")


Life = tuple[int, int]


def _lives(station: Station) -> dict[str, set[Life]]:
    """Seconds and kilobytes that each action offers, by its name."""
    return {name: {(one.seconds or SECONDS, one.kilobytes or KILOBYTES)
                   for one in action.methods} for name, (_, action) in station.actions.items()}


def _lives_of_both(look: Look) -> Result | None:
    assert look.peer is not None
    ours, theirs = _lives(look.own), _lives(look.peer)
    mine = set().union(*ours.values()) if ours else set()
    yours = set().union(*theirs.values()) if theirs else set()
    if not mine or not yours or mine & yours:
        return None
    name, (location, action) = next(iter(look.peer.actions.items()))
    seconds, kilobytes = next(iter(mine))
    fix = _same_life(look.peer, location, action, seconds, kilobytes)
    return found("lifetime-mismatch", f"{look.own.name} offers {_life(mine)}, {look.peer.name} "
                 f"{_life(yours)}: associations live for the shorter time.",
                 machine=look.peer.name, proof=READ, fix=fix, evidence=(
                     show(look.own, look, showing.ACTIONS, _life(mine)),
                     show(look.peer, look, showing.action(name),
                          _life(yours))))


def _life(found_lives: set[Life]) -> str:
    return ", ".join(f"{seconds} s / {kilobytes} kB" for seconds, kilobytes in sorted(found_lives))


def _same_life(station: Station, location: str, action: FilterAction, seconds: int,
               kilobytes: int) -> Fix:
    methods = tuple(one._replace(seconds=seconds, kilobytes=kilobytes) for one in action.methods)
    return repair.quick_methods(station, location, action.name, methods,
                                f"Make the lifetimes of {station.name} equal.")


def _lives_agreed(look: Look) -> Result | None:
    """Of one gateway alone: an association that lives shorter than we asked for."""
    if look.seen is None:
        return None
    wanted = {one for lives in _lives(look.own).values() for one in lives}
    for pair in look.seen.after[look.own.name].pairs:
        if pair.peer != look.peer_address() or not wanted:
            continue
        least = min(seconds for seconds, _ in wanted)
        if 0 < pair.seconds < least:
            text = (f"An association with {look.peer_words()} lives {pair.seconds} s, and we ask "
                    f"for {least} s: the other gateway wants it shorter.")
            return found("lifetime-mismatch", text, machine=look.peer_name, evidence=(
                show(look.own, look, showing.SAS,
                     f"lifetime {pair.seconds} s, configured {least} s"),),
                fix=_shorter(look, pair.seconds))
    return None


def _shorter(look: Look, seconds: int) -> Fix | None:
    """The end that can be reached takes over the other one's lifetime."""
    for location, action in look.own.actions.values():
        if action.methods:
            life = max(seconds, SHORTEST)
            return _same_life(look.own, location, action, life,
                              action.methods[0].kilobytes or KILOBYTES)
    return None


# --- strength -------------------------------------------------------------------------------------


@check("strength", "negotiation", "Are the offered suites strong?", kind=STATIC,
       verify=showing.ACTIONS, codes=("weak-des-proposal",))
def strength(look: Look) -> Iterator[Result]:
    """DES, MD5 and the small groups are no cause of failure, and no protection."""
    judged = look.policy
    if judged is None:
        return
    location, policy = judged
    main = [one for one in policy.methods if weak_main_mode(one)]
    weak = [format_main_mode(one) for one in main]
    commands: list[str] = []
    if main:
        commands += repair.main_methods(look.own, location, policy, _main(look, policy),
                                        "").commands
    for place, action in look.own.actions.values():
        quick = [one for one in action.methods if weak_quick_mode(one)]
        weak += [format_quick_mode(one) for one in quick]
        if quick:
            commands += repair.quick_methods(look.own, place, action.name,
                                             _quick(look, action), "").commands
    if not weak:
        yield passed("No weak suite is offered.")
        return
    ordered = [one for one in dict.fromkeys(commands) if one != repair.FRESH]
    yield found("weak-des-proposal", f"{look.own.name} offers {', '.join(dict.fromkeys(weak))}.",
                machine=look.own.name, proof=READ, evidence=_in_use(look),
                fix=Fix("Offer stronger suites only.", (*ordered, repair.FRESH),
                        look.peer is not None, look.own.name))


def _in_use(look: Look) -> tuple[Evidence, ...]:
    pairs = look.seen.after[look.own.name].pairs if look.seen else ()
    weak = [one.method for one in pairs if any(word in one.method for word in ("DES,", "MD5"))]
    return (show(look.own, look, showing.SAS,
                 *dict.fromkeys(f"in use: {one}" for one in weak)),) if weak else ()


def _main(look: Look, policy: Policy) -> tuple[MainModeMethod, ...]:
    """Strong ones: those that we have, those of the other gateway, else a common one."""
    good = tuple(one for one in policy.methods if not weak_main_mode(one))
    if good or look.peer is None:
        return good or (STRONG_MAIN,)
    judged = judged_policy(look.peer.config)
    theirs = judged[1].methods if judged is not None else ()
    return tuple(one for one in theirs if not weak_main_mode(one))[:2] or (STRONG_MAIN,)


def _quick(look: Look, action: FilterAction) -> tuple[QuickModeMethod, ...]:
    good = tuple(one for one in action.methods if not weak_quick_mode(one))
    if good or look.peer is None:
        return good or (STRONG_QUICK,)
    theirs = [one for _, other in look.peer.actions.values() for one in other.methods]
    return tuple(one for one in theirs if not weak_quick_mode(one))[:2] or (STRONG_QUICK,)


@check("key", "negotiation", "Is the pre-shared key hard to guess?", kind=STATIC,
       verify=showing.POLICIES,
       codes=("weak-key",))
def key(look: Look) -> Iterator[Result]:
    """Names rules, never keys."""
    from engine.policy.keystrength import is_weak
    rules = dict.fromkeys(leg.rule for leg in look.own.legs)
    keyed = [one for one in rules if any(method.kind == "psk" for method in one.auth)]
    weak = [one.name for one in keyed if any(
        method.kind == "psk" and is_weak(Secret(method.value)) for method in one.auth)]
    if weak:
        names = " and ".join(f"'{name}'" for name in weak[:4])
        yield found("weak-key", f"The key of {names} has fewer than 112 bits.",
                    machine=look.own.name, proof=READ, fix=Fix(
                        "Agree on 20 random characters or more, and type them at both ends.",
                        (), False, look.own.name))
    elif keyed:
        yield passed("It has 112 bits or more.")
