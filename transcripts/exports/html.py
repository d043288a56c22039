"""A run as one HTML page: nothing is fetched, every command can be copied, failures are open.

Readable without scripts; they only search, fold and copy.
"""

import os
from collections.abc import Iterator, Sequence
from html import escape

from commands.answer import Line
from commands.colour import VERDICTS
from commands.layout import Span, SpanLine, lines_of, plain, render_block
from commands.version import VERSION
from transcripts.exports.document import CODE, PROSE, SECTION, Document, Part, Step
from transcripts.report import diff_lines, untold
from transcripts.reports.junit import properties
from transcripts.results import BAD, PASSED, SKIPPED

FOLDER = os.path.dirname(__file__)
# Outputs of at most so many lines are open, so that a short conversation reads as one.
OPEN_MOST = 8
SHOWN = "shown"
POLICY = ("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          "base-uri 'none'; form-action 'none'")
KINDS = {"32": "good", "1;32": "good", "33": "odd", "1;31": "bad"}
WORDS = {"not run": "not run", SHOWN: "expected"}


def html(document: Document) -> str:
    """The page."""
    return "\n".join([
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{_text(document.title)}</title>", f"<style>\n{_asset('page.css')}</style>",
        "</head>", "<body>", '<div class="sheet">', *_head(document), "<main>",
        *(line for part in document.parts for line in _part(part)),
        '<p class="nothing" hidden>Nothing here is like that.</p>', "</main>", *_foot(document),
        "</div>", f"<script>\n{_asset('page.js')}</script>", "</body>", "</html>", ""])


def _asset(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _text(text: str) -> str:
    """Text without what HTML would read, and without control characters."""
    return escape("".join(sign if sign.isprintable() or sign == "\n" else "�"
                          for sign in text))


# --- the head -----------------------------------------------------------------------------------


def _head(document: Document) -> Iterator[str]:
    yield f"<header>\n<h1>{_text(document.title)}</h1>"
    yield f'<div class="facts">{"".join(_facts(document))}</div>'
    yield from _sections(document)
    yield "</header>"
    failures = sum(verdict(step) in BAD for step in document.steps)
    only = (f'<button type="button" id="bad" aria-pressed="false">Failures only ({failures})'
            "</button>" if failures else "")
    yield ('<div class="bar" hidden><input id="find" type="search" placeholder="Search commands '
           f'and output" aria-label="Search">{only}'
           '<button type="button" data-fold="open">Unfold all</button>'
           '<button type="button" data-fold="shut">Fold all</button>'
           '<button type="button" id="theme" aria-label="Light or dark">Light / dark</button>'
           "</div>")


def _facts(document: Document) -> Iterator[str]:
    """What ran, how it went, and what it stood on."""
    report = document.report
    if report is None:
        yield '<span class="badge shown">not run</span>'
        yield f"<span><b>{len(document.steps)}</b> commands, as they are expected</span>"
        return
    word = "failed" if report.failed else PASSED
    yield f'<span class="badge {word}">{word}</span>'
    yield f"<span><b>{report.commands}</b> command{'s' * (report.commands != 1)}</span>"
    yield f"<span><b>{report.count(*BAD)}</b> failed</span>"
    if report.count(SKIPPED):
        yield f"<span><b>{report.count(SKIPPED)}</b> skipped</span>"
    for name, value in properties(report):
        if name != "title":
            yield f"<span>{_text(name.removeprefix('bind.'))} <b>{_text(value[:64])}</b></span>"
    if report.incomplete:
        yield f'<span class="e">not all of it ran: {_text(report.incomplete)}</span>'


def _sections(document: Document) -> Iterator[str]:
    """The table of contents, with a mark at sections in which something failed."""
    names: list[tuple[str, bool]] = []
    for part in document.parts:
        if part.kind == SECTION:
            names.append((part.text, False))
        elif part.step is not None and names and verdict(part.step) in BAD:
            names[-1] = (names[-1][0], True)
    if len(names) < 2:
        return
    yield f"<nav><details open><summary>{len(names)} sections</summary><ol>"
    for name, bad in names:
        mark = ' class="bad"' if bad else ""
        yield f'<li{mark}><a href="#{_anchor(name)}">{_text(name)}</a></li>'
    yield "</ol></details></nav>"


def _anchor(section: str) -> str:
    return "s-" + "".join(sign if sign.isalnum() else "-" for sign in section.lower())


# --- parts --------------------------------------------------------------------------------------


def _part(part: Part) -> Iterator[str]:
    if part.kind == SECTION:
        place = _anchor(part.text)
        yield f'<h2 id="{place}"><a class="to" href="#{place}">{_text(part.text)}</a></h2>'
    elif part.kind == PROSE:
        yield f"<p>{_text(part.text)}</p>"
    elif part.kind == CODE:
        yield f'<pre class="code">{_text(part.text)}</pre>'
    elif part.step is not None:
        yield from _step(part.step)


def verdict(step: Step) -> str:
    """passed, failed, error, skipped, not run, or shown when nothing ran."""
    return step.result.verdict if step.result is not None else SHOWN


def _step(step: Step) -> Iterator[str]:
    """A command with what it said; what is long is folded."""
    word = verdict(step)
    body = list(_body(step))
    inside = word in BAD or sum(1 for _ in step.lines) <= OPEN_MOST
    tag = f'details{" open" * inside}' if body else "div"
    place = f"L{step.exchange.line}"
    yield f'<{tag} class="step {word.replace(" ", "-")}" id="{place}">'
    yield "".join([
        '<summary class="head">' if body else '<div class="head">',
        f'<span class="badge">{WORDS.get(word, word)}</span>',
        f'<code class="line"><span class="prompt">{_text(step.prompt)} </span>'
        f"{_text(step.command)}</code>",
        f'<a class="number" href="#{place}" title="line {step.exchange.line} of '
        f'{_text(os.path.basename(step.exchange.path))}">{step.exchange.line}</a>',
        f'<button type="button" class="copy" hidden data-copy="{_text(step.command)}">Copy'
        "</button>", "</summary>" if body else "</div>"])
    yield from body
    yield "</details>" if body else "</div>"


def _body(step: Step) -> Iterator[str]:
    result = step.result
    if result is not None and result.diff:
        yield f'<pre class="diff">{_lines(diff_lines(result.diff, "unified"))}</pre>'
    reasons = untold(result, "unified") if result is not None else ()
    if reasons:
        yield f'<p class="why">{"<br>".join(_text(one) for one in reasons)}</p>'
    if step.lines:
        yield f"<pre>{_said(step)}</pre>"


def _said(step: Step) -> str:
    """The output as it was printed, answers among it."""
    shown = []
    for sigil, line in step.lines:
        text = "".join(_span(span) for span in line)
        kind = {"!": "e", "<": "answer"}.get(sigil)
        shown.append(f'<span class="{kind}">{text}</span>' if kind and text else text)
    return "\n".join(shown)


def _span(span: Span) -> str:
    text = _text(span.text)
    if span.type == "verdict":
        kind = KINDS.get(VERDICTS.get(span.text, ""))
        return f'<span class="v-{kind}">{text}</span>' if kind else text
    plain_types = ("", "text", "label", "enum", "yesno", "echo", "path")
    return text if span.type in plain_types or not text.strip() \
        else f'<span class="t-{_text(span.type)}">{text}</span>'


def _lines(lines: Sequence[Line]) -> str:
    block = lines_of((), "", None)._replace(lines=tuple(lines))
    shown: list[SpanLine] = render_block(block, False, 1 << 20)
    return "\n".join("".join(_span(span) for span in line) if plain(line) else ""
                     for line in shown)


def _foot(document: Document) -> Iterator[str]:
    name = os.path.basename(document.transcript.path)
    yield (f"<footer>{_text(name)}, by ipsecsh {VERSION}. Keys are not in it: where one stood, "
           "its name stands. <code>transcript run</code> replays the file.</footer>")
