"""Every check, in the order in which they are read."""

from engine.diagnose.checks import (
    crossing,
    ike,
    machine,
    negotiation,
    policy,
    quality,
    selectors,
    silence,
    tunnel,
    way,
)
from engine.diagnose.checks.declare import DECLARED, PHASES, Check

# Importing a module declares its checks; the order of what was imported first does not matter.
MODULES = (way, policy, selectors, machine, negotiation, crossing, silence, ike, tunnel, quality)
_NAMES = [one.__name__ for one in MODULES]

CHECKS: tuple[Check, ...] = tuple(sorted(
    DECLARED, key=lambda one: (PHASES.index(one.phase), _NAMES.index(one.ask.__module__))))


def check_for(code: str) -> Check | None:
    """The first check that can find a code."""
    return next((one for one in CHECKS if code in one.codes), None)
