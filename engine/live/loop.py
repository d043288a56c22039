"""The one loop of an agent: descriptors, one timer, and threads that want their turn.

The loop's thread carries packets. A shell's command runs in a thread of its own, but only one
thread at a time acts on the machine: a command takes `turn`, and the loop, which holds it while
it works, gives way at the end of each step. So nothing of the engine needs a lock, and a waiting
ping costs the packets nothing.
"""

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Callback = Callable[[], object]
GIVE_WAY_SECONDS = 5.0
EVENTS = 16
"""Descriptors of one wake-up; there are hardly more, and room for them is made each time."""
_OUT = select.EPOLLOUT


class Loop:
    """Descriptors with what to do when they can be read. Mutable; owned by one thread."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._read: dict[int, Callback] = {}
        self._write: dict[int, Callback] = {}
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._turn = threading.Lock()
        self._taken = threading.Event()
        self._count = threading.Lock()
        self._waiting = 0
        self._progress = threading.Condition()
        self._stamp = 0
        self._timeout = 0.0
        self.watch(self._wake, self._woken)

    def close(self) -> None:
        """Closes what the loop itself has open."""
        self._poll.close()
        os.close(self._wake)

    # --- descriptors ---------------------------------------------------------------------------

    def watch(self, descriptor: int, callback: Callback) -> None:
        """Calls `callback` whenever the descriptor can be read."""
        self._read[descriptor] = callback
        self._poll.register(descriptor, select.EPOLLIN)

    def watch_writable(self, descriptor: int, callback: Callback | None) -> None:
        """Calls `callback` while a watched descriptor can be written; None ends that."""
        if callback is None:
            self._write.pop(descriptor, None)
        else:
            self._write[descriptor] = callback
        self._poll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if callback else 0))

    def forget(self, descriptor: int) -> None:
        """Watches it no longer."""
        if self._read.pop(descriptor, None) is not None:
            self._write.pop(descriptor, None)
            self._poll.unregister(descriptor)

    def wake(self) -> None:
        """Lets `step` return soon; from any thread."""
        os.eventfd_write(self._wake, 1)

    def _woken(self) -> None:
        os.eventfd_read(self._wake)

    # --- the loop's thread ---------------------------------------------------------------------

    def step(self, tick: Callable[[], float]) -> None:
        """Waits, does what is ready and `tick`, which says how long to wait next; gives way."""
        ready, read = self._poll.poll(self._timeout, EVENTS), self._read
        with self._turn:
            for descriptor, events in ready:
                if events & ~_OUT and descriptor in read:
                    read[descriptor]()
                if events & _OUT and descriptor in self._write:
                    self._write[descriptor]()
            self._timeout = max(tick(), 0.0)
        if self._waiting:
            self._taken.clear()
            # A lock has no queue: without this the loop would take it again at once.
            if self._waiting:
                self._taken.wait(GIVE_WAY_SECONDS)

    # --- other threads -------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The right to act on the machine; for threads other than the loop's."""
        self._enter()
        try:
            yield
        finally:
            self._turn.release()
            self.wake()

    def _enter(self) -> None:
        with self._count:
            self._waiting += 1
        self.wake()
        self._turn.acquire()
        with self._count:
            self._waiting -= 1
        self._taken.set()

    def progress(self) -> None:
        """Something happened that a sleeper may wait for; from any thread."""
        with self._progress:
            self._stamp += 1
            self._progress.notify_all()

    def sleep(self, seconds: float) -> None:
        """Gives the turn away until `progress`, at most `seconds`; then has it again."""
        before = self._stamp
        self._turn.release()
        self.wake()
        try:
            with self._progress:
                self._progress.wait_for(lambda: self._stamp != before, seconds)
        finally:
            self._enter()
