"""All checks asked, what they found put in order: one primary cause, its consequences beneath it.

The order is that of a packet's way, so that what is to be mended first stands first. What only
follows from another finding is folded into it; what only remained as an explanation gives way to
what was read or seen.
"""

from collections.abc import Iterable
from typing import NamedTuple

from engine.diagnose.causes.cause import INFO, NOTICE, Cause
from engine.diagnose.causes.known import CAUSES, place
from engine.diagnose.checks.all import CHECKS
from engine.diagnose.checks.declare import (
    CROSSED,
    FOLLOWS,
    INFERRED,
    READ,
    SEEN,
    Check,
    Result,
    sentence,
    unknown,
)
from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Finding
from engine.diagnose.look import Look
from engine.diagnose.verdict import Traffic, verdicts

_STRENGTH = (READ, CROSSED, SEEN, INFERRED, FOLLOWS)
_LAST = 1000
# What it finds concerns other tunnels, and explains nothing about the one that was tested.
OTHERS = "other-tunnels"
# Main mode, quick mode, the tunnel: within one of these steps anything read or seen explains what
# was inferred.
_STEPS = ((74, 85), (86, 89), (100, 130))


class Diagnosis(NamedTuple):
    """The findings, the most important first; `primary` is the one cause to see to, if any.

    `traffic` is the verdict on each pair of networks, () when nothing was sent; `notes` are what
    could not be compared; `recorded` says that nothing was tried, only records read.
    """

    view: str
    machine: str
    findings: tuple[Finding, ...]
    traffic: tuple[Traffic, ...] = ()
    notes: tuple[str, ...] = ()
    recorded: bool = False

    @property
    def primary(self) -> Finding | None:
        """The first finding when it says something is wrong, or explains what was seen."""
        first = self.findings[0] if self.findings else None
        return first if first is not None and (
            first.verdict in (FAIL, UNKNOWN, WARN) or first.code) else None

    def count(self, verdict: str) -> int:
        return sum(one.verdict == verdict for one in self.findings)


class _Entry(NamedTuple):
    """A result with the check that gave it."""

    check: Check
    result: Result

    @property
    def cause(self) -> Cause | None:
        return CAUSES.get(self.result.code)


def diagnose(look: Look, phases: Iterable[str] = ()) -> Diagnosis:
    """Asks every check, or those of some phases."""
    wanted = frozenset(phases)
    entries = [_Entry(one, result) for one in CHECKS if not wanted or one.phase in wanted
               for result in one.ask(look)]
    entries = _merged(entries)
    kept, folded = _folded(look, entries)
    if look.broken and not any(one.result.verdict in (FAIL, UNKNOWN) for one in kept):
        kept.append(_nothing(look))
    kept.sort(key=lambda one: _rank(look, one))
    findings = [_finding(one) for one in kept]
    if findings and findings[0].verdict in (FAIL, UNKNOWN):
        findings[0] = findings[0]._replace(affects=_affects(look, folded))
    return Diagnosis(look.view, look.own.name, tuple(findings), verdicts(look),
                     recorded=look.seen is not None and look.seen.recorded)


# --- one cause, one finding -----------------------------------------------------------------------


def _merged(entries: list[_Entry]) -> list[_Entry]:
    """The same cause found by several checks is one."""
    found: list[_Entry] = []
    for one in entries:
        at = next((index for index, other in enumerate(found) if _same(one, other)), None)
        if at is None:
            found.append(one)
        else:
            found[at] = _join(found[at], one)
    return found


def _same(one: _Entry, other: _Entry) -> bool:
    first, second = one.result, other.result
    if not first.code or first.code != second.code:
        return False
    if CAUSES[first.code].shared or INFERRED in (first.proof, second.proof):
        return True
    return "" in (first.machine, second.machine) or first.machine == second.machine


def _join(one: _Entry, other: _Entry) -> _Entry:
    """The better known of the two, with what the other one adds."""
    if _STRENGTH.index(other.result.proof) < _STRENGTH.index(one.result.proof):
        one, other = other, one
    first, second = one.result, other.result
    return one._replace(result=first._replace(
        because=tuple(dict.fromkeys((*first.because, *second.because))),
        evidence=tuple(dict.fromkeys((*first.evidence, *second.evidence))),
        fix=first.fix or second.fix, machine=first.machine or second.machine))


# --- what follows from what -----------------------------------------------------------------------


def _folded(look: Look, entries: list[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    """What stands by itself, and what another finding explains."""
    failed = [one for one in entries if one.result.verdict == FAIL
              and one.result.proof != FOLLOWS]
    firm = [one for one in failed if one.result.proof in (READ, SEEN, CROSSED)
            and one.check.name != OTHERS]
    kept: list[_Entry] = []
    folded: list[_Entry] = []
    for one in _narrowed(entries):
        named = any(each.result.code in one.result.candidates for each in failed)
        (folded if named or _explained(look, one, firm) else kept).append(one)
    return kept, folded


def _narrowed(entries: list[_Entry]) -> list[_Entry]:
    """Several UNKNOWNs with causes in common are one: a single cause is behind them all."""
    found: list[_Entry] = []
    for one in entries:
        at = next((index for index, other in enumerate(found) if _common(one, other)), None)
        if at is None:
            found.append(one)
            continue
        first = found[at].result
        codes = _common(found[at], one)
        joined = first._replace(
            because=(*first.because, *one.result.because), candidates=codes,
            evidence=tuple(dict.fromkeys((*first.evidence, *one.result.evidence))))
        if len(codes) == 1:
            joined = joined._replace(verdict=FAIL, code=codes[0], candidates=())
        found[at] = found[at]._replace(result=joined)
    return found


def _common(one: _Entry, other: _Entry) -> tuple[str, ...]:
    return tuple(code for code in one.result.candidates if code in other.result.candidates)


def _explained(look: Look, one: _Entry, firm: list[_Entry]) -> bool:
    result = one.result
    if result.proof == FOLLOWS:
        return bool(firm)
    if result.proof != INFERRED or result.verdict not in (FAIL, UNKNOWN):
        return False
    codes = {result.code, *result.candidates} - {""}
    here = min((_place(look, code, result.machine or look.peer_name) for code in codes),
               default=_LAST)
    end = next((last for first, last in _STEPS if first <= here <= last), here)
    return any(each.result.code in codes or each.result.machine == result.machine != ""
               or each.result.proof == CROSSED
               or _place(look, each.result.code, each.result.machine) <= end for each in firm)


def _affects(look: Look, folded: list[_Entry]) -> tuple[str, ...]:
    """The consequences in words."""
    found = [sentence(text) for one in folded for text in one.result.because[:1]]
    recorded = look.seen is not None and look.seen.recorded
    if look.broken:
        found.append("Nothing came back." if recorded else "No echo of the test was answered.")
    if look.seen is not None and not recorded and look.own.name in look.seen.after \
            and not look.seen.after[look.own.name].pairs:
        found.append("There is no association.")
    return tuple(dict.fromkeys(found))


def _nothing(look: Look) -> _Entry:
    """It does not work, and no check says why: that has to be said, too."""
    asked = next(one for one in CHECKS if one.name == "tunnel-answers")
    where = f"diag check machine={look.peer_name}" if look.peer_name else "the other gateway"
    return _Entry(asked, unknown("No echo was answered, and no check says why.",
                                 f"diag trace machine={look.own.name}", where))


# --- the order ------------------------------------------------------------------------------------


def _place(look: Look, code: str, machine: str) -> int:
    theirs = bool(machine) and machine not in (look.own.name, look.scope.near if look.scope
                                               else look.own.name)
    return place(code, not theirs)


def _rank(look: Look, one: _Entry) -> tuple[int, int]:
    """Failures first, then what is not known, warnings, explanations, hints, and the rest."""
    result, cause = one.result, one.cause
    severity = cause.severity if cause is not None else ""
    order = {FAIL: 0, UNKNOWN: 1, WARN: 2 if severity != NOTICE else 4, PASS: 5, SKIP: 6}
    rank = 3 if severity == INFO else order[result.verdict]
    codes = [result.code] if result.code else list(result.candidates)
    where = min((_place(look, code, result.machine) for code in codes), default=0)
    return rank, where + (_LAST if one.check.name == OTHERS else 0)


def _finding(one: _Entry) -> Finding:
    check, result, cause = one.check, one.result, one.cause
    return Finding(
        result.code, cause.title if cause is not None else check.asks, check.phase,
        result.verdict, tuple(sentence(text) for text in result.because), result.evidence,
        result.fix, check.verify,
        cause.shows if cause is not None else "", result.next,
        cause.severity if cause is not None else "", (),
        tuple(articles(cause)) if cause is not None else (), result.machine, result.candidates,
        check.name)


def articles(cause: Cause) -> Iterable[str]:
    """Where a cause is written about: "KB 252735", "RFC 2409"."""
    for one in cause.articles:
        yield f"KB {one}" if one.isdigit() else one
