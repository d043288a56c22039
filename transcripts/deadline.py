"""A limit of wall time on whatever runs, even on what never looks at a clock.

A signal ends it, so it works in the main thread only; elsewhere the limit is noticed afterwards.
"""

import gc
import signal
import threading
from collections.abc import Callable
from time import perf_counter
from types import FrameType, TracebackType


class TimedOut(BaseException):
    """The time is up; no command may take it for a failure of its own."""


# What is raised in a destructor, or in another function that the interpreter calls by itself, is
# lost: seconds after which it is tried again where that is known beforehand, and where it is not.
SOON, AGAIN = 0.001, 1.0
# The limits that hold now, the innermost last; the outermost one owns the signal.
_running: "list[Deadline]" = []


class Deadline:
    """A `with` block of at most `seconds`; `expired` tells afterwards whether they were over.

    `gently` is asked first: True means that something is under way which must not be cut in half
    and that KeyboardInterrupt follows at its end.
    """

    __slots__ = ("seconds", "gently", "expired", "_end", "_before", "_armed")

    def __init__(self, seconds: float, gently: Callable[[], bool] = lambda: False) -> None:
        self.seconds, self.gently = max(seconds, 0.001), gently
        self.expired = self._armed = False
        self._before: object = None

    def __enter__(self) -> "Deadline":
        self._end = perf_counter() + self.seconds
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
            if not _running:
                self._before = signal.signal(signal.SIGALRM, _ring)
            _running.append(self)
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if not self._armed:
            self.expired = perf_counter() > self._end
            return
        _running.remove(self)
        if _running:
            # The limit around this one goes on from where it was.
            signal.setitimer(signal.ITIMER_REAL, max(_running[-1]._end - perf_counter(), 0.001))
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)  # type: ignore[arg-type]


class Resting:
    """A `with` block that no limit counts: somebody looks at something, or types."""

    __slots__ = ("_since", "_held")

    def __enter__(self) -> None:
        self._since, self._held = perf_counter(), _running[:]
        _running.clear()
        if self._held:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        now = perf_counter()
        for one in self._held:
            one._end += now - self._since
        _running[:] = self._held
        if self._held:
            signal.setitimer(signal.ITIMER_REAL, max(self._held[-1]._end - now, 0.001))


def _ring(number: int, frame: FrameType | None) -> None:
    if not _running:
        return
    limit = _running[-1]
    limit.expired = True
    if limit.gently():
        return
    lost = _is_lost(frame)
    signal.setitimer(signal.ITIMER_REAL, SOON if lost else AGAIN)
    if not lost:
        raise TimedOut


def _is_lost(frame: FrameType | None) -> bool:
    """Whether nobody would hear of what is raised there."""
    collecting = {getattr(one, "__code__", None) for one in gc.callbacks}
    while frame is not None:
        if frame.f_code.co_name == "__del__" or frame.f_code in collecting:
            return True
        frame = frame.f_back
    return False
