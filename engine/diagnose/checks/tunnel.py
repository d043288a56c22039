"""What became of quick mode, and of the packets in the tunnel once there are associations."""

from collections.abc import Iterator

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    INFERRED,
    LIVE,
    Result,
    check,
    found,
    next_check,
    passed,
    show,
    shown,
    skipped,
    undecided,
)
from engine.diagnose.checks.ike import LOST, UNANSWERED, behind_nat, untraversed
from engine.diagnose.checks.negotiated import (
    attempts,
    event_lines,
    outcome,
    unheard,
    wire_lines,
)
from engine.diagnose.checks.silence import lost, open_esp
from engine.diagnose.checks.silence import trail_lines as trails
from engine.diagnose.exam.crossing import ESP_
from engine.diagnose.exam.reach import Reach
from engine.diagnose.exam.seen import Probe
from engine.diagnose.exam.side import Side
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Look
from engine.dropnames import sentence as meaning
from engine.history import QUICK, Outcome
from engine.ike.constants import NotifyType
from engine.policy.methods import parse_quick_mode
from engine.suites import format_quick_mode


@check("quick-mode", "negotiation", "Does quick mode come to a good end?", kind=LIVE,
       verify=showing.EVENTS,
       codes=("phase2-proposal-mismatch", "pfs-mismatch", "peer-filter-not-mirrored"))
def quick_mode(look: Look) -> Iterator[Result]:
    """Which notify refused it, and whether the same offer was ever taken."""
    last = outcome(look, QUICK)
    if look.seen is None or (last is None and not look.seen.after[look.own.name].pairs):
        yield skipped("It was not tried.")
    elif last is None or last.failure is None:
        text = f"{last.method}, {last.lifetime} s." if last is not None else "Associations are up."
        yield passed(text)
    else:
        yield from _refused(look, last)


def _refused(look: Look, last: Outcome) -> Iterator[Result]:
    assert last.failure is not None
    tries = attempts(look)
    evidence = wire_lines(look, tries[-1] if tries else None) + event_lines(look)
    notify, peer = last.failure.notify, look.peer_words()
    if notify == NotifyType.INVALID_ID_INFORMATION:
        yield _identities(look, last, evidence)
    elif notify == NotifyType.NO_PROPOSAL_CHOSEN:
        yield _proposal(look, evidence)
    elif last.failure.point == "Me" and last.failure.code not in UNANSWERED:
        yield undecided(("phase2-proposal-mismatch", "peer-filter-not-mirrored"),
                        f"We refuse what {peer} answers: {', '.join(last.failure.detail)}.",
                        evidence=evidence, next=(next_check(look),))
    elif last.failure.code not in UNANSWERED:
        yield undecided(("phase2-proposal-mismatch", "pfs-mismatch", "peer-filter-not-mirrored",
                         "encapsulation-mode-mismatch"), f"{peer} refuses quick mode; the log does "
                        "not say with which notify.", evidence=evidence,
                        next=("diag probe", next_check(look)))
    else:
        yield undecided((*LOST, "phase2-proposal-mismatch", "peer-filter-not-mirrored",
                         "pfs-mismatch"), f"{peer} does not answer quick mode.", evidence=evidence,
                        next=(next_check(look), "diag probe"))


def _identities(look: Look, last: Outcome, evidence: tuple[Evidence, ...]) -> Result:
    """The networks are refused; if they were taken before, the other end has changed."""
    text = (f"{look.peer_words()} refuses the networks that we ask for, with "
            f"INVALID-ID-INFORMATION (18): {_asked(last)}")
    fix = mirror(look)
    if fix is None and look.agreed(QUICK) is not None:
        return undecided(("peer-filter-not-mirrored", "protocol-specific-tunnel-filter",
                          "mirrored-on-tunnel-filter"), f"{text}, which it took before.",
                         evidence=evidence, next=(next_check(look),))
    return found("peer-filter-not-mirrored", f"{text}.", evidence=evidence,
                 machine=look.own.name, fix=fix, proof=INFERRED, next=(next_check(look),))


def _asked(last: Outcome) -> str:
    selector = last.selector
    return f"{selector.local} to {selector.remote}" if selector is not None else "our filters"


def mirror(look: Look) -> Fix | None:
    """The networks that were agreed on before, else those of the operator's names."""
    intent, before = look.intent, look.agreed(QUICK)
    if intent is None:
        return None
    local, remote = intent.local, intent.remote
    if before is not None and before.selector is not None:
        local, remote = before.selector.local, before.selector.remote
    elif look.hints is not None and look.hints.own in look.own.own:
        local, remote = look.hints.net_a, look.hints.net_b
    elif look.hints is not None:
        local, remote = look.hints.net_b, look.hints.net_a
    commands: list[str] = []
    for leg in look.own.legs:
        if leg.source not in (intent.local, intent.remote):
            continue
        ends = (local, remote) if leg.outbound else (remote, local)
        if (leg.source, leg.destination) != ends:
            commands += repair.replace_filter(look.own, leg, *ends).commands
    if not commands:
        return None
    return Fix("Make the filters the exact mirror image of the other gateway's; these are the "
               "networks as they are known here:", tuple(commands), True, look.own.name)


def _proposal(look: Look, evidence: tuple[Evidence, ...]) -> Result:
    """Suites or PFS: what was agreed on before may tell."""
    before, peer = look.agreed(QUICK), look.peer_words()
    offered = {format_quick_mode(one._replace(seconds=0, kilobytes=0))
               for _, action in look.own.actions.values() for one in action.methods}
    text = f"{peer} refuses our quick mode offers with NO-PROPOSAL-CHOSEN (14)"
    if before is not None and before.method:
        suite = parse_quick_mode(before.method)[0]._replace(seconds=0, kilobytes=0)
        if format_quick_mode(suite) not in offered:
            name, (location, _) = next(iter(look.own.actions.items()))
            return found("phase2-proposal-mismatch", f"{text}; {format_quick_mode(suite)}, which "
                         "both agreed on before, is not offered any more.", evidence=evidence,
                         machine=look.own.name, proof=INFERRED, next=("diag probe",),
                         fix=repair.quick_methods(look.own, location, name, (suite,),
                                                  "Offer it again."))
        text += ", although the suite that both agreed on before is offered"
    return undecided(("phase2-proposal-mismatch", "pfs-mismatch"), f"{text}: suites or PFS.",
                     evidence=evidence, next=("diag probe", next_check(look)))


# --- in the tunnel --------------------------------------------------------------------------------

TUNNEL = ("esp-blocked-ike-passes", "stale-sa-after-peer-reboot", "host-firewall-blocks-icmp",
          "host-default-gateway-wrong", "far-host-unreachable", "udp4500-blocked-on-path",
          "nat-in-path-no-natt")


@check("tunnel-answers", "sa", "Do packets of the tunnel come back?", kind=LIVE, verify=showing.SAS,
       codes=TUNNEL)
def tunnel_answers(look: Look) -> Iterator[Result]:
    """Associations are no proof: packets must go out and come in."""
    side, seen = look.side, look.seen
    if side is None or seen is None:
        yield skipped("Nothing was tried.")
        return
    out, back = _sealed(look, side)
    line = show(look.own, look, showing.frames(look.own.name, side.outside),
                f"protected packets out {out}, in {back}")
    if seen.recorded and look.outcomes and look.outcomes[-1].failure is not None:
        yield skipped("The last negotiation failed.")
    elif look.works:
        yield passed("They do.", evidence=(line,)) if back else skipped("None was sent.")
    elif not seen.after[look.own.name].pairs and not out:
        yield skipped("There are no associations.")
    elif look.far_side is not None:
        yield from _both(look, side, look.far_side, line)
    elif back:
        yield from _behind(look, side, line)
    else:
        yield from _one_way(look, side, line)


def _sealed(look: Look, side: Side) -> tuple[int, int]:
    """Protected packets out and in while the test pinged."""
    until = look.pinged_until
    return side.count(True, "esp", until), side.count(False, "esp", until)


def _both(look: Look, side: Side, far: Side, line: Evidence) -> Iterator[Result]:
    """Both ends: the packet is followed from wire to wire."""
    assert look.peer is not None
    left, came = _sealed(look, far)
    there = show(look.peer, look, showing.frames(look.peer.name, far.outside),
                 f"protected packets in {came}, out {left}")
    out, back = _sealed(look, side)
    unknown = far.drops().get("bad-spi", 0)
    if unknown and came:
        yield found("stale-sa-after-peer-reboot", f"{look.peer.name} does not know the SPI of our "
                    "packets any more.", evidence=(line, there, shown(
                        showing.STATS, f"bad-spi +{unknown}", machine=look.peer.name)),
                    machine=look.own.name, fix=forget(look))
    elif out and not came:
        yield lost(look, "esp", False, (line, there))
    elif left and not back and not _crosses_back(look):
        yield lost(look, "esp", True, (line, there))
    elif came and not left:
        yield from _far_host(look, far, (line, there))
    else:
        yield skipped("ESP goes both ways.")


def _crosses_back(look: Look) -> bool:
    """Whether the other gateway's packets of the tunnel do arrive, be it late."""
    return look.back is not None and look.back.arrived(ESP_) > 0


def _far_host(look: Look, far: Side, evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """What the tunnel brings is handed to the host, and nothing comes back from it."""
    assert look.peer is not None
    near, target = look.ends
    asked = far.echoes(True, near, target)
    answered = far.echoes(False, target, near)
    evidence = (*evidence, show(
        look.peer, look, showing.frames(look.peer.name, far.inside),
        f"echoes to {format_address(target)} {asked}, answers {answered}"))
    if not asked or answered:
        yield skipped("The packets do not get as far as the host.")
        return
    yield from silent_host(look, look.seen.probe("behind") if look.seen else None, evidence)


def silent_host(look: Look, behind: Probe | None,
                evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """A host that was asked and does not answer us: does it answer its own gateway?"""
    target = format_address(look.ends.far)
    if behind is not None and behind.replies:
        yield found("host-default-gateway-wrong", f"{target} answers its own gateway, and its "
                    "answers to us do not come back to it.", evidence=evidence)
    elif _datagram_answered(look):
        yield found("host-firewall-blocks-icmp", f"{target} answers a datagram, and no echo.",
                    evidence=evidence, fix=_let_echo(look))
    elif behind is not None:
        yield undecided(("host-firewall-blocks-icmp", "far-host-unreachable"), f"{target} does not "
                        "answer its own gateway either.", evidence=evidence,
                        next=(f"ping {target} from another host of its network",))


def _let_echo(look: Look) -> Fix:
    owner = look.scene.owner(look.ends.far)
    name = owner.name if owner is not None else look.far_name
    return Fix("Let the host answer echo requests, or test with another protocol.",
               ("firewall set icmpsetting type=8 mode=enable",), bool(owner), name)


def _datagram_answered(look: Look) -> bool:
    """Whether the far host answered the datagram to a port on which nobody listens."""
    return look.seen is not None and bool(look.seen.replies("udp"))


def _behind(look: Look, side: Side, line: Evidence) -> Iterator[Result]:
    """Packets come back and no answer arrives: our own end, or another conversation's packets."""
    reasons = side.drops()
    told = [f"{name} +{count}" for name, count in reasons.most_common(3)]
    if _datagram_answered(look):
        yield from silent_host(look, None, (line,))
    elif reasons:
        name = reasons.most_common(1)[0][0]
        yield undecided(("tunnel-packets-refused", "rras-input-filter-missing-netb-neta"),
                        f"Packets come out of the tunnel and are dropped here: {meaning(name)}",
                        evidence=(line, show(look.own, look, showing.STATS, *told)),
                        next=("diag trace decrypted",))
    else:
        yield undecided(("host-default-gateway-wrong", "host-firewall-blocks-icmp"),
                        "Packets come out of the tunnel, and the test's answers are not among "
                        "them.", evidence=(line,), next=(next_check(look),))


def _one_way(look: Look, side: Side, line: Evidence) -> Iterator[Result]:
    """ESP goes out, none comes in, and only our end is in view."""
    assert look.seen is not None
    reach = Reach(look.seen)
    place = reach.blocked("esp")
    target = format_address(look.ends.far)
    inner = look.seen.probe("inner")
    if behind_nat(look):
        yield untraversed(look, (line,))
    elif unheard(look) is not None:
        yield found("ike-message-lost", f"{look.peer_words()} repeats a message of IKE although we "
                    "answer each time: our answer does not arrive there.", evidence=(
                        line, *wire_lines(look, unheard(look))), proof=INFERRED,
                    next=(next_check(look),))
    elif place is not None:
        yield found("esp-blocked-ike-passes", f"ESP ends "
                    f"{place.words(format_address(look.peer_address()))}; echoes go on.",
                    evidence=(line, *trails(look, "esp")), fix=open_esp(look))
    elif _datagram_answered(look):
        yield from silent_host(look, None, (line,))
    elif inner is not None and inner.replies:
        yield undecided(("host-default-gateway-wrong", "far-host-unreachable",
                         "ip-forwarding-off", "rras-filter-drops-traffic",
                         "mirrored-on-tunnel-filter"),
                        "The other gateway's inner address answers through the tunnel, and "
                        f"{target} does not.", evidence=(line,), next=(next_check(look),))
    elif _peer_dead(look) and reach.peer_answers:
        yield found("stale-sa-after-peer-reboot", f"{look.peer_words()} answers neither ESP nor "
                    "dead peer detection, though it answers outside the tunnel.",
                    evidence=(line, *_dead_lines(look)), machine=look.own.name, fix=forget(look),
                    proof=INFERRED)
    elif _peer_dead(look):
        yield undecided(("stale-sa-after-peer-reboot", "path-down", "rras-filter-drops-ike",
                         "packets-altered-on-path", "wrong-tunnel-endpoint"),
                        f"{look.peer_words()} answers "
                        "nothing any more: neither ESP, nor dead peer detection, nor echoes.",
                        evidence=(line, *_dead_lines(look)), next=(next_check(look),))
    else:
        alive = look.seen.ike_grown(look.own.name, "dpd_acked")
        because = "answers dead peer detection, so it still has the associations" if alive \
            else "is silent in the tunnel"
        yield undecided(("esp-blocked-ike-passes", "missing-second-rule",
                         "both-rules-same-endpoint", "rras-input-filter-missing-netb-neta",
                         "rras-output-filter-missing-neta-netb", "missing-route-to-netb",
                         "ip-forwarding-off", "host-default-gateway-wrong",
                         "tunnel-packets-refused", "packets-altered-on-path"),
                        f"{look.peer_words()} {because}: ESP is lost on the last hop or on its way "
                        "back, the other gateway refuses what it brings, or the answers do not "
                        "reach it.", evidence=(line,), next=(next_check(look),))


def _peer_dead(look: Look) -> bool:
    """Dead peer detection asked and got nothing, or has given up."""
    assert look.seen is not None
    own = look.own.name
    asked, acked = look.seen.ike_grown(own, "dpd_sent"), look.seen.ike_grown(own, "dpd_acked")
    dead = look.seen.ike_grown(own, "dpd_dead")
    return bool(dead or (asked > 1 and not acked))


def _dead_lines(look: Look) -> tuple[Evidence, ...]:
    assert look.seen is not None
    own = look.own.name
    return (show(look.own, look, showing.MODES, *(
        f"{name} +{look.seen.ike_grown(own, name)}" for name in ("dpd_sent", "dpd_acked",
                                                                 "dpd_dead"))),)


def forget(look: Look) -> Fix:
    """New associations."""
    return repair.fix(look.own, "Delete the associations; the next packet negotiates anew.",
                      repair.FRESH)
