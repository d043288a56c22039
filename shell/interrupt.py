"""Ctrl-C while the lab works: the step under way ends first, so that no event is cut in half."""

from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session
    from engine.lab.lab import Lab


def shield(lab: "Lab", session: "Session | None" = None) -> None:
    """From now on Ctrl-C asks `lab` first and raises KeyboardInterrupt only between its steps.

    Without effect outside the main thread, and where somebody else took the signal already.
    """
    import signal
    import threading

    def pressed(number: int, frame: FrameType | None) -> None:
        if session is not None and session.witness is not None:
            session.witness.interrupted()
        if not lab.interrupt():
            raise KeyboardInterrupt

    taken = getattr(signal.getsignal(signal.SIGINT), "__module__", "") not in (__name__, "_signal")
    if not taken and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, pressed)


def unshield() -> None:
    """Ctrl-C is Python's own again, when it was ours."""
    import signal
    if getattr(signal.getsignal(signal.SIGINT), "__module__", "") == __name__:
        signal.signal(signal.SIGINT, signal.default_int_handler)
