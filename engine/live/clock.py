"""Real time for the engine: seconds since the agent began, sleep included, and what they mean.

Lifetimes run on the boot clock, which no administrator sets and which goes on while the machine
sleeps; wall time is for display and certificates only, and is looked at again now and then.
"""

import time
from functools import partial

JUMP_SECONDS = 1.0
"""A wall clock that moved further than this against the boot clock was set by somebody."""


boot_seconds = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
"""Seconds since the machine booted."""


def wall_seconds() -> float:
    """Unix seconds."""
    return time.time()


class Clock:
    """`now()` is engine time, 0.0 at the making; `epoch` the Unix time of that moment."""

    __slots__ = ("epoch", "_start")

    def __init__(self) -> None:
        self._start = boot_seconds()
        self.epoch = wall_seconds()

    def now(self) -> float:
        """Engine time: it never jumps and never stands still."""
        return boot_seconds() - self._start

    def adjust(self) -> float:
        """Looks at the wall clock again; by how many seconds it was set, 0.0 when it was not."""
        drift = wall_seconds() - self.now() - self.epoch
        if abs(drift) <= JUMP_SECONDS:
            return 0.0
        self.epoch += drift
        return drift
