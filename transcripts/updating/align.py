"""Which printed line stands for which expected one, with as little changed as can be.

Lines that match stay; elisions take what they took before; of two that differ, the more alike
belong together.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from transcripts.diffs import aligned, paired
from transcripts.lines import Printed
from transcripts.match import Matcher, stripped
from transcripts.model import Expected
from transcripts.pairing import Captures, Mismatch

# Above this many comparisons lines are paired in their order.
COMPARISONS_MOST = 40_000
GONE, NEW, OTHER_SIGIL, MOST = 2.0, 1.0, 2.5, 1.95
KEEP, CHANGE, ELIDE, DROP, ADD = "keep", "change", "elide", "drop", "add"
COSTLY = frozenset({CHANGE, DROP, ADD})


class Step(NamedTuple):
    """One step through both sides: what becomes of an expected line, of a printed one, of both.

    ELIDE is a printed line that belongs to the elision.
    """

    kind: str
    wanted: Expected | None = None
    shown: Printed | None = None


def steps(expected: Sequence[Expected], actual: Sequence[Printed], matcher: Matcher,
          captures: Captures) -> list[Step]:
    """The way from the expected lines to the printed ones that changes least.

    Lines that may stand in any order are tried as they came, too.
    """
    wanted, got = aligned(expected, actual, matcher)
    ways = [_steps(wanted, _grouped(wanted, got, matcher, captures), matcher, captures)]
    if any(line.ordered for line in actual):
        ways.append(_steps(wanted, stripped(actual), matcher, captures))
    return min(ways, key=lambda way: sum(step.kind in COSTLY for step in way))


def _steps(wanted: Sequence[Expected], got: Sequence[Printed], matcher: Matcher,
           captures: Captures) -> list[Step]:
    known = _captured(wanted, got, matcher, captures)

    def fits(line: Expected, shown: Printed) -> bool:
        return not isinstance(paired(matcher, line, shown, known), Mismatch)

    head, tail = _ends(wanted, got, fits)
    middle = _middle(wanted[head:len(wanted) - tail], got[head:len(got) - tail], fits)
    first = [Step(KEEP, *both) for both in zip(wanted[:head], got[:head], strict=True)]
    last = [Step(KEEP, *both) for both in zip(wanted[len(wanted) - tail:],
                                              got[len(got) - tail:], strict=True)]
    return [*first, *middle, *last]


def _captured(wanted: Sequence[Expected], got: Sequence[Printed], matcher: Matcher,
              captures: Captures) -> Captures:
    """What the lines catch that match, each of them the first one behind the one before it."""
    if len(wanted) * len(got) > COMPARISONS_MOST:
        return captures
    at = 0
    for line in wanted:
        if line.elision is not None:
            continue
        for place in range(at, len(got)):
            found = paired(matcher, line, got[place], captures)
            if not isinstance(found, Mismatch):
                captures, at = found, place + 1
                break
    return captures


def _grouped(wanted: Sequence[Expected], got: list[Printed], matcher: Matcher,
             captures: Captures) -> list[Printed]:
    """The printed lines, those that an unordered group asks for in its order.

    Where it asks for one that is not there stands one that nothing else asks for.
    """
    def place(line: Expected, taken: Sequence[int]) -> int:
        return next((at for at, shown in enumerate(got) if at not in taken and not isinstance(
            paired(matcher, line, shown, captures), Mismatch)), -1)

    for group in dict.fromkeys(line.group for line in wanted if line.group):
        places: list[int] = []
        for line in wanted:
            if line.group == group:
                places.append(place(line, places))
        found = [at for at in places if at >= 0]
        if not found:
            continue
        elsewhere = [place(line, found) for line in wanted if line.group != group]
        first = max(min(found) - places.count(-1), 0)
        spare = [at for at in range(first, len(got)) if at not in found + elsewhere]
        order = [at if at >= 0 else spare.pop(0) if spare else -1 for at in places]
        rest = [shown for at, shown in enumerate(got) if at not in order]
        first = min(at for at in order if at >= 0)
        got = [*rest[:first], *(got[at] for at in order if at >= 0), *rest[first:]]
    return got


def _ends(wanted: Sequence[Expected], got: Sequence[Printed],
          fits: Callable[[Expected, Printed], bool]) -> tuple[int, int]:
    """How many lines at both ends match one by one."""
    most = min(len(wanted), len(got))
    head = tail = 0
    while head < most and wanted[head].elision is None and fits(wanted[head], got[head]):
        head += 1
    while tail < most - head and wanted[-1 - tail].elision is None and fits(
            wanted[-1 - tail], got[-1 - tail]):
        tail += 1
    return head, tail


def _middle(wanted: Sequence[Expected], got: Sequence[Printed],
            fits: Callable[[Expected, Printed], bool]) -> list[Step]:
    if len(wanted) * len(got) > COMPARISONS_MOST:
        return _in_turn(wanted, got)
    return _Table(wanted, got, fits).way()


def _in_turn(wanted: Sequence[Expected], got: Sequence[Printed]) -> list[Step]:
    """The first for the first, and so on: what a very long output gets."""
    lines = [line for line in wanted if line.elision is None]
    return [*(Step(CHANGE, line, shown) for line, shown in zip(lines, got, strict=False)),
            *(Step(DROP, line) for line in lines[len(got):]),
            *(Step(ADD, None, shown) for shown in got[len(lines):])]


class _Table:
    """The least costs of getting from the first lines of one side to those of the other."""

    def __init__(self, wanted: Sequence[Expected], got: Sequence[Printed],
                 fits: Callable[[Expected, Printed], bool]) -> None:
        self.wanted, self.got = wanted, got
        self.costs: list[list[tuple[float, str]]] = [[(0.0, "")]]
        for _ in got:
            self.costs[0].append((self.costs[0][-1][0] + NEW, ADD))
        for line in wanted:
            self._row(line, fits)

    def _row(self, line: Expected, fits: Callable[[Expected, Printed], bool]) -> None:
        above = self.costs[-1]
        elided = line.elision is not None
        row = [(above[0][0] + (0.0 if elided else GONE), DROP)]
        for at, shown in enumerate(self.got):
            ways = [(above[at + 1][0] + (0.0 if elided else GONE), DROP),
                    (row[at][0] + NEW, ADD)]
            if elided and shown.sigil == line.sigil:
                ways.append((row[at][0], ELIDE))
            elif not elided and fits(line, shown):
                ways.append((above[at][0], KEEP))
            elif not elided:
                ways.append((above[at][0] + _unlike(line, shown), CHANGE))
            row.append(min(ways, key=lambda way: (way[0], ORDER[way[1]])))
        self.costs.append(row)

    def way(self) -> list[Step]:
        """The steps, first to last."""
        found: list[Step] = []
        at, place = len(self.wanted), len(self.got)
        while at or place:
            kind = self.costs[at][place][1]
            line = self.wanted[at - 1] if at and kind != ADD else None
            shown = self.got[place - 1] if kind != DROP else None
            found.append(Step(KEEP if kind == DROP and line and line.elision else kind, line,
                              shown))
            at -= kind in (KEEP, CHANGE, DROP)
            place -= kind != DROP
        return found[::-1]


# Of ways that cost the same the first one.
ORDER = {KEEP: 0, CHANGE: 1, ELIDE: 2, DROP: 3, ADD: 4}


def _unlike(line: Expected, shown: Printed) -> float:
    """Between 1, nearly the same, and a little less than 2, nothing in common."""
    if line.sigil != shown.sigil:
        return OTHER_SIGIL
    words, others = set(line.text.split()), set(shown.text.split())
    return MOST - len(words & others) / max(len(words), len(others), 1)
