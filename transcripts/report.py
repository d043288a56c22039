"""What a run of a transcript says: one summary line a file, a diff for each mismatch.

    kb252735.transcript:31  ipsec dynamic> show qmsas
      | Tunnel  Dir  SPI
    - | toB     in   <spi:in>    up
    + | toB     in   0x88aa      up
        line 31: <spi:in> was 0x1f2e (captured line 24), now 0x88aa
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from commands.answer import Cell, Line, Lines, Part
from commands.layout import wrap
from transcripts.results import BAD, SKIPPED, Change, Report, Result

STYLES = ("unified", "words", "side")
CONTEXT = 3
SIDE_WIDTH = 38
TAB_STOP = "  "


def result_lines(report: Report, result: Result, style: str = "unified") -> Lines:
    """The block of one failure: FILE:LINE and the command, the diff, the reasons."""
    path = result.exchange.path or report.path
    lines: list[Line] = [(Cell("path", path, path), f":{result.exchange.line}  {result.prompt}")]
    lines += diff_lines(result.diff, style)
    lines += [("  ", *_reason(reason)) for reason in untold(result, style)]
    return Lines((*lines, ()), result_data(report, result), "failure")


def _reason(text: str) -> Line:
    return (Cell("line", text, text),)


def untold(result: Result, style: str) -> tuple[str, ...]:
    """The reasons that do not stand in the diff already, under the line they are about."""
    told = {f"line {one.line}: {one.reason}" for one in result.diff if one.reason}
    return tuple(reason for reason in result.reasons if reason not in told)


def result_data(report: Report, result: Result) -> dict[str, object]:
    """The same as JSON."""
    return {"file": result.exchange.path or report.path, "line": result.exchange.line,
            "command": result.prompt, "verdict": result.verdict,
            "diff": [f"{one.mark}{one.text}" for one in result.diff],
            "reasons": list(result.reasons), "exit": result.exit,
            "seconds": Cell("dur", round(result.seconds, 6), f"{result.seconds:.3f} s")}


def diff_lines(diff: Sequence[Change], style: str) -> list[Line]:
    """A diff in one of the styles."""
    if style == "side":
        return _side(diff)
    if style == "words":
        return _words(diff)
    return _unified(diff)


# --- unified ------------------------------------------------------------------------------------


def _unified(diff: Sequence[Change]) -> list[Line]:
    lines: list[Line] = []
    for run in hunks(diff):
        if isinstance(run, int):
            lines.append((f"  ... {run} lines that match",))
        elif run[0].mark == " ":
            lines += [(f"  {one.text}",) for one in run]
        else:
            lines += _hunk(run)
    return lines


def _hunk(run: Sequence[Change]) -> list[Line]:
    """Replaced lines: what was expected, what was printed, and at once why they differ.

    Lines of which nothing is to be said stay together.
    """
    old = [one for one in run if one.mark == "-"]
    new = [one for one in run if one.mark == "+"]
    lines: list[Line] = []
    gone: list[Line] = []
    come: list[Line] = []
    for one, two in zip_longest(old, new):
        if one is not None:
            gone.append(_marked("-", "removed", one.text, two.text if two else ""))
        if two is not None:
            come.append(_marked("+", "added", two.text, one.text if one else ""))
        if one is not None and one.reason:
            lines += [*gone, *come, (f"    line {one.line}: ", *_reason(one.reason))]
            gone, come = [], []
    return [*lines, *gone, *come]


def _marked(mark: str, kind: str, text: str, other: str) -> Line:
    """A line of one side; the words that the other one has otherwise are marked by their type."""
    parts: list[Part] = [Cell(kind, mark, mark), " "]
    for same, piece in pieces(text, other):
        shown = visible(piece, other) if not same and not piece.strip() else piece
        parts.append(piece if same else Cell(kind, shown, shown))
    return tuple(parts)


def hunks(diff: Sequence[Change]) -> Iterable[list[Change] | int]:
    """Runs of equal and of other lines; long equal ones are cut to a number of lines."""
    run: list[Change] = []
    for one in diff:
        if run and (run[0].mark == " ") != (one.mark == " "):
            yield from _cut(run, True)
            run = []
        run.append(one)
    if run:
        yield from _cut(run, False)


def _cut(run: list[Change], more: bool) -> Iterable[list[Change] | int]:
    if run[0].mark != " " or len(run) <= 2 * CONTEXT + 1:
        yield run
        return
    tail = run[-CONTEXT:] if more else []
    yield run[:CONTEXT]
    yield len(run) - CONTEXT - len(tail)
    if tail:
        yield tail


def pieces(text: str, other: str) -> list[tuple[bool, str]]:
    """A line cut into what the other line has too and what it has not, word by word."""
    from difflib import SequenceMatcher
    if not other:
        return [(False, text)]
    mine, theirs = _split(text), _split(other)
    found = []
    for kind, start, end, _, _ in SequenceMatcher(None, mine, theirs, False).get_opcodes():
        if start < end:
            found.append((kind == "equal", "".join(mine[start:end])))
    return found


def _split(text: str) -> list[str]:
    """Words and the blanks between them."""
    parts: list[str] = []
    for sign in text:
        if parts and parts[-1][-1].isspace() == sign.isspace():
            parts[-1] += sign
        else:
            parts.append(sign)
    return parts


def visible(blank: str, other: str) -> str:
    """Blanks as dots: they are what differs."""
    return blank.replace(" ", "·").replace("\t", "→")


# --- words and side -----------------------------------------------------------------------------


def _words(diff: Sequence[Change]) -> list[Line]:
    """One line for two: ``[-what was expected-]{+what was printed+}``."""
    lines: list[Line] = []
    for run in hunks(diff):
        if isinstance(run, int):
            lines.append((f"  ... {run} lines that match",))
        elif run[0].mark == " ":
            lines += [(f"  {one.text}",) for one in run]
        else:
            old = [one for one in run if one.mark == "-"]
            new = [one for one in run if one.mark == "+"]
            for at in range(max(len(old), len(new))):
                one = old[at] if at < len(old) else None
                lines.append(_woven(one.text if one else "",
                                    new[at].text if at < len(new) else ""))
                if one and one.reason:
                    lines.append((f"    line {one.line}: ", *_reason(one.reason)))
    return lines


def _woven(old: str, new: str) -> Line:
    from difflib import SequenceMatcher
    mine, theirs = _split(old), _split(new)
    parts: list[Part] = ["~ "]
    for kind, start, end, low, high in SequenceMatcher(None, mine, theirs,
                                                       False).get_opcodes():
        gone, come = "".join(mine[start:end]), "".join(theirs[low:high])
        if kind == "equal":
            parts.append(gone)
            continue
        if gone:
            shown = f"[-{gone if gone.strip() else visible(gone, come)}-]"
            parts.append(Cell("removed", shown, shown))
        if come:
            shown = f"{{+{come if come.strip() else visible(come, gone)}+}}"
            parts.append(Cell("added", shown, shown))
    return tuple(parts)


def _side(diff: Sequence[Change]) -> list[Line]:
    """Two columns: what was expected, what was printed."""
    lines: list[Line] = [(f"  {'expected':<{SIDE_WIDTH}}   printed",)]
    for run in hunks(diff):
        if isinstance(run, int):
            lines.append((f"  ... {run} lines that match",))
            continue
        old = [one for one in run if one.mark != "+"]
        new = [one for one in run if one.mark != "-"]
        for at in range(max(len(old), len(new))):
            left = old[at].text if at < len(old) else ""
            right = new[at].text if at < len(new) else ""
            sign = " " if run[0].mark == " " else "<" if at >= len(new) else (
                ">" if at >= len(old) else "|")
            lines += _columns(left, sign, right)
            if at < len(old) and old[at].reason:
                lines.append((f"    line {old[at].line}: ", *_reason(old[at].reason)))
    return lines


def _columns(left: str, sign: str, right: str) -> list[Line]:
    lines: list[Line] = []
    rows = zip_longest(wrap(left, SIDE_WIDTH), wrap(right, SIDE_WIDTH), fillvalue="")
    for row, (old, new) in enumerate(rows):
        kinds = ("", "") if sign == " " else ("removed", "added")
        parts: list[Part] = ["  ", Cell(kinds[0], old, old) if kinds[0] and old else old,
                             " " * (SIDE_WIDTH - len(old)), f" {sign if row == 0 else ' '} ",
                             Cell(kinds[1], new, new) if kinds[1] and new else new]
        lines.append(tuple(part for part in parts if part != ""))
    return lines


# --- summary ------------------------------------------------------------------------------------


def summary_lines(report: Report) -> Lines:
    """``kb252735: 61 commands, 0 failed, 0.31 s``."""
    failed, skipped = report.count(*BAD), report.count(SKIPPED)
    seconds = Cell("dur", round(report.seconds, 3), f"{report.seconds:.2f} s")
    commands = report.commands
    line: list[Part] = [Cell("name", report.name, report.name), ": ",
                        Cell("count", commands, str(commands)),
                        f" command{'s' * (commands != 1)}, ",
                        Cell("count", failed, str(failed)), " failed, "]
    if skipped:
        line += [Cell("count", skipped, str(skipped)), " skipped, "]
    line.append(seconds)
    if not commands and not report.incomplete:
        line.append("; nothing was run")
    if report.incomplete:
        line.append(f"; not all of it ran: {report.incomplete}")
    data = {"name": report.name, "commands": commands, "failed": failed, "skipped": skipped,
            "incomplete": report.incomplete, "seconds": seconds}
    return Lines((tuple(line),), data, "summary")
