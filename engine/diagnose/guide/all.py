"""The whole checklist in the article's order: policy, machine, the other side, traffic."""

from engine.diagnose.guide import around, machine, policy, traffic
from engine.diagnose.guide.step import DECLARED, Step

SECTIONS = (policy, machine, around, traffic)


def _rank(one: Step) -> int:
    return [section.__name__ for section in SECTIONS].index(one.look.__module__)


# Sorting is stable, so each section keeps its order of declaration whatever was imported first.
STEPS: tuple[Step, ...] = tuple(sorted(DECLARED, key=_rank))
NAMES: tuple[str, ...] = tuple(one.name for one in STEPS)
