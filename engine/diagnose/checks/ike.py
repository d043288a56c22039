"""What became of main mode: messages on the wire, and the end that IKE reported."""

from collections.abc import Iterator
from math import inf

from engine.address import format_address, needs_nat
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    HISTORY,
    INFERRED,
    LIVE,
    Result,
    check,
    found,
    next_check,
    passed,
    skipped,
    undecided,
)
from engine.diagnose.checks.negotiated import attempts, event_lines, outcome, wire_lines
from engine.diagnose.exchange import Exchange
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Look
from engine.history import MAIN, Outcome
from engine.ike.constants import NotifyType, Win32
from engine.policy.methods import parse_main_mode

USUAL_MAIN = "AES256-SHA256-14 AES128-SHA1-14 3DES-SHA1-2"
LARGEST = 1400
# What silence in the middle of an exchange can be.
LOST = ("ike-message-lost", "path-loss", "packets-altered-on-path")
UNANSWERED = (Win32.TIMED_OUT, Win32.NO_RESPONSE)
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


@check("remembered", "negotiation", "Did negotiations fail before the test?", kind=HISTORY,
       verify="diag negotiation")
def remembered(look: Look) -> Iterator[Result]:
    """What IKE remembers, or the log that was kept, besides what the test itself began."""
    since = look.seen.begun if look.seen is not None and not look.seen.recorded else inf
    before = [one for one in look.outcomes if one.time < since]
    failed = [one for one in before if one.failure is not None]
    if not before:
        yield skipped("None is remembered.")
    elif failed:
        last = failed[-1]
        yield passed(f"{len(failed)} of {len(before)} did; the last one, a {last.mode} mode, "
                     "shows in diag negotiation.")
    else:
        yield passed(f"None of {len(before)} did.")


def _stopped(look: Look, exchange: Exchange, last: Outcome | None) -> Iterator[Result]:
    """By the message that it got to."""
    evidence = wire_lines(look, exchange) + event_lines(look)
    if exchange.last in ("MM1", "MM2") and NotifyType.NO_PROPOSAL_CHOSEN in exchange.notifies:
        yield _no_proposal(look, evidence)
    elif exchange.last in ("MM5", "MM6"):
        yield from _fifth(look, exchange, last, evidence)
    elif exchange.last in ("MM1", "MM2"):
        yield undecided(("phase1-proposal-mismatch", *LOST), "Main mode stops after "
                        f"{exchange.last}.", evidence=evidence, next=(next_check(look),))
    else:
        yield undecided(LOST, f"Main mode stops after {exchange.last}, the proposal being agreed "
                        "on: it does not arrive, or its answer does not.", evidence=evidence,
                        next=(next_check(look),))


def _no_proposal(look: Look, evidence: tuple[Evidence, ...]) -> Result:
    """Refused at the first message; with certificates the other end may have none that works."""
    text = (f"{look.peer_words()} answers message 1 with NO-PROPOSAL-CHOSEN (14), before any key "
            "exchange.")
    nexts = ("diag probe", next_check(look))
    if not _by_key(look):
        return undecided(("phase1-proposal-mismatch", "auth-method-mismatch",
                          "certificate-unusable", "cert-expired-or-not-yet-valid"), text,
                         evidence=evidence, next=nexts)
    if _accepted_before(look):
        return undecided(("phase1-proposal-mismatch", "auth-method-mismatch",
                          "auth-method-unusable"), f"{text} It took what we offer before: its "
                         "suites have changed, or its way to authenticate.", evidence=evidence,
                         next=nexts)
    return found("phase1-proposal-mismatch", text, evidence=evidence, machine=look.own.name,
                 fix=offer_more(look), proof=INFERRED, next=nexts)


def _accepted_before(look: Look) -> bool:
    """Whether a suite that we still offer was agreed on once."""
    judged, before = look.policy, look.agreed(MAIN)
    return judged is not None and before is not None and before.method != "" \
        and parse_main_mode(before.method)[0] in judged[1].methods


def offer_more(look: Look) -> Fix | None:
    """What was agreed on before, else usual suites: nobody here knows what the other one takes."""
    judged, before = look.policy, look.agreed(MAIN)
    if judged is None:
        return None
    location, policy = judged
    if before is not None and before.method and parse_main_mode(before.method)[0] \
            not in policy.methods:
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
    if behind_nat(look):
        yield untraversed(look, evidence)
    elif failure is not None and failure.point == "Me" and failure.code not in UNANSWERED:
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
                        fix=same_key(look), proof=INFERRED, next=(next_check(look),))
    else:
        yield from _certificates(look, exchange, notify, evidence)


def behind_nat(look: Look) -> bool:
    """Whether our outer address cannot be the one that others see, and we do not say so."""
    intent = look.intent
    return intent is not None and needs_nat(intent.own, intent.peer) \
        and not look.own.snapshot.policy.natt


def untraversed(look: Look, evidence: tuple[Evidence, ...]) -> Result:
    """A NAT that must be there, and NAT traversal off."""
    assert look.intent is not None
    return found("nat-in-path-no-natt", f"Our outer address {format_address(look.intent.own)} is "
                 f"private and {format_address(look.intent.peer)} is not: a NAT stands between, "
                 "and NAT traversal is off.", evidence=evidence, machine=look.own.name,
                 fix=repair.traverse(look.own), proof=INFERRED, next=(next_check(look),))


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
