"""`diag fix`: the primary cause's fix shown, tried on a copy, typed with consent, verified."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.diag.apply import agreed, fix_lines, typed
from commands.diag.causename import CauseName
from commands.diag.check import finding_data, report
from commands.diag.look import Wanted, look_at
from commands.diag.scratch import scratch
from commands.errors import CommandError
from commands.kinds import Choice
from commands.names import MachineName
from commands.run import run_line
from commands.spec import Command, tag
from engine.diagnose.diagnosis import Diagnosis, diagnose
from engine.diagnose.finding import FAIL, UNKNOWN, WARN, Finding, Fix

if TYPE_CHECKING:
    from commands.session import Session


class DiagFix(Command, words="diag fix",
              help="Mends the first cause that diag check names, with your consent.",
              remarks=("The lines are shown, tried on a copy of the lab, and the copy is checked "
                       "again; then they are typed here when you agree, and verified.",
                       "code= takes another finding than the first one.",
                       "Without a terminal nothing is typed unless fix=yes says so.",
                       "Exit code 1: something is wrong still."),
              examples=("diag fix", "diag fix fix=yes", "diag fix code=auditing-off fix=yes")):
    """One cause at a time: mending one often shows the next."""

    code: str = tag(CauseName(), "The finding to mend.", default="")
    machine: str = tag(MachineName(), "The gateway to judge by, alone.", default="")
    fix: str = tag(Choice("ask", "yes", "no"), "Whether the lines are typed.", default="ask")

    def run(self, session: "Session") -> Answer:
        """Show, copy, check, before and after, consent, verify."""
        wanted = Wanted(self.machine)
        before = diagnose(look_at(session, wanted))
        finding = self._chosen(before)
        if finding is None:
            return Answer((Lines(tuple(report(session, before)), {"mended": None}, "fix"),),
                          exit=int(_wrong(before) > 0))
        fix = finding.fix
        assert fix is not None
        copy = self._on_copy(session, fix, wanted)
        session.emit(Lines(tuple(_shown(session, finding, before, copy)),
                           {"finding": finding_data(session, finding),
                            "before": _verdict(before), "copy": copy and _verdict(copy)}, "plan"))
        if not agreed(session, self.fix, "Type these lines now?"):
            return Answer(exit=1)
        for line in typed(session, fix):
            run_line(line, session)
        session.settle()
        after = diagnose(look_at(session, wanted))
        session.diagnosis = after
        lines: list[Line] = [("Typed. Now:",), (), *report(session, after)]
        return Answer((Lines(tuple(lines), {"mended": finding.code, "after": _verdict(after)},
                             "after"),), exit=int(_wrong(after) > 0))

    def _chosen(self, found: Diagnosis) -> Finding | None:
        """The finding to mend. Raises CommandError when that has no lines."""
        if self.code:
            one = next((each for each in found.findings if each.code == self.code.lower()), None)
            if one is None:
                raise CommandError("not-found", f"nothing says '{self.code}' now", tag="code",
                                   known=tuple(each.code for each in found.findings if each.code))
            if one.fix is None or not one.fix.commands:
                raise CommandError("no-fix", f"{one.code} is not mended by lines typed here",
                                   tag="code")
            return one
        return next((each for each in found.findings if each.verdict in (FAIL, UNKNOWN, WARN)
                     and each.fix is not None and each.fix.commands), None)

    def _on_copy(self, session: "Session", fix: Fix, wanted: Wanted) -> Diagnosis | None:
        """The copy's diagnosis with the fix; None on a live machine, of which there is no copy."""
        if session.live:
            return None
        copy = scratch(session)
        try:
            for line in typed(session, fix):
                run_line(line, copy)
            copy.settle()
            return diagnose(look_at(copy, wanted))
        finally:
            copy.close()


def _wrong(found: Diagnosis) -> int:
    return found.count(FAIL) + found.count(UNKNOWN)


def _verdict(found: Diagnosis) -> dict[str, object]:
    primary = found.primary
    return {"primary": primary.code if primary is not None else None, "fail": found.count(FAIL),
            "unknown": found.count(UNKNOWN), "warn": found.count(WARN)}


def _shown(session: "Session", finding: Finding, before: Diagnosis,
           copy: Diagnosis | None) -> list[Line]:
    fix = finding.fix
    assert fix is not None
    lines: list[Line] = [(cells.enum(finding.code), ": ", cells.line(finding.title))]
    lines += [(cells.hang(2), "  ", *cells.sentence(text)) for text in finding.because]
    lines += [(), ("The change:",), *fix_lines(session, fix), ()]
    lines.append(("Before: ", *_count(before)))
    if copy is not None:
        lines.append(("On a copy with the change: ", *_count(copy)))
    if not fix.safe:
        lines.append(("Look at it first: it concerns more than this tunnel, or another machine.",))
    return [*lines, ()]


def _count(found: Diagnosis) -> Line:
    primary = found.primary
    if not _wrong(found):
        return (Cell("verdict", "PASS", "nothing fails"), ".")
    assert primary is not None
    return (Cell("verdict", primary.verdict, primary.verdict), " ",
            cells.enum(primary.code or " or ".join(primary.candidates)),
            f" ({_wrong(found)} in all).")
