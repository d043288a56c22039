"""Compares what a command printed with what the transcript expects, and says why they differ.

The printed lines come as typed spans, so that a placeholder is checked against the cell it
covers. Blanks are folded in a line that the table writer padded; elsewhere every blank counts.
Blank lines before and after the whole output do not, nor does the order of lines that a command
prints in the order of their own values.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from transcripts.lines import Printed
from transcripts.model import Expected
from transcripts.pairing import Capture, Captures, Mismatch, pair
from transcripts.pattern import Elision, Placeholder, Rest

__all__ = ["Capture", "Captures", "Matcher", "Mismatch", "Printed"]

# Comparisons of lines that one output may cost: nested elisions can be tried in endless ways.
STEPS_MOST = 1_000_000
# Lines with placeholders that may stand in any order.
GROUP_MOST = 200
ELISIONS_MOST = 400
_ANY = Elision(None)


class TooManyWays(Exception):
    """The elisions of an output fit in more ways than can be tried."""


class Matcher:
    """Compares the output of one command; `captures` holds what was bound by earlier lines."""

    def __init__(self, captures: Captures, variables: Mapping[str, str]) -> None:
        self.captures, self.variables = captures, variables
        self.steps = 0

    def compare(self, expected: Sequence[Expected],
                actual: Sequence[Printed]) -> Captures | Mismatch:
        """The captures afterwards, or the first mismatch."""
        wanted, shown = _trimmed(expected), stripped(actual)
        self.steps = STEPS_MOST
        try:
            if sum(line.elision is not None for line in wanted) > ELISIONS_MOST:
                raise TooManyWays
            found = self._compared(wanted, shown)
            sure = stripped([line for line in shown if not line.chance])
            if isinstance(found, Mismatch) and len(sure) < len(shown):
                found = self._compared(wanted, sure)
        except TooManyWays:
            line = wanted[0].line if wanted else 0
            return Mismatch(line, "the elisions fit in more ways than can be tried")
        return found

    def _compared(self, wanted: Sequence[Expected],
                  shown: Sequence[Printed]) -> Captures | Mismatch:
        """In the order in which they were printed, else in the one that is asked for."""
        found = self._segments(_segments(wanted), shown, 0, self.captures)
        if isinstance(found, Mismatch) and any(line.ordered for line in shown):
            shown = self.arranged(wanted, shown)
            found = self._segments(_segments(wanted), shown, 0, self.captures)
        return found

    def line(self, line: Expected, shown: Printed, captures: Captures) -> Captures | Mismatch:
        """One line against one line."""
        self.steps -= 1
        if self.steps < 0:
            raise TooManyWays
        return pair(line, shown, captures, self.variables)

    def arranged(self, wanted: Sequence[Expected], actual: Sequence[Printed]) -> list[Printed]:
        """The printed lines with those that may stand in any order as they are expected."""
        lines: list[Printed] = []
        for ordered, run in groupby(actual, lambda line: line.ordered):
            if not ordered:
                lines += run
                continue
            lines += self._sorted(wanted, list(run))
        return lines

    def _sorted(self, wanted: Sequence[Expected], left: list[Printed]) -> list[Printed]:
        """Lines in the order in which the expected ones ask for them."""
        lines: list[Printed] = []
        for line in wanted:
            if line.elision is not None:
                continue
            at = next((at for at, shown in enumerate(left) if not isinstance(
                self.line(line, shown, self.captures), Mismatch)), -1)
            if at >= 0:
                lines.append(left.pop(at))
        return lines + left

    def _segments(self, segments: "list[_Segment]", actual: Sequence[Printed], at: int,
                  captures: Captures) -> Captures | Mismatch:
        """Each segment in order: its lines in a row, after the lines that an elision takes."""
        segment, rest = segments[0], segments[1:]
        starts = _starts(segment, at, len(actual), not rest)
        if isinstance(starts, Mismatch):
            return starts
        problem: Mismatch | None = None
        for start in starts:
            if any(line.sigil != segment.sigil for line in actual[at:start]):
                break
            found = self._lines(segment.lines, actual, start, captures, not rest)
            if rest and not isinstance(found, Mismatch):
                found = self._segments(rest, actual, start + len(segment.lines), found)
                if segment.gap is None:  # the first place that fits an endless elision is enough
                    return found
            if not isinstance(found, Mismatch):
                return found
            problem = _further(problem, found)
        return problem or Mismatch(segment.line, "output and errors alternate here")

    def _lines(self, lines: Sequence[Expected], actual: Sequence[Printed], start: int,
               captures: Captures, closing: bool) -> Captures | Mismatch:
        """Expected lines from `start` on; `closing` allows nothing after them."""
        at = start
        for group, run in groupby(lines, lambda line: line.group):
            some = list(run)
            if at + len(some) > len(actual):
                return self._ended(some, actual, at, captures, group)
            found = (self._any_order(some, list(actual[at:at + len(some)]), captures) if group
                     else self._in_order(some, actual, at, captures))
            if isinstance(found, Mismatch):
                return found
            captures, at = found, at + len(some)
        left = len(actual) - at
        if closing and left > 0:
            after = lines[-1].line if lines else 0
            return Mismatch(after, f"{left} more line{'s' * (left > 1)} printed after this one"
                            if after else "nothing more was expected")
        return captures

    def _ended(self, lines: Sequence[Expected], actual: Sequence[Printed], at: int,
               captures: Captures, group: int) -> Mismatch:
        """What is wrong with an output that is too short: its first other line, or its end."""
        missing = lines[len(actual) - at]
        if not group:
            found = self._in_order(lines[:len(actual) - at], actual, at, captures)
            if isinstance(found, Mismatch):
                return found
        return Mismatch(missing.line, "the output ends before this line")

    def _in_order(self, lines: Sequence[Expected], actual: Sequence[Printed], at: int,
                  captures: Captures) -> Captures | Mismatch:
        for offset, line in enumerate(lines):
            found = self.line(line, actual[at + offset], captures)
            if isinstance(found, Mismatch):
                return found
            captures = found
        return captures

    def _any_order(self, lines: Sequence[Expected], actual: list[Printed],
                   captures: Captures) -> Captures | Mismatch:
        """Every line finds one of its own, whichever; those without placeholders choose first.

        What they take could serve nobody better: it is exactly what they ask for.
        """
        open_lines: list[Expected] = []
        left = dict(enumerate(actual))
        places: dict[str, list[int]] = {}
        for at, shown in enumerate(actual):
            places.setdefault(shown.text, []).append(at)
        for line in lines:
            if any(isinstance(token, Placeholder | Rest) for token in line.tokens):
                open_lines.append(line)
                continue
            likely = [at for at in places.get(line.text, ()) if at in left][:1]
            found = next((at for at in (likely or left)
                          if not isinstance(self.line(line, left[at], captures), Mismatch)), -1)
            if found < 0:
                return Mismatch(line.line, "no line is like this one")
            del left[found]
            if likely:
                places[line.text].remove(found)
        if len(open_lines) > GROUP_MOST:
            raise TooManyWays
        return self._choose(open_lines, list(left.values()), captures)

    def _choose(self, lines: Sequence[Expected], actual: list[Printed],
                captures: Captures) -> Captures | Mismatch:
        if not lines:
            return captures
        problem = Mismatch(lines[0].line, "no line is like this one")
        for at, shown in enumerate(actual):
            found = self.line(lines[0], shown, captures)
            if isinstance(found, Mismatch):
                continue
            result = self._choose(lines[1:], actual[:at] + actual[at + 1:], found)
            if not isinstance(result, Mismatch):
                return result
            problem = result
        return problem


class _Segment(NamedTuple):
    """Lines expected in a row after at most `gap` elided lines (None: any number)."""

    lines: tuple[Expected, ...]
    gap: int | None
    sigil: str
    line: int


def _further(one: Mismatch | None, two: Mismatch) -> Mismatch:
    """The mismatch that came later in the transcript: more has matched before it."""
    return two if one is None or two.line > one.line else one


def _segments(expected: Sequence[Expected]) -> list[_Segment]:
    """The expected lines cut at their elisions; adjoining elisions add up."""
    segments: list[_Segment] = []
    lines: list[Expected] = []
    gap: int | None = 0
    sigil, at = "|", expected[0].line if expected else 0
    for line in expected:
        if line.elision is None:
            lines.append(line)
            continue
        if lines or not segments and gap == 0:
            segments.append(_Segment(tuple(lines), gap, sigil, at))
            gap, lines = 0, []
        limit = line.elision.limit
        gap = None if gap is None or limit is None else gap + limit
        sigil, at = line.sigil, line.line
    return [*segments, _Segment(tuple(lines), gap, sigil, at)]


def _starts(segment: _Segment, at: int, total: int, closing: bool) -> range | Mismatch:
    """Where the segment may begin; the closing one has to end with the output."""
    latest = total - len(segment.lines)
    if segment.gap == 0 or latest < at:
        return range(at, at + 1)
    limit = latest if segment.gap is None else min(latest, at + segment.gap)
    if not closing:
        return range(at, limit + 1)
    if latest > limit:
        return Mismatch(segment.line, f"{latest - at} lines printed where at most {segment.gap} "
                                      "may be")
    return range(latest, latest + 1)


def compared(expected: Sequence[Expected]) -> list[Expected]:
    """The lines that are compared: without answers, tables' bodies as groups of their own."""
    lines: list[Expected] = []
    group = 0
    for at, line in enumerate(expected):
        if line.sigil == "<":
            continue
        if line.rows:
            following = expected[at + 1] if at + 1 < len(expected) else None
            if following is not None and _row(following):
                group = -line.line
            else:
                lines.append(line._replace(elision=_ANY))
            continue
        if group and not _row(line):
            group = 0
        lines.append(line._replace(group=group) if group else line)
    return lines


def _row(line: Expected) -> bool:
    return line.sigil == "|" and bool(line.text) and line.elision is None and not line.rows


def _trimmed(expected: Sequence[Expected]) -> list[Expected]:
    """Without blank lines at the ends: they are not compared."""
    lines = compared(expected)
    while lines and not lines[0].text and lines[0].elision is None:
        lines.pop(0)
    while lines and not lines[-1].text and lines[-1].elision is None:
        lines.pop()
    return lines


def stripped(actual: Sequence[Printed]) -> list[Printed]:
    """Without blank lines at the ends, and without answers."""
    lines = [line for line in actual if line.sigil != "<"]
    while lines and not lines[0].text:
        lines.pop(0)
    while lines and not lines[-1].text:
        lines.pop()
    return lines
