"""The Test Anything Protocol, version 14: a line for each command, with what differs below it."""

from collections.abc import Iterator, Sequence

from transcripts.report import result_lines
from transcripts.reports.junit import text_of
from transcripts.results import BAD, NOT_RUN, SKIPPED, Report, Result


def tap(reports: Sequence[Report], style: str = "unified") -> str:
    """All files as one stream."""
    lines = ["TAP version 14",
             f"1..{sum(len(one.results) + bool(one.problem) for one in reports)}"]
    number = 0
    for report in reports:
        lines.append(f"# {_one_line(report.path)}")
        if report.problem:
            number += 1
            lines += [f"not ok {number} - {_name(report.name)}", *_block([report.problem])]
        for result in report.results:
            number += 1
            lines += _case(report, result, number, style)
    return "\n".join(lines) + "\n"


def _case(report: Report, result: Result, number: int, style: str) -> Iterator[str]:
    command = result.prompt.partition("> ")[2]
    name = _name(f"{report.name} L{result.exchange.line} {command}")
    bad = result.verdict in BAD or result.verdict == NOT_RUN
    reason = f" # SKIP {_one_line(result.reasons[0])}" if result.verdict == SKIPPED else ""
    yield f"{'not ' * bad}ok {number} - {name}{reason}"
    if result.verdict in BAD:
        yield from _block(text_of(result_lines(report, result, style).lines).split("\n"))
    elif bad:
        yield from _block(list(result.reasons))


def _block(lines: Sequence[str]) -> list[str]:
    """A YAML block with one text of several lines."""
    shown = [f"    {_one_line(line)}".rstrip() for line in lines]
    return ["  ---", "  message: |", *shown, "  ..."]


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _name(text: str) -> str:
    """A description, in which a number sign would begin a directive."""
    return _one_line(text).replace("\\", "\\\\").replace("#", "\\#")
