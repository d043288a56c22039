"""The checklist as it is printed, and as data."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Cell, Joined, Line, Lines
from commands.diag.apply import typed
from engine.diagnose.finding import FAIL, UNKNOWN, WARN, Finding
from engine.diagnose.guide.all import NAMES, STEPS

if TYPE_CHECKING:
    from commands.diag.guide.walk import Walk
    from commands.session import Session

WIDTH = 80
LEAD = 12


def paragraph(label: str, text: str) -> Line:
    """A sentence behind its label; what does not fit goes on below itself."""
    lead = f"    {label} ".ljust(LEAD) if label else "    "
    return (cells.hang(len(lead)), lead, *cells.sentence(text))


def headline(number: int, finding: Finding, mended: bool = False) -> Line:
    """The number, the question, and the verdict at the right edge."""
    verdict = "MENDED" if mended else finding.verdict
    head = f"{number:2}. {finding.title}"
    space = " " * max(1, WIDTH - len(head) - len(verdict))
    return (head, space, Cell("verdict", finding.verdict, verdict))


def section(index: int) -> list[Line]:
    """The article's heading, where a new section of it begins."""
    title = STEPS[index].section
    if index and STEPS[index - 1].section == title:
        return []
    return [*([()] if index else []), (title,)]


def describe(session: "Session", number: int, finding: Finding,
             mended: bool = False) -> tuple[Line, ...]:
    """One step as it is printed: question and verdict, evidence, why, fix, verify, undo."""
    lines: list[Line] = [headline(number, finding, mended)]
    lines += [paragraph("", because) for because in finding.because]
    for seen in finding.evidence:
        where = f"[{seen.machine}] " if seen.machine else ""
        lines.append(("    seen:   ", cells.line(where + seen.command)))
        lines += [(cells.hang(LEAD), " " * LEAD, *cells.sentence(line)) for line in seen.lines]
    if finding.verdict not in (FAIL, UNKNOWN, WARN):
        return tuple(lines)
    lines.append(paragraph("why:", finding.why))
    lines += [paragraph("affects:", text) for text in finding.affects]
    lines += [paragraph("next:", step) for step in finding.next]
    if finding.fix is not None:
        lines.append(paragraph("fix:", finding.fix.text))
        commands = typed(session, finding.fix)
        lines += [(" " * LEAD, cells.line(command)) for command in commands]
        if commands:
            lines.append(("    verify: ", cells.line(finding.verify)))
            lines.append(("    undo:   ", cells.line(f"checklist undo step={finding.check}")))
    return tuple(lines)


def as_data(session: "Session", finding: Finding, mended: bool) -> dict[str, object]:
    """A finding as JSON, with the fields of every finding of the product."""
    fix = finding.fix
    return {
        "step": finding.check, "code": finding.code, "title": finding.title,
        "phase": finding.phase, "machine": finding.machine,
        "verdict": finding.verdict, "mended": mended, "because": _words(finding.because),
        "evidence": [{"command": cells.line(seen.command), "machine": seen.machine,
                      "lines": _words(seen.lines)} for seen in finding.evidence],
        "affects": _words(finding.affects),
        "fix": fix and {"text": cells.line(fix.text),
                        "commands": _words(typed(session, fix)), "safe": fix.safe},
        "verify": cells.line(finding.verify), "why": finding.why, "next": _words(finding.next),
        "undo": f"checklist undo step={finding.check}" if fix and fix.commands else "",
    }


def _words(sentences: Iterable[str]) -> list[Joined]:
    return [Joined(cells.sentence(one)) for one in sentences]


def summary(walk: "Walk") -> Lines:
    """The count of verdicts, and the verdict on the traffic."""
    counts: dict[str, int] = {}
    for finding in walk.findings:
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    head = f"{len(walk.findings)} steps: {words}. Traffic: "
    steps = [as_data(walk.session, finding, i in walk.mended)
             for i, finding in enumerate(walk.findings)]
    line: Line = (head, Cell("verdict", walk.traffic, walk.traffic), ".")
    return Lines(((), line), {"steps": steps, "counts": counts, "traffic": walk.traffic,
                              "at": walk.state.at})


def again(walk: "Walk", changed: list[int]) -> list[Line]:
    """The steps that are otherwise now that fixes were typed."""
    if not changed:
        return []
    lines: list[Line] = [(), ("Looked at again, now that something was mended:",)]
    return lines + [headline(index + 1, walk.findings[index], index in walk.mended)
                    for index in changed]


def number_of(step: str) -> int:
    """The number of a step as it is printed."""
    return NAMES.index(step) + 1
