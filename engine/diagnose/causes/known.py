"""Every cause by its code."""

from engine.diagnose.causes.cause import Cause
from engine.diagnose.causes.machine import MACHINE
from engine.diagnose.causes.negotiation import NEGOTIATION
from engine.diagnose.causes.path import PATH
from engine.diagnose.causes.policy import POLICY

CAUSES: dict[str, Cause] = {
    one.code: one for one in (*POLICY, *NEGOTIATION, *MACHINE, *PATH)}


def place(code: str, ours: bool) -> int:
    """How far a packet gets before it meets this, at our end or at the other one."""
    one = CAUSES[code]
    return one.place if ours or not one.beyond else one.beyond
