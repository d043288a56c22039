"""The checklist's questions: one function each, in the article's order, with evidence and a fix.

A check returns a `Result`; `run` turns it into a `Finding`. A check that needs another which
failed is not asked (SKIP): one missing policy does not print twelve FAILs.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Evidence, Finding, Fix
from engine.diagnose.view import View


class Result(NamedTuple):
    """What one look gave; see `Finding` for the fields."""

    verdict: str
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    code: str = ""
    fix: Fix | None = None
    next: tuple[str, ...] = ()


class Check(NamedTuple):
    """One question: `name` is stable, `section` the article's heading, `verify` a command."""

    name: str
    section: str
    asks: str
    why: str
    verify: str
    needs: tuple[str, ...]
    look: Callable[[View], Result]


DECLARED: list[Check] = []
Look = Callable[[View], Result]


def check(name: str, section: str, asks: str, *, why: str, verify: str,
          needs: tuple[str, ...] = ()) -> Callable[[Look], Look]:
    """Declares a question; the order of declaration is the order of the checklist."""
    def declare(look: Look) -> Look:
        assert all(name != other.name for other in DECLARED), name
        DECLARED.append(Check(name, section, asks, why, verify, needs, look))
        return look
    return declare


def passed(because: str, *evidence: Evidence) -> Result:
    return Result(PASS, (because,), evidence)


def failed(code: str, because: str, fix: Fix | None, *evidence: Evidence,
           next: tuple[str, ...] = ()) -> Result:
    return Result(FAIL, (because,), evidence, code, fix, next)


def warned(code: str, because: str, fix: Fix | None, *evidence: Evidence) -> Result:
    return Result(WARN, (because,), evidence, code, fix)


def unknown(because: str, *next: str, evidence: tuple[Evidence, ...] = ()) -> Result:
    return Result(UNKNOWN, (because,), evidence, next=next)


def evidence(command: str, *lines: str) -> Evidence:
    return Evidence(command, lines)


def find(one: Check, view: View) -> Finding:
    """Asks one question now."""
    result = one.look(view)
    return Finding(result.code, one.asks, one.section, result.verdict, result.because,
                   result.evidence, result.fix, one.verify, one.why, result.next)


def waiting(one: Check, done: Iterable[tuple[str, str]]) -> Finding | None:
    """The SKIP of a question whose premise has failed, or None when it may be asked.

    `done` are (check name, verdict) of the questions asked so far.
    """
    verdicts = dict(done)
    for needed in one.needs:
        if verdicts.get(needed) in (FAIL, SKIP):
            title = next(other.asks for other in DECLARED if other.name == needed)
            return Finding("", one.asks, one.section, SKIP,
                           (f"Not asked before this is mended: {title}",), verify=one.verify,
                           why=one.why)
    return None
