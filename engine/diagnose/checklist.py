"""The whole checklist in the article's order: policy, machine, traffic."""

from engine.diagnose import network, policy, traffic
from engine.diagnose.check import DECLARED, Check

SECTIONS = (policy, network, traffic)


def _rank(one: Check) -> int:
    return [section.__name__ for section in SECTIONS].index(one.look.__module__)


# Sorting is stable, so each section keeps its order of declaration whatever was imported first.
CHECKS: tuple[Check, ...] = tuple(sorted(DECLARED, key=_rank))
