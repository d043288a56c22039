"""The steps of the checklist: one function each, in the article's order, with evidence and a fix.

A step returns a `Result`; `find` turns it into a `Finding`. A step that needs another which failed
is not asked (SKIP): one missing policy does not print twelve FAILs. What cannot be measured from
here, an intention or a machine that nobody lets us look at, is a `Question` to the operator; a step
looks at the answers as it looks at everything else.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.diagnose.checks.declare import ANEW
from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Evidence, Finding, Fix
from engine.diagnose.guide.view import View
from engine.diagnose.repair import FRESH

YES, NO = "yes", "no"
LINES_MOST = 12


class Question(NamedTuple):
    """What only the operator knows. `name` is its line in a file of answers; yes or no."""

    name: str
    text: str


class Result(NamedTuple):
    """What one look gave; see `Finding` for the fields. `question` would tell more."""

    verdict: str
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    code: str = ""
    fix: Fix | None = None
    next: tuple[str, ...] = ()
    question: Question | None = None
    machine: str = ""
    affects: tuple[str, ...] = ()
    kb: tuple[str, ...] = ()


Look = Callable[[View], Result]


class Step(NamedTuple):
    """One step: `name` is stable, `section` the article's heading, `verify` a command."""

    name: str
    section: str
    asks: str
    why: str
    verify: str
    needs: tuple[str, ...]
    look: Look


class Asked(NamedTuple):
    """A step that was looked at: the finding, and the question that is open, if any."""

    finding: Finding
    question: Question | None = None


DECLARED: list[Step] = []


def step(name: str, section: str, asks: str, *, why: str, verify: str,
         needs: tuple[str, ...] = ()) -> Callable[[Look], Look]:
    """Declares a step; the order of declaration is the order of the checklist."""
    def declare(look: Look) -> Look:
        assert all(name != other.name for other in DECLARED), name
        DECLARED.append(Step(name, section, asks, why, verify, needs, look))
        return look
    return declare


def passed(because: str, *evidence: Evidence) -> Result:
    return Result(PASS, (because,), evidence)


def failed(code: str, because: str, fix: Fix | None, *evidence: Evidence,
           next: tuple[str, ...] = (), question: Question | None = None) -> Result:
    return Result(FAIL, (because,), evidence, code, fix, next, question)


def warned(code: str, because: str, fix: Fix | None, *evidence: Evidence) -> Result:
    return Result(WARN, (because,), evidence, code, fix)


def unknown(because: str, *next: str, evidence: tuple[Evidence, ...] = (),
            question: Question | None = None, fix: Fix | None = None) -> Result:
    return Result(UNKNOWN, (because,), evidence, "", fix, next, question)


def evidence(command: str, *lines: str) -> Evidence:
    """What a command shows; of very much only the beginning."""
    if len(lines) > LINES_MOST:
        lines = (*lines[:LINES_MOST - 1], f"and {len(lines) - LINES_MOST + 1} more")
    return Evidence(command, lines)


def find(one: Step, view: View) -> Asked:
    """Looks at one step now."""
    result = one.look(view)
    question = result.question
    if question is not None and view.answer(question.name):
        question = None
    fix = result.fix
    if fix is not None and not fix.machine:
        fix = fix._replace(machine=view.machine)
    if fix is not None and fix.commands and result.code in ANEW and FRESH not in fix.commands:
        fix = fix._replace(commands=(*fix.commands, FRESH))
    return Asked(Finding(result.code, one.asks, one.section, result.verdict, result.because,
                         result.evidence, fix, one.verify, one.why, result.next,
                         affects=result.affects, kb=result.kb, machine=result.machine,
                         check=one.name), question)


def waiting(one: Step, done: Iterable[tuple[str, str]]) -> Asked | None:
    """The SKIP of a step whose premise has failed, or None when it may be looked at.

    `done` are (step name, verdict) of the steps looked at so far.
    """
    verdicts = dict(done)
    for needed in one.needs:
        if verdicts.get(needed) in (FAIL, SKIP):
            title = next(other.asks for other in DECLARED if other.name == needed)
            return Asked(Finding("", one.asks, one.section, SKIP,
                                 (f"Not looked at before this is mended: {title}",),
                                 verify=one.verify, why=one.why, check=one.name))
    return None
