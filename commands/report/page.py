"""A report as one HTML file: no script, no reference to anything outside it."""

from collections.abc import Iterable, Iterator

from commands.clock import iso_time
from commands.layout import printable
from commands.report.facts import Facts, Moment, Step, script
from commands.report.style import STYLE
from engine.diagnose import sequence, svg
from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Evidence, Finding
from engine.diagnose.trace.picture import draw

TONES = {FAIL: "bad", UNKNOWN: "warn", WARN: "warn", PASS: "good", SKIP: "soft"}
TRAFFIC = {"PROTECTED": "good", "IN CLEAR": "bad", "SOFT ASSOCIATION": "bad", "NO TRAFFIC": "warn"}
# Words under the verdict on the traffic.
MEANS = {
    "PROTECTED": "Traffic between the networks crosses the outside only inside the tunnel.",
    "IN CLEAR": "Traffic between the networks crosses the outside for everybody to read.",
    "SOFT ASSOCIATION": "The gateway has agreed to send in the clear (soft association).",
    "NO TRAFFIC": "Nothing gets from one network to the other, so nothing is proved.",
}
TITLE = "IPsec tunnel report"


def text(words: str) -> str:
    """Words as they may stand in HTML; control characters are written out."""
    return svg.escape(printable(words))


def page(facts: Facts) -> str:
    """The HTML document."""
    return "".join((
        "<!DOCTYPE html>\n", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
        f"<title>{text(TITLE)}: {text(facts.machine)}</title><style>{STYLE}</style></head><body>",
        _head(facts), "<main>", *_sections(facts), "</main>", _foot(facts), "</body></html>\n"))


def _head(facts: Facts) -> str:
    tone = TRAFFIC.get(facts.traffic, "soft")
    pills = " ".join(f'<span class="pill {TONES[verdict]}">{count} {verdict}</span>'
                     for verdict, count in facts.counts.items())
    made = iso_time(facts.made)[:19].replace("T", " ")
    view = "both ends" if facts.view == "both" else f"{facts.machine} alone"
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in (
        ("todo", "To do"), ("path", "Path"), ("ike", "Negotiation"), ("time", "Timeline"),
        ("steps", "All steps"), ("typed", "Commands")))
    return (f'<header><div class="in"><h1>{text(TITLE)}: {text(facts.machine)} and '
            f'{text(facts.peer)}</h1><p class="sub">Made {made} UTC, as seen from {text(view)}.</p>'
            f'<div class="verdict"><span class="big {tone}">{text(facts.traffic)}</span>'
            f"<span>{text(MEANS.get(facts.traffic, ''))}</span></div>"
            f'<div class="verdict">{pills}</div><nav>{links}</nav></div></header>')


def _tone(one: Step) -> str:
    return "good" if one.mended else TONES[one.finding.verdict]


def _pill(one: Step) -> str:
    return f'<span class="pill {_tone(one)}">{text(one.verdict)}</span>'


def _sections(facts: Facts) -> Iterator[str]:
    yield '<h2 id="todo">What to do</h2>'
    yield from _todo(facts)
    yield '<h2 id="path">The path of a packet</h2>'
    yield from _path(facts)
    yield '<h2 id="ike">The negotiation</h2>'
    yield from _negotiation(facts)
    yield '<h2 id="time">Timeline</h2>'
    yield from _timeline(facts.moments)
    yield '<h2 id="steps">All steps</h2>'
    yield from _steps(facts.steps)
    yield '<h2 id="typed">Commands typed</h2>'
    yield from _typed(facts)


def _todo(facts: Facts) -> Iterator[str]:
    """What fails with its fix; what only should be better; or that there is nothing."""
    if not facts.open:
        yield "<p>Nothing fails.</p>"
    for one in facts.open:
        yield _step(one, True)
    if facts.consequences:
        shown = "".join(f"<li>{one.number}. {text(one.finding.title)} {_pill(one)}</li>"
                        for one in facts.consequences)
        yield f'<p>What follows from it:</p><ul class="plain">{shown}</ul>'
    if facts.repaired:
        yield "<p>What the checklist has mended:</p>"
    for one in facts.repaired:
        yield _step(one, False)
    if facts.warnings:
        yield "<p>Nothing of this stops the traffic, but it should be better:</p>"
    for one in facts.warnings:
        yield _step(one, True)


def _step(one: Step, whole: bool) -> str:
    """A step; one that is right is folded to its headline."""
    finding, tone = one.finding, _tone(one)
    head = (f'<div class="row"><span class="num">{one.number}</span><h3>{text(finding.title)}'
            f"</h3>{_pill(one)}</div>")
    body = (f'<div class="in-step"><p class="soft">{text(finding.phase)}</p>'
            f'{"".join(f"<p>{text(line)}</p>" for line in finding.because)}'
            f"<dl>{''.join(_parts(one))}</dl></div>")
    if whole:
        return f'<section class="step {tone}">{head}{body}</section>'
    return f'<details class="step {tone}"><summary>{head}</summary>{body}</details>'


def _parts(one: Step) -> Iterator[str]:
    finding = one.finding
    if one.was is not None:
        yield from _was(one.was, one.lines)
    if finding.code:
        machine = f" on {text(finding.machine)}" if finding.machine else ""
        yield _part("Code", f"<code>{text(finding.code)}</code>{machine}")
    if finding.evidence:
        yield _part("Seen", "".join(map(_evidence, finding.evidence)))
    for label, words in (("Why", (finding.why,)), ("Affects", finding.affects),
                         ("Next", finding.next)):
        if any(words):
            yield _part(label, "<br>".join(map(text, words)))
    if finding.fix is not None:
        yield _part("Fix", text(finding.fix.text) + _block(one.lines))
    if finding.verify and (one.lines or finding.verdict != PASS):
        yield _part("Verify", f"<code>{text(finding.verify)}</code>")
    if one.undo:
        yield _part("Undo", f"<code>{text(one.undo)}</code>")
    if finding.kb:
        yield _part("Read", text(", ".join(finding.kb)))


def _was(was: Finding, lines: Iterable[str]) -> Iterator[str]:
    """What a step had found before it was mended, and with which lines."""
    yield _part("Was", "<br>".join(map(text, was.because)))
    yield _part("Code", f"<code>{text(was.code)}</code>")
    yield _part("Typed", _block(lines))


def _part(label: str, html: str) -> str:
    return f"<dt>{label}</dt><dd>{html}</dd>"


def _evidence(seen: Evidence) -> str:
    where = f"[{seen.machine}] " if seen.machine else ""
    return _block((f"> {where}{seen.command}", *seen.lines))


def _block(lines: Iterable[str]) -> str:
    shown = "\n".join(map(text, lines))
    return f"<pre>{shown}</pre>" if shown else ""


def _steps(steps: Iterable[Step]) -> Iterator[str]:
    yield from (_step(one, False) for one in steps)


# --- pictures -------------------------------------------------------------------------------------


def _path(facts: Facts) -> Iterator[str]:
    if facts.trace is None:
        yield "<p>Nobody can tell from here which way a packet would go.</p>"
        return
    yield ("<p>The way of an echo and of its answer, as the machines in view are configured; "
           "nothing was sent for it.</p>")
    yield f'<div class="pictures">{draw(facts.trace, "The way of a packet")}</div>'


def _negotiation(facts: Facts) -> Iterator[str]:
    if not facts.drawn:
        yield ("<p>No negotiation was seen while the checklist ran: the association was there "
               "already, or nothing asked for one.</p>")
        return
    if facts.hidden:
        yield f"<p>{facts.hidden} earlier negotiations are not drawn.</p>"
    drawn = "".join(sequence.draw(one, printable(facts.machine), "the other gateway")
                    for one in facts.drawn)
    yield f'<div class="pictures">{drawn}</div>'


# --- what happened --------------------------------------------------------------------------------


def _timeline(moments: Iterable[Moment]) -> Iterator[str]:
    rows = [f'<tr><td class="t">{one.time}</td><td class="m">{text(one.machine)}</td>'
            f'<td class="{"t-" + one.tone if one.tone else ""}">{_moment(one)}</td></tr>'
            for one in moments]
    if not rows:
        yield "<p>Nothing was logged, negotiated or typed.</p>"
        return
    yield ("<table><thead><tr><th>Time (UTC)</th><th>Machine</th><th>What</th></tr></thead>"
           f"<tbody>{''.join(rows)}</tbody></table>")


def _moment(one: Moment) -> str:
    return f"<code>{text(one.text)}</code>" if one.kind == "typed" else text(one.text)


def _typed(facts: Facts) -> Iterator[str]:
    if not facts.typed:
        yield "<p>The checklist typed nothing: it only looked.</p>"
    else:
        yield f"<p>By the checklist:</p>{_block(script(facts.typed))}"
    if facts.operator:
        yield f"<p>By the operator, in this session:</p>{_block(script(facts.operator))}"


def _foot(facts: Facts) -> str:
    return f"<footer><p>{text(facts.foot)}</p></footer>"
