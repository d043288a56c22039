"""What became of a machine's negotiations: how each main mode and quick mode ended.

The security log tells it in Windows' words, and only where auditing is on; this is what the
diagnosis reads.
"""

from collections import deque
from typing import NamedTuple

from engine.address import Address
from engine.ike.interface import (
    IkeOutput,
    MainModeUp,
    NegotiationFailed,
    SaInstalled,
    TrafficSelector,
)
from engine.suites import format_main_mode, format_quick_mode

KEPT = 200
MAIN, QUICK = "main", "quick"


class Outcome(NamedTuple):
    """One negotiation that has ended, at engine time `time`.

    `failure` is None for one that succeeded; then `method` is what was agreed on, `lifetime`
    seconds, `seconds` how long main mode took, and `pfs` quick mode's group (0: none).
    """

    time: float
    mode: str
    local: Address
    peer: Address
    initiator: bool
    failure: NegotiationFailed | None = None
    method: str = ""
    lifetime: int = 0
    seconds: float = 0.0
    pfs: int = 0
    selector: TrafficSelector | None = None


class History:
    """The last outcomes, oldest first."""

    def __init__(self) -> None:
        self.outcomes: deque[Outcome] = deque(maxlen=KEPT)

    def note(self, one: IkeOutput, now: float) -> None:
        """Keeps what IKE reports if it is the end of a negotiation."""
        if isinstance(one, NegotiationFailed):
            self.outcomes.append(Outcome(now, one.mode, one.local, one.peer, one.initiator, one,
                                         selector=one.selector))
        elif isinstance(one, MainModeUp):
            self.outcomes.append(Outcome(now, MAIN, one.local, one.peer, one.initiator, None,
                                         format_main_mode(one.method), one.lifetime, one.seconds))
        elif isinstance(one, SaInstalled) and one.outbound_ready:
            self.outcomes.append(Outcome(now, QUICK, one.local, one.peer, one.initiator, None,
                                         format_quick_mode(one.method), one.lifetime_seconds,
                                         pfs=one.pfs_group, selector=one.selector))
