"""What a run of a transcript says: one summary line a file, a unified diff for each mismatch.

    kb252735.transcript:31  ipsec dynamic> show qmsas
      | Tunnel  Dir  SPI
    - | toB     in   <spi:in>    up
    + | toB     in   0x88aa      up
      line 31: <spi:in> was 0x1f2e (captured line 24), now 0x88aa
"""

from collections.abc import Sequence
from typing import NamedTuple

from commands.answer import Cell, Line, Lines
from transcripts.format import Expected
from transcripts.match import Captures, Matcher, Mismatch, Printed

# Above this many comparisons a diff aligns equal texts only.
MAX_COMPARISONS = 20_000


class Failure(NamedTuple):
    """A command that did not do what was expected; `diff` are its lines with their mark."""

    line: int
    prompt: str
    diff: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]


class Report(NamedTuple):
    """The result of one file: commands run, the failures, wall seconds."""

    name: str
    path: str
    commands: int
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def failed(self) -> bool:
        return bool(self.failures)


def diff(expected: Sequence[Expected], actual: Sequence[Printed], captures: Captures,
         matcher: Matcher) -> tuple[tuple[str, str], ...]:
    """Lines of a unified diff as (mark, text): " " both, "-" only expected, "+" only printed."""
    from difflib import SequenceMatcher
    wanted = _keys(expected, actual, captures, matcher)
    got = [f"{line.sigil} {line.text}" for line in actual]
    marked: list[tuple[str, str]] = []
    for kind, start, end, low, high in SequenceMatcher(None, wanted, got, False).get_opcodes():
        if kind == "equal":
            marked += [(" ", text) for text in got[low:high]]
        elif start < end and all(line.elision for line in expected[start:end]):
            marked += [(" ", _written(line)) for line in expected[start:end]]
        else:
            marked += [("-", _written(line)) for line in expected[start:end]]
            marked += [("+", text) for text in got[low:high]]
    return tuple(marked)


def _written(line: Expected) -> str:
    return f"{line.sigil} {line.text}"


def _keys(expected: Sequence[Expected], actual: Sequence[Printed], captures: Captures,
          matcher: Matcher) -> list[str]:
    """Each expected line as the printed line it matches, else as it is written."""
    keys = []
    close = len(expected) * len(actual) <= MAX_COMPARISONS
    for line in expected:
        key = _written(line)
        for shown in actual if close and line.elision is None else ():
            found = matcher.line(line, shown, captures)
            if not isinstance(found, Mismatch):
                captures, key = found, f"{shown.sigil} {shown.text}"
                break
        keys.append(key)
    return keys


def failure_lines(path: str, failure: Failure) -> Lines:
    """The block of one failure: FILE:LINE and the command, the diff, the reasons."""
    lines: list[Line] = [(Cell("path", path, path), f":{failure.line}  {failure.prompt}")]
    lines += [(f"{mark} {text}".rstrip(),) for mark, text in failure.diff]
    lines += [(f"  {reason}",) for reason in failure.reasons]
    return Lines((*lines, ()), {"file": path, "line": failure.line, "command": failure.prompt,
                                "diff": ["".join(pair) for pair in failure.diff],
                                "reasons": list(failure.reasons)}, "failure")


def summary_lines(report: Report) -> Lines:
    """``kb252735: 61 commands, 0 failed, 0.31 s``."""
    failed = len(report.failures)
    seconds = Cell("dur", round(report.seconds, 3), f"{report.seconds:.2f} s")
    line: Line = (Cell("name", report.name, report.name), ": ",
                  Cell("count", report.commands, str(report.commands)),
                  f" command{'s' * (report.commands != 1)}, ",
                  Cell("count", failed, str(failed)), " failed, ", seconds)
    data = {"name": report.name, "commands": report.commands, "failed": failed,
            "seconds": round(report.seconds, 3)}
    return Lines((line,), data, "summary")
