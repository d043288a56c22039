"""The smallest set of changes after which nothing stands in a packet's way.

Blockers may hide others: what is found is mended on a copy and the packet traced again, until it
gets through. Then fewer of the changes are tried, the fewest first.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple, Protocol

from engine.diagnose.finding import Fix
from engine.diagnose.trace.stage import Blocker, Trace

ROUNDS_MOST = 8
TRIES_MOST = 64


class Bench(Protocol):
    """Where changes are tried: nothing of the original is touched."""

    def trace(self, fixes: Sequence[Fix]) -> Trace | None:
        """The trace on a fresh copy with these changes made; None when one cannot be typed."""


class Mended(NamedTuple):
    """All blockers in the order in which they were found, the changes, and the trace after them.

    `after` still has blockers when nothing is known that mends them.
    """

    blockers: tuple[Blocker, ...]
    fixes: tuple[Fix, ...]
    after: Trace


def smallest(bench: Bench, first: Trace) -> Mended:
    """Finds the changes for a trace with blockers."""
    found, fixes, after = list(first.blockers), list[Fix](), first
    for _ in range(ROUNDS_MOST):
        result = _further(bench, after, fixes)
        if result is None:
            break
        after = result
        known = {(one.code, one.text) for one in found}
        found += [one for one in after.blockers if (one.code, one.text) not in known]
    blockers = tuple(one._replace(number=number) for number, one in enumerate(found, 1))
    if after.ok and len(fixes) > 1:
        return _fewer(bench, blockers, fixes, after)
    return Mended(blockers, tuple(fixes), after)


def _further(bench: Bench, now: Trace, fixes: list[Fix]) -> Trace | None:
    """Adds a repair of each blocker, as far as one can be typed after the others."""
    result = None
    for one in now.blockers:
        for repair in one.repairs:
            if repair in fixes or not repair.commands:
                continue
            tried = bench.trace([*fixes, repair])
            if tried is not None:
                fixes.append(repair)
                result = tried
                break
    return result


def _fewer(bench: Bench, blockers: tuple[Blocker, ...], fixes: list[Fix],
           after: Trace) -> Mended:
    """The first of the smallest subsets that is enough; other ways to mend a blocker count too."""
    others = [each for one in blockers for each in one.repairs[1:] if each.commands]
    pool = list(dict.fromkeys([*fixes, *others]))
    tries = 0
    for size in range(1, len(fixes)):
        for chosen in combinations(pool, size):
            tries += 1
            if tries > TRIES_MOST:
                return Mended(blockers, tuple(fixes), after)
            result = bench.trace(chosen)
            if result is not None and result.ok:
                return Mended(blockers, chosen, result)
    return Mended(blockers, tuple(fixes), after)
