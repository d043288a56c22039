"""A report as Markdown: for tickets and mails, with the pictures as plain text."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from commands.clock import iso_time
from commands.layout import printable
from commands.report.facts import Facts, Step, script
from commands.report.page import MEANS, TITLE
from engine.diagnose import sequence
from engine.diagnose.finding import FAIL, UNKNOWN, WARN
from engine.diagnose.trace.stage import Trace

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def text(words: str) -> str:
    """Words as they mean themselves in Markdown."""
    return _SIGNS.sub(r"\\\1", printable(words))


def code(words: str) -> str:
    """Words in a code span, whatever backquotes they hold."""
    shown = printable(words)
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _longest(words: str) -> int:
    return max((len(one) for one in re.findall("`+", words)), default=0)


def fence(lines: Iterable[str]) -> list[str]:
    """Lines in a code block."""
    shown = [printable(line) for line in lines]
    ticks = "`" * max(3, max(map(_longest, shown), default=0) + 1)
    return [ticks, *shown, ticks] if shown else []


def markdown(facts: Facts) -> str:
    """The document."""
    made = iso_time(facts.made)[:19].replace("T", " ")
    view = "both ends" if facts.view == "both" else f"{facts.machine} alone"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in facts.counts.items())
    lines = [f"# {TITLE}: {text(facts.machine)} and {text(facts.peer)}", "",
             f"Made {made} UTC, as seen from {text(view)}.", "",
             f"**{text(facts.traffic)}**: {MEANS.get(facts.traffic, '')}", "",
             f"{len(facts.steps)} steps: {counts}.", ""]
    for title, part in (("What to do", _todo(facts)), ("The path of a packet", _path(facts.trace)),
                        ("The negotiation", _negotiation(facts)), ("Timeline", _timeline(facts)),
                        ("All steps", _steps(facts.steps)),
                        ("Commands typed", _typed(facts))):
        lines += [f"## {title}", "", *part, ""]
    return "\n".join([*lines, "---", "", text(facts.foot), ""])


def _todo(facts: Facts) -> Iterator[str]:
    if not facts.open:
        yield "Nothing fails."
        yield ""
    for one in facts.open:
        yield from _step(one)
    if facts.consequences:
        yield "What follows from it:"
        yield ""
        yield from (f"- {one.number}. {text(one.finding.title)} {one.verdict}"
                    for one in facts.consequences)
        yield ""
    for one in facts.repaired:
        assert one.was is not None
        yield f"### Mended: {one.number}. {text(one.finding.title)}"
        yield ""
        yield from (text(line) + "  " for line in one.was.because)
        yield ""
        yield from fence(one.lines)
        yield ""
    if facts.warnings:
        yield "Nothing of this stops the traffic, but it should be better:"
        yield ""
    for one in facts.warnings:
        yield from _step(one)


def _step(one: Step) -> Iterator[str]:
    finding = one.finding
    yield f"### {one.number}. {text(finding.title)} {one.verdict}"
    yield ""
    yield from (text(line) + "  " for line in finding.because)
    if finding.code:
        yield f"Code {code(finding.code)}" + (f" on {text(finding.machine)}."
                                              if finding.machine else ".")
    yield ""
    for seen in finding.evidence:
        where = f"[{seen.machine}] " if seen.machine else ""
        yield from fence((f"> {where}{seen.command}", *seen.lines))
        yield ""
    yield from _advice(one)


def _advice(one: Step) -> Iterator[str]:
    finding = one.finding
    if finding.verdict not in (FAIL, UNKNOWN, WARN):
        return
    yield f"Why: {text(finding.why)}"
    yield ""
    for label, found in (("Affects", finding.affects), ("Next", finding.next)):
        for words in found:
            yield f"{label}: {text(words)}"
            yield ""
    if finding.fix is not None:
        yield f"Fix: {text(finding.fix.text)}"
        yield ""
        yield from fence(one.lines)
        yield ""
    if one.lines:
        yield f"Verify: {code(finding.verify)}. Undo: {code(one.undo)}."
        yield ""


def _path(found: Trace | None) -> Iterator[str]:
    if found is None:
        yield "Nobody can tell from here which way a packet would go."
        return
    lines = [f"{found.packet}: {found.verdict}"]
    for reply, stages in groupby(found.stages, lambda one: one.reply):
        lines.append("the answer" if reply else "the packet")
        for (machine, about), block in groupby(stages, lambda one: (one.machine, one.about)):
            lines.append(f"  {machine}" + (f" ({about})" if about else ""))
            lines += [f"    {'~' if one.assumed else ' '} {one.stage}: {one.verdict}: {one.what}"
                      + (f" [{one.blocker}]" if one.blocker else "") for one in block]
    yield from fence(lines)


def _negotiation(facts: Facts) -> Iterator[str]:
    if not facts.drawn:
        yield "No negotiation was seen while the checklist ran."
    for one in facts.drawn:
        yield from fence(sequence.written(one, facts.machine, "the other gateway"))
        yield ""


def _timeline(facts: Facts) -> Iterator[str]:
    if not facts.moments:
        yield "Nothing was logged, negotiated or typed."
        return
    yield "| Time (UTC) | Machine | What |"
    yield "| --- | --- | --- |"
    for one in facts.moments:
        what = code(one.text.replace("|", "\\|")) if one.kind == "typed" else text(one.text)
        yield f"| {one.time} | {text(one.machine)} | {what} |"


def _steps(steps: Iterable[Step]) -> Iterator[str]:
    yield "| No. | Step | Verdict |"
    yield "| ---: | --- | --- |"
    for one in steps:
        yield f"| {one.number} | {text(one.finding.title)} | {one.verdict} |"


def _typed(facts: Facts) -> Iterator[str]:
    if not facts.typed:
        yield "The checklist typed nothing: it only looked."
        yield ""
    for title, lines in (("By the checklist:", facts.typed),
                         ("By the operator, in this session:", facts.operator)):
        if lines:
            yield from (title, "", *fence(script(lines)), "")
