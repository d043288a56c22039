"""Nothing comes back: a block, a break, a machine that is down, or an answer that gets lost."""

from collections.abc import Iterator

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    INFERRED,
    LIVE,
    Result,
    afresh,
    check,
    found,
    next_check,
    passed,
    show,
    skipped,
    undecided,
)
from engine.diagnose.checks.negotiated import attempts, too_long, wire_lines
from engine.diagnose.exam.reach import Reach
from engine.diagnose.exam.seen import is_ike_flow
from engine.diagnose.exam.side import Complaint, Side
from engine.diagnose.exchange import Exchange
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Look
from engine.policy.script import quote


@check("ike-answered", "path", "Does the other gateway answer IKE?", kind=LIVE,
       verify=showing.EVENTS,
       codes=("peer-service-down", "udp500-blocked-on-path", "path-down", "router-has-no-route",
              "rras-filter-drops-ike"))
def ike_answered(look: Look) -> Iterator[Result]:
    """Message 1 and what comes back: an answer, an ICMP error, or nothing."""
    side, tries = look.side, attempts(look)
    if side is None or not tries:
        dropped = side is not None and _fenced(look, side)
        yield dropped or skipped("No negotiation began.")
        return
    if any(one.answered for one in tries):
        yield passed(f"{look.peer_words()} answers.")
        return
    if too_long(look):
        yield skipped("Packets of that length do not get through, whatever they carry.")
        return
    complaint = next((one for one in side.complaints if one.nobody_listens
                      and one.about.destination == tries[-1].peer), None)
    if complaint is not None:
        yield found("peer-service-down", f"{format_address(complaint.source)} answers UDP 500 "
                    "with ICMP port unreachable: nobody listens there.", machine=look.peer_name,
                    evidence=wire_lines(look, tries[-1]),
                    fix=afresh(look, Fix(f"Start IKE at {look.peer_words()}.",
                                         ("net start policyagent",), look.peer is not None,
                                         look.peer_name)))
        return
    yield from _silence(look, side, tries[-1])


def _fenced(look: Look, side: Side) -> Result | None:
    """Our own filters drop IKE before it gets out."""
    assert look.seen is not None
    steps = [one for one in look.seen.drops(look.own.name, "rras-output", "rras-input")
             if is_ike_flow(one.flow) and look.peer_address() in one.flow[:2]]
    if not steps:
        return None
    return found("rras-filter-drops-ike", f"{look.own.name} drops {len(steps)} messages of IKE "
                 f"itself: {steps[0].detail}.", machine=look.own.name, evidence=(
                     show(look.own, look, f"{showing.FILTERS} name={quote(side.outside)}",
                          *dict.fromkeys(f"{one.reason}: {one.detail}" for one in steps)),))


def _silence(look: Look, side: Side, exchange: Exchange) -> Iterator[Result]:
    """Message 1 left, and nothing came back."""
    assert look.seen is not None
    evidence = wire_lines(look, exchange)
    refusal = refused(look)
    if refusal is not None:
        yield found("router-has-no-route", f"{format_address(refusal.source)} answers that "
                    f"{format_address(refusal.about.destination)} cannot be reached.",
                    evidence=evidence)
        return
    reach = Reach(look.seen)
    place = reach.blocked("udp500")
    if place is not None:
        yield found("udp500-blocked-on-path", "UDP 500 ends "
                    f"{place.words(format_address(exchange.peer))}; echoes go on.",
                    evidence=(*evidence, *trail_lines(look, "udp500")), fix=open_ike(look))
        return
    far = look.far_side
    if far is not None:
        yield from _silence_seen(look, far, exchange, evidence)
        return
    yield from _silence_alone(look, reach, exchange, evidence)


def open_ike(look: Look) -> Fix:
    """What opens a path for IKE; the command is the lab's."""
    return Fix("Open UDP 500 and 4500, both ways, on the device there. In the lab:",
               ("lab delete drop protocol=UDP port=500", repair.FRESH), False, look.own.name)


def trail_lines(look: Look, kind: str) -> tuple[Evidence, ...]:
    """The trails of echoes and of one other kind, hop by hop."""
    assert look.seen is not None
    lines = []
    for name in ("icmp", kind):
        hops = [one for one in look.seen.hops if one.kind == name]
        lines.append(f"{name}: " + ", ".join(
            f"{one.ttl} {format_address(one.answer) if one.answer else '*'}" for one in hops))
    return (show(look.own, look, f"tracert {format_address(look.peer_address())}", *lines),)


def _silence_seen(look: Look, far: Side, exchange: Exchange,
                  evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """Both ends are in view: did it arrive, and did an answer leave?"""
    assert look.peer is not None and look.seen is not None
    there = showing.frames(look.peer.name, far.outside)
    arrived, left = far.count(False, "ike"), far.count(True, "ike")
    evidence = (*evidence, show(look.peer, look, there, f"IKE in {arrived}, out {left}"))
    if exchange.peer not in look.peer.own and not arrived:
        return
    if not arrived or left:
        yield lost(look, "ike", bool(arrived), evidence)
        return
    yield undecided(("rras-filter-drops-ike", "no-tunnel-rules"), f"Message 1 arrives at "
                    f"{look.peer.name}, which does not answer.",
                    next=(f"eventlog show machine={look.peer.name}",), evidence=evidence,
                    machine=look.peer.name)


def lost(look: Look, kind: str, back: bool, evidence: tuple[Evidence, ...]) -> Result:
    """Packets of a kind ("ike", "esp") leave one gateway and do not arrive at the other.

    `back` says that they got there and the answers are lost. What echoes do tells a block from a
    break.
    """
    assert look.seen is not None
    way = "on the way back" if back else "on the way there"
    code, what, fix = ("udp500-blocked-on-path", "UDP 500", open_ike(look)) if kind == "ike" \
        else ("esp-blocked-ike-passes", "ESP", open_esp(look))
    reach = Reach(look.seen)
    place = reach.blocked("udp500" if kind == "ike" else "esp")
    if place is not None:
        return found(code, f"{what} ends {place.words(look.peer_words())}; echoes go on.",
                     evidence=(*evidence, *trail_lines(look, place.kind)), fix=fix)
    refusal = refused(look)
    if refusal is not None:
        return found("router-has-no-route", f"{format_address(refusal.source)} answers that "
                     f"{format_address(refusal.about.destination)} cannot be reached.",
                     evidence=evidence)
    crossed = look.back if back else look.there
    if look.seen.recorded:
        return found(code, f"{what} is lost {way}.", evidence=evidence, fix=fix)
    if reach.peer_answers or (crossed is not None and crossed.arrived()):
        others = "echoes get" if reach.peer_answers else "other packets get"
        return found(code, f"{what} is lost {way}; {others} through.", evidence=evidence, fix=fix)
    last = f"; {format_address(reach.last)} is the last router that answers" if reach.last else ""
    return found("path-down", f"{what} is lost {way}, and so are echoes{last}.",
                 evidence=(*evidence, *trail_lines(look, "udp500")), fix=bring_up())


def refused(look: Look) -> Complaint | None:
    """A router's word that one of the gateways cannot be reached."""
    ends = {look.peer_address()} | (set(look.own.own) if look.far_side is not None else set())
    for side in (look.side, look.far_side):
        for one in side.complaints if side is not None else ():
            if one.unreachable and one.about.destination in ends:
                return one
    return None


def bring_up() -> Fix:
    """What mends a broken path; there is no line for it that would be right everywhere."""
    return Fix("Find the break: the trail ends behind the last router that answers.", (), False)


def open_esp(look: Look) -> Fix:
    """What opens a path for ESP; the command is the lab's."""
    return Fix("Open IP protocol 50, both ways, on the device there; or let both gateways put ESP "
               "into UDP: ipsec dynamic set config property=natt value=force. In the lab:",
               ("lab delete drop protocol=50",), False, look.own.name)


def _silence_alone(look: Look, reach: Reach, exchange: Exchange,
                   evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """One end only: echoes and trails are all there is."""
    peer = format_address(exchange.peer)
    if look.seen is not None and look.seen.recorded:
        yield undecided(("udp500-blocked-on-path", "path-down", "peer-service-down",
                         "rras-filter-drops-ike", "policy-not-assigned", "wrong-tunnel-endpoint",
                         "ike-message-lost", "path-loss"), "Message 1 is sent again and again, and "
                        f"nothing comes back from {peer}.", evidence=evidence,
                        next=("diag check", next_check(look)))
        return
    trail = trail_lines(look, "udp500")
    if not reach.peer_answers and not reach.answers("icmp"):
        yield found("path-down", "Nothing at all comes back from outside, not even from the first "
                    "router.", evidence=(*evidence, *trail), fix=bring_up(), proof=INFERRED)
    elif not reach.peer_answers:
        last = format_address(reach.last)
        yield undecided(("path-down", "rras-filter-drops-ike", "udp500-blocked-on-path",
                         "peer-service-down", "wrong-tunnel-endpoint", "path-loss",
                         "packets-altered-on-path"),
                        f"Nothing comes back from {peer}, to no kind of packet; {last} is the "
                        "last that answers.", evidence=(*evidence, *trail),
                        next=(next_check(look),))
    else:
        yield undecided(("udp500-blocked-on-path", "rras-filter-drops-ike",
                         "policy-not-assigned", "wrong-tunnel-endpoint", "no-tunnel-rules",
                         "ike-message-lost"),
                        f"{peer} answers echoes and not IKE, and UDP 500 gets to the last router: "
                        "it is lost at the other end or on its way back.",
                        evidence=(*evidence, *trail), next=(next_check(look),))
