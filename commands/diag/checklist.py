"""`checklist`: the article's sections in order, each with live evidence, a verdict and a fix."""

from collections.abc import Callable, Iterable

from commands import cells
from commands.answer import Answer, Cell, Joined, Line, Lines
from commands.diag.probe import ping_through, view
from commands.errors import CommandError
from commands.kinds import YesNo
from commands.run import run_line
from commands.session import Session
from commands.spec import Command, tag
from engine.diagnose import traffic
from engine.diagnose.check import find, waiting
from engine.diagnose.checklist import CHECKS
from engine.diagnose.finding import FAIL, UNKNOWN, WARN, Finding
from engine.diagnose.view import Probe

WIDTH = 80
CHOICES = "y/n/why/skip/back/quit"


def paragraph(lead: str, text: str) -> Line:
    """A sentence behind `lead`; what does not fit goes on below itself."""
    return (cells.hang(len(lead)), lead, *cells.sentence(text))


def describe(number: int, finding: Finding, mended: bool = False) -> tuple[Line, ...]:
    """One step as it is printed: question and verdict, evidence, why, and the fix."""
    verdict = "MENDED" if mended else finding.verdict
    head = f"{number:2}. {finding.title}"
    space = " " * max(1, WIDTH - len(head) - len(verdict))
    lines: list[Line] = [(head, space, Cell("verdict", finding.verdict, verdict))]
    for because in finding.because:
        lines.append(paragraph("    ", because))
    for seen in finding.evidence:
        lines.append(("    seen: ", cells.line(seen.command)))
        lines += [("          ", *cells.sentence(line)) for line in seen.lines]
    if finding.verdict in (FAIL, UNKNOWN, WARN):
        lines.append(paragraph("    why:  ", finding.why))
        lines += [paragraph("    next: ", step) for step in finding.next]
    if finding.fix is not None:
        lines.append(paragraph("    fix:  ", finding.fix.text))
        lines += [("          ", cells.line(command)) for command in finding.fix.commands]
    return tuple(lines)


def as_data(finding: Finding, mended: bool) -> dict[str, object]:
    """A finding as JSON, with the fields of every finding of the product."""
    fix = finding.fix
    return {
        "code": finding.code, "title": finding.title, "phase": finding.phase,
        "verdict": finding.verdict, "mended": mended, "because": _words(finding.because),
        "evidence": [{"command": cells.line(seen.command), "lines": _words(seen.lines)}
                     for seen in finding.evidence],
        "fix": fix and {"text": cells.line(fix.text), "commands": _words(fix.commands),
                        "safe": fix.safe},
        "verify": cells.line(finding.verify), "why": finding.why, "next": _words(finding.next),
    }


def _words(sentences: Iterable[str]) -> list[Joined]:
    return [Joined(cells.sentence(one)) for one in sentences]


class Walk:
    """One walk through the checklist: findings by step, the probe, and what was mended."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.findings: list[Finding] = []
        self.mended: set[int] = set()
        self.probe: Probe | None = None

    def look(self, index: int) -> Finding:
        """Asks step `index` afresh; the first step about traffic makes the ping."""
        one = CHECKS[index]
        if one.look.__module__ == traffic.__name__ and self.probe is None:
            self.probe = ping_through(self.session)
        done = [(CHECKS[i].name, finding.verdict) for i, finding in enumerate(self.findings)
                if i < index]
        finding = waiting(one, done) or find(one, view(self.session, self.probe))
        self.findings[index:index + 1] = [finding]
        return finding

    def mend(self, index: int) -> Finding:
        """Types the commands of the step's fix, and asks the step again."""
        fix = self.findings[index].fix
        assert fix is not None
        for command in fix.commands:
            run_line(command, self.session)
        self.session.settle()
        self.probe = None
        before = self.findings[index].verdict
        finding = self.look(index)
        if before == FAIL and finding.verdict != FAIL:
            self.mended.add(index)
        return finding

    def can_mend(self, index: int) -> bool:
        fix = self.findings[index].fix
        return fix is not None and bool(fix.commands) and fix.safe

    def summary(self) -> Lines:
        """The count of verdicts, and the verdict on the traffic."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
        words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        verdict = traffic.traffic_verdict(self.probe) if self.probe else traffic.NO_TRAFFIC
        head = f"{len(self.findings)} steps: {words}. Traffic: "
        steps = [as_data(finding, i in self.mended) for i, finding in enumerate(self.findings)]
        line: Line = (head, Cell("verdict", verdict, verdict), ".")
        return Lines(((), line), {"steps": steps, "counts": counts, "traffic": verdict})

    def exit(self) -> int:
        return int(any(finding.verdict == FAIL for finding in self.findings))


class Checklist(Command, words="checklist",
                help="Walks the article's steps with live evidence, verdicts and fixes.",
                remarks=("Without a terminal it prints every step and exits 1 when one fails.",
                         "fix=yes types the fix of every failed step and asks it again.",
                         "The addresses are those of ${NetA}, ${NetB}, ${W2KextIP}, ${3rdExtIP}; "
                         "the key of a fix is ${PSK}."),
                examples=("checklist", "checklist fix=yes")):
    fix: bool = tag(YesNo(), "Whether failed steps are mended at once.", default=False)

    def run(self, session: Session) -> Answer:
        walk = Walk(session)
        if session.ask is not None and not self.fix:
            return self._guided(walk, session.ask)
        blocks: list[Line] = []
        for index in range(len(CHECKS)):
            finding = walk.look(index)
            if self.fix and finding.verdict == FAIL and walk.can_mend(index):
                blocks += describe(index + 1, finding)
                finding = walk.mend(index)
                blocks.append(())
            blocks += describe(index + 1, finding, index in walk.mended)
        summary = walk.summary()
        return Answer((Lines((*blocks, *summary.lines), summary.data),), exit=walk.exit())

    def _guided(self, walk: Walk, ask: Callable[[str], str]) -> Answer:
        """On a terminal: one step at a time, a question wherever something is to be decided."""
        index = 0
        while 0 <= index < len(CHECKS):
            finding = walk.look(index)
            walk.session.emit(Lines(describe(index + 1, finding, index in walk.mended)))
            step = 1
            if finding.verdict in (FAIL, UNKNOWN, WARN):
                step = self._decide(walk, index, finding, ask)
            if step == 0:
                break
            index = max(0, index + step)
        return Answer((walk.summary(),), exit=walk.exit())

    def _decide(self, walk: Walk, index: int, finding: Finding,
                ask: Callable[[str], str]) -> int:
        """What the operator wants at a step: how far to move on, 0 to leave."""
        mendable = walk.can_mend(index)
        question = "Type the fix now?" if mendable else "Go on?"
        while True:
            answer = ask(f"    {question} [{CHOICES}] ").strip().lower()
            if answer in ("q", "quit"):
                return 0
            if answer in ("b", "back"):
                return -1
            if answer in ("n", "no", "s", "skip", "") or (answer in ("y", "yes")
                                                           and not mendable):
                return 1
            if answer in ("w", "why"):
                walk.session.emit(Lines((paragraph("    ", finding.why),)))
            elif answer in ("y", "yes"):
                return self._type_fix(walk, index)

    def _type_fix(self, walk: Walk, index: int) -> int:
        try:
            finding = walk.mend(index)
        except CommandError as error:
            walk.session.emit(Lines(((f"    not mended: {error.text}",),), error=True))
            return 1
        walk.session.emit(Lines(describe(index + 1, finding, index in walk.mended)))
        return 1


class DiagChecklist(Checklist, words="diag checklist",
                    help="Walks the article's steps with live evidence, verdicts and fixes."):
    """The same in the diag context."""
