"""JUnit XML: a suite for each file, a case for each command.

What differs is a failure with its diff, what could not run is an error.
"""

from collections.abc import Iterator, Sequence

from commands.answer import Line
from commands.layout import lines_of, plain, render_block
from commands.version import VERSION
from transcripts.report import result_lines
from transcripts.results import ERROR, FAILED, NOT_RUN, SKIPPED, Report, Result

# Characters that XML 1.0 has no place for (2.2).
_KEPT = "\t\n"


def junit(reports: Sequence[Report], style: str = "unified") -> str:
    """The document, UTF-8."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f"<testsuites{_counts(reports)}>"]
    for report in reports:
        lines += _suite(report, style)
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(reports: Sequence[Report]) -> str:
    tests = sum(max(len(one.results), 1 if one.problem else 0) for one in reports)
    failures = sum(one.count(FAILED) for one in reports)
    errors = sum(one.count(ERROR, NOT_RUN) + bool(one.problem) for one in reports)
    skipped = sum(one.count(SKIPPED) for one in reports)
    seconds = sum(one.seconds for one in reports)
    return (f' tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
            f' time="{seconds:.3f}"')


def _suite(report: Report, style: str) -> Iterator[str]:
    yield f"<testsuite name={_quoted(report.name)} file={_quoted(report.path)}{_counts([report])}>"
    yield "<properties>"
    for name, value in properties(report):
        yield f"<property name={_quoted(name)} value={_quoted(value)}/>"
    yield "</properties>"
    if report.problem:
        yield f"<testcase classname={_quoted(report.name)} name={_quoted(report.path)}>"
        yield f"<error message={_quoted(report.problem)}/>"
        yield "</testcase>"
    for one in report.results:
        yield from _case(report, one, style)
    yield "</testsuite>"


def properties(report: Report) -> list[tuple[str, str]]:
    """What a run stood on."""
    found = [("version", VERSION), ("seed", str(report.seed)), ("store", report.header.store)]
    if report.digest:
        found.append(("store.sha256", report.digest))
    if report.header.title:
        found.append(("title", report.header.title))
    return found + [(f"bind.{name}", value) for name, value in report.variables]


def _case(report: Report, result: Result, style: str) -> Iterator[str]:
    exchange = result.exchange
    command = result.prompt.partition("> ")[2]
    yield (f"<testcase classname={_quoted(exchange.section or report.name)} "
           f"name={_quoted(f'L{exchange.line} {command}')} time=\"{result.seconds:.3f}\">")
    reason = result.reasons[0] if result.reasons else ""
    if result.verdict == FAILED:
        shown = text_of(result_lines(report, result, style).lines)
        yield f"<failure message={_quoted(reason)}>{_text(shown)}</failure>"
    elif result.verdict in (ERROR, NOT_RUN):
        yield f"<error message={_quoted(reason)}/>"
    elif result.verdict == SKIPPED:
        yield f"<skipped message={_quoted(reason)}/>"
    for sigils, name in (("|?<", "system-out"), ("!", "system-err")):
        said = "\n".join(one.text for one in result.lines if one.sigil in sigils)
        if said:
            yield f"<{name}>{_text(said)}</{name}>"
    yield "</testcase>"


def text_of(lines: Sequence[Line]) -> str:
    """Lines without their types."""
    block = lines_of((), "", None)._replace(lines=tuple(lines))
    return "\n".join(plain(line) for line in render_block(block, False, 1 << 20)).rstrip()


def _kept(text: str) -> str:
    """The text without what XML cannot say, which stands as its number."""
    return "".join(sign if sign >= " " and not "\ud800" <= sign <= "\udfff"
                   and sign not in "\ufffe\uffff\x7f" or sign in _KEPT
                   else f"\\x{ord(sign):02x}" for sign in text)


def _text(text: str) -> str:
    return _kept(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;").replace("\n", "&#10;") \
        .replace("\t", "&#9;") + '"'
