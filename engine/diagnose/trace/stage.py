"""What a traced packet meets: stages with their verdicts, and the blockers among them."""

from typing import NamedTuple

from engine.diagnose.finding import Fix

PASS, DROP, CLEAR = "pass", "drop", "clear"
PROTECT, OPEN, DELIVER, UNKNOWN = "protect", "open", "deliver", "unknown"

# How a trace ends.
PROTECTED, IN_CLEAR, DROPPED, BEYOND = "PROTECTED", "IN CLEAR", "DROPPED", "NOT SEEN TO THE END"


class Stage(NamedTuple):
    """One decision about the packet at one machine.

    `stage` is "receive", "ipsec-in", "rras-input", "forward", "route", "rras-output", "ipsec-out",
    "phase 1", "phase 2", "sa", "esp", "mtu", "wire", "nat", "deliver" or "echo". `what` says what
    decided (a filter, a rule, a route, an association), `line` is the command line behind it.
    `about` is the packet's outer shape there: "" for the packet itself, "IKE" for the negotiation
    that it begins, "ESP" or "AH" while it is in the tunnel. `blocker` is the number of the blocker
    found here, 0 for none; `assumed` says that an earlier one would have ended the packet before.
    """

    machine: str
    stage: str
    verdict: str
    what: str
    line: str = ""
    blocker: int = 0
    assumed: bool = False
    reply: bool = False
    about: str = ""


class Blocker(NamedTuple):
    """What ends the packet, or bares it: the catalogue's code, where, why, and what mends it.

    Of several `repairs` one is enough; the first is the preferred one.
    """

    number: int
    code: str
    machine: str
    stage: str
    text: str
    repairs: tuple[Fix, ...] = ()
    reply: bool = False


class Trace(NamedTuple):
    """The way of one packet and of its answer, and how it ends as things are."""

    packet: str
    verdict: str
    stages: tuple[Stage, ...]
    blockers: tuple[Blocker, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.blockers
