"""What became of the negotiations: messages on the wire, the end that IKE reported, the path."""

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
    passed,
    show,
    skipped,
    undecided,
)
from engine.diagnose.exam.reach import Reach
from engine.diagnose.exam.seen import is_ike_flow
from engine.diagnose.exam.side import Complaint, Side
from engine.diagnose.exchange import Exchange
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Look
from engine.history import MAIN, Outcome
from engine.ike.constants import NotifyType, Win32
from engine.policy.methods import parse_main_mode
from engine.policy.script import quote

USUAL_MAIN = "AES256-SHA256-14 AES128-SHA1-14 3DES-SHA1-2"
LARGEST, SHOWN = 1400, 9
UNANSWERED = (Win32.TIMED_OUT, Win32.NO_RESPONSE)


def next_check(look: Look) -> str:
    """What separates causes that one end cannot tell apart."""
    return f"diag check machine={look.peer_name}" if look.peer_name \
        else "the same check at the other gateway"


def attempts(look: Look) -> list[Exchange]:
    """The main modes that we began during the test, with anybody that our rules name."""
    side = look.side
    return [one for one in side.exchanges() if one.ours] if side is not None else []


def outcome(look: Look, mode: str) -> Outcome | None:
    """How the last negotiation of that mode with the other gateway ended."""
    if look.seen is None:
        return None
    ours = [one for one in look.seen.outcomes.get(look.own.name, ()) if one.mode == mode]
    return ours[-1] if ours else None


def wire_lines(look: Look, exchange: Exchange | None) -> tuple[Evidence, ...]:
    """The messages of a negotiation as the capture has them."""
    side = look.side
    if side is None or exchange is None:
        return ()
    lines = []
    for one in exchange.messages[:SHOWN]:
        extra = f", notify {one.notify}" if one.notify else ""
        again = " again" if one.again else ""
        lines.append(f"{one.time - exchange.messages[0].time:.2f} s "
                     f"{'out' if one.outgoing else 'in'} {one.name}{again}{extra}")
    return (show(look.own, look, showing.frames(look.own.name, side.outside), *lines),)


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
    if reach.peer_answers:
        return found(code, f"{what} is lost {way}; echoes get through.", evidence=evidence,
                     fix=fix)
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
    trail = trail_lines(look, "udp500")
    if not reach.peer_answers and not reach.answers("icmp"):
        yield found("path-down", "Nothing at all comes back from outside, not even from the first "
                    "router.", evidence=(*evidence, *trail), fix=bring_up(), proof=INFERRED)
    elif not reach.peer_answers:
        last = format_address(reach.last)
        yield undecided(("path-down", "udp500-blocked-on-path", "peer-service-down"),
                        f"Nothing comes back from {peer}, to no kind of packet; {last} is the "
                        "last that answers.", evidence=(*evidence, *trail),
                        next=(next_check(look),))
    else:
        yield undecided(("udp500-blocked-on-path", "rras-filter-drops-ike", "no-tunnel-rules"),
                        f"{peer} answers echoes and not IKE, and UDP 500 gets to the last router: "
                        "it is lost at the other end or on its way back.",
                        evidence=(*evidence, *trail), next=(next_check(look),))


# --- main mode ------------------------------------------------------------------------------------

MAIN_CODES = ("phase1-proposal-mismatch", "psk-mismatch", "peer-identity-mismatch",
              "certificate-not-trusted", "cert-expired-or-not-yet-valid", "ike-fragments-lost",
              "udp4500-blocked-on-path", "nat-in-path-no-natt", "auth-method-mismatch")


@check("main-mode", "negotiation", "Does main mode come to a good end?", kind=LIVE,
       verify=showing.EVENTS, codes=MAIN_CODES)
def main_mode(look: Look) -> Iterator[Result]:
    """Where it stopped, who refused, and in which words."""
    last = outcome(look, MAIN)
    tries = [one for one in attempts(look) if one.answered]
    if last is not None and last.failure is None:
        yield passed(f"It took {last.seconds:.2f} s: {last.method}.")
    elif look.seen is not None and look.seen.after[look.own.name].modes and last is None:
        yield passed("It is up.")
    elif not tries:
        yield skipped("The other gateway did not answer.")
    else:
        yield from _stopped(look, tries[-1], last)


def _stopped(look: Look, exchange: Exchange, last: Outcome | None) -> Iterator[Result]:
    """By the message that it got to."""
    evidence = wire_lines(look, exchange) + event_lines(look)
    if exchange.last in ("MM1", "MM2") and NotifyType.NO_PROPOSAL_CHOSEN in exchange.notifies:
        yield found("phase1-proposal-mismatch", f"{look.peer_words()} answers message 1 with "
                    "NO-PROPOSAL-CHOSEN (14), before any key exchange.", evidence=evidence,
                    machine=look.own.name, fix=offer_more(look), proof=INFERRED,
                    next=("diag probe", next_check(look)))
    elif exchange.last in ("MM5", "MM6"):
        yield from _fifth(look, exchange, last, evidence)
    else:
        yield undecided(("phase1-proposal-mismatch", "ike-fragments-lost"), "Main mode stops after "
                        f"{exchange.last}.", evidence=evidence, next=(next_check(look),))


def event_lines(look: Look) -> tuple[Evidence, ...]:
    """The failure events of the test, as the log has them."""
    if look.seen is None:
        return ()
    failed = [one for one in look.seen.events.get(look.own.name, ()) if one.event_id == 547]
    if not failed:
        return ()
    fields = dict(failed[-1].fields)
    line = (f"event 547: {fields.get('Mode', '').strip()}, failure point "
            f"{fields.get('Failure Point', '')}: {fields.get('Failure Reason', '')}")
    return (show(look.own, look, showing.LAST_EVENT, " ".join(line.split())),)


def offer_more(look: Look) -> Fix | None:
    """What was agreed on before, else usual suites: nobody here knows what the other one takes."""
    judged, before = look.policy, look.agreed(MAIN)
    if judged is None:
        return None
    location, policy = judged
    if before is not None and parse_main_mode(before.method)[0] not in policy.methods:
        return repair.main_methods(look.own, location, policy, parse_main_mode(before.method),
                                   f"Offer what both agreed on before ({before.method}).")
    usual = parse_main_mode(USUAL_MAIN)
    if all(one in policy.methods for one in usual):
        return None
    return repair.main_methods(look.own, location, policy,
                               tuple(dict.fromkeys((*usual, *policy.methods))),
                               "Offer what the other gateway takes; the usual suites:")


def _fifth(look: Look, exchange: Exchange, last: Outcome | None,
           evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """Message 5 went out: identities and proofs, encrypted."""
    failure = last.failure if last is not None else None
    notify = failure.notify if failure is not None else 0
    if failure is not None and failure.point == "Me" and failure.code not in UNANSWERED:
        yield _refused_by_us(look, last, evidence)
    elif _by_key(look):
        if notify == NotifyType.AUTHENTICATION_FAILED:
            yield _identity(look, evidence)
        elif exchange.floated:
            yield undecided(("udp4500-blocked-on-path", "psk-mismatch"), "Message 5 goes to UDP "
                            "4500, as a NAT was found, and is not answered.", evidence=evidence,
                            next=(next_check(look),))
        else:
            yield found("psk-mismatch", "Messages 1 to 4 pass; message 5, the first encrypted one, "
                        "is not accepted.", evidence=evidence, machine=look.own.name,
                        fix=same_key(look), proof=INFERRED)
    else:
        yield from _certificates(look, exchange, notify, evidence)


def _by_key(look: Look) -> bool:
    """Whether our tunnel rules authenticate by pre-shared key."""
    return any(one.kind == "psk" for leg in look.own.legs for one in leg.rule.auth)


def same_key(look: Look) -> Fix | None:
    """The agreed key, on our side; the same has to be at the other end."""
    legs = tuple(leg for leg in look.own.legs)
    if not legs:
        return None
    fix = repair.same_authentication(look.own, legs, f"psk={repair.KEY}",
                                     "Type the agreed key into both rules, here and at the other "
                                     "gateway.")
    return fix._replace(commands=(*fix.commands, repair.FRESH))


def _identity(look: Look, evidence: tuple[Evidence, ...]) -> Result:
    ours = look.own.snapshot.policy.local_id
    fix = Fix("Let the other gateway expect our address, or set localid here to what it expects.",
              ('ipsec dynamic set config property=remoteid value=""', repair.FRESH),
              False, look.peer_name)
    if ours:
        fix = Fix(f"Present the address again, and not {ours}.",
                  ('ipsec dynamic set config property=localid value=""', repair.FRESH), True,
                  look.own.name)
    return found("peer-identity-mismatch", f"{look.peer_words()} can read message 5 and answers "
                 "AUTHENTICATION-FAILED (24): it expects another identity.", evidence=evidence,
                 machine=look.own.name, proof=INFERRED, fix=fix,
                 next=(next_check(look),))


def _refused_by_us(look: Look, last: Outcome | None, evidence: tuple[Evidence, ...]) -> Result:
    """What the other gateway shows is not accepted here."""
    assert last is not None and last.failure is not None
    failure = last.failure
    detail = ", ".join(part for part in failure.detail if part)
    words = " ".join(failure.detail)
    if any(word in words for word in ("expired", "not-yet-valid")):
        code = "cert-expired-or-not-yet-valid"
    elif failure.certificate is not None or "certificate" in words:
        code = "certificate-not-trusted"
    else:
        code = "peer-identity-mismatch" if not _by_key(look) or detail else "psk-mismatch"
    return found(code, f"We do not accept what {look.peer_words()} shows: {detail or 'its proof'}.",
                 evidence=evidence, machine=look.peer_name)


def _certificates(look: Look, exchange: Exchange, notify: int,
                  evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """Signatures: dates, chains, or a message too large for the path."""
    fifth = exchange.named("MM5", True)
    large = bool(fifth) and fifth[0].octets > LARGEST
    if notify == NotifyType.INVALID_CERTIFICATE:
        yield undecided(("cert-expired-or-not-yet-valid", "certificate-not-trusted"),
                        "The other gateway answers INVALID-CERTIFICATE (20): a date, the chain or "
                        "the use of ours.", evidence=evidence, next=(next_check(look),))
    elif notify:
        yield undecided(("certificate-not-trusted", "cert-expired-or-not-yet-valid"),
                        f"The other gateway refuses our certificate (notify {notify}).",
                        evidence=evidence, next=(next_check(look),))
    elif large:
        yield undecided(("ike-fragments-lost", "certificate-not-trusted"), "Message 5 has "
                        f"{fifth[0].octets} octets, more than a packet holds, and is not "
                        "answered.", evidence=evidence, next=(next_check(look),))
    else:
        yield undecided(("certificate-not-trusted", "cert-expired-or-not-yet-valid"),
                        "Message 5 with our certificate is not answered.", evidence=evidence,
                        next=(next_check(look),))
