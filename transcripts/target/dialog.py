"""A conversation with a program on a terminal of its own: waits for prompts, types, listens.

Every wait has an end. A program is at a prompt when the row of the cursor reads like one and
nothing has come for a moment: no line of an output can be taken for it.
"""

import os
import shlex
import termios
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pexpect

from transcripts.target.screen import Screen

# Wide enough that nothing wraps, high enough that few programs page.
ROWS, COLUMNS = 500, 10_000
QUIET = 0.05
# Seconds in which a program that was seen to read single signs does so again.
READY = 2.0
CHUNK = 1 << 16
OUTPUT_MOST = 16 << 20
# Programs are asked to be plain; those that cannot be are understood all the same.
PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat", "SYSTEMD_PAGER": "cat",
         "VTYSH_PAGER": "cat", "GIT_PAGER": "cat"}
CURSOR = "\x1b[1;1R"
# The key that a pager waits for, where it is not the blank: at the end some know no other.
KEYS = (("(end)", "q"), ("return", "\r"))
PAGER_WARNING = "WARNING: terminal is not fully functional"  # less says so of a plain terminal
SHOWN_LAST = 5

Matcher = Callable[[str], bool]


class Lost(Exception):
    """Nobody can go on talking with the program; the text says why."""


class Came(NamedTuple):
    """What ended a wait: "prompt", "question", "enough", "end" or "time", never "page", which is
    turned; which prompt it was.
    """

    what: str
    which: int = 0


class Dialog:
    """One program; mutable. `prompts` decide what a prompt is, `pagers` what asks for a key;
    `clock` measures wall seconds.
    """

    def __init__(self, command: str, prompts: Sequence[Matcher], pagers: Sequence[Matcher],
                 clock: Callable[[], float]) -> None:
        self.prompts, self.pagers, self.clock = prompts, pagers, clock
        self.screen = Screen()
        self.typed = self.silent = False
        self.octets = self.fed = 0
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise Lost(f"the target cannot be read as a command: {error}") from None
        if not words:
            raise Lost("the target names no program")
        try:
            self.child = pexpect.spawn(
                words[0], words[1:], env={**os.environ, **PLAIN}, dimensions=(ROWS, COLUMNS),
                encoding="utf-8", codec_errors="replace", timeout=None)
        except (pexpect.ExceptionPexpect, OSError, ValueError) as error:
            raise Lost(f"the target cannot be started: {str(error).splitlines()[0]}") from None
        self.child.delaybeforesend = None

    def wait(self, limit: float, question: Matcher | None = None,
             enough: Matcher | None = None) -> Came:
        """Until a prompt, or a question, or `enough` of the cursor's row; `limit` in seconds.

        Raises Lost for a program that prints without end.
        """
        end = self.clock() + limit
        while True:
            came = self._seen(question, enough)
            left = end - self.clock()
            if came is not None and came.what == "enough":
                return came
            if left <= 0:
                return came if came is not None and came.what != "page" else Came("time")
            # What reads like a prompt is one when nothing follows it.
            read = self._read(QUIET if came else min(left, 1.0))
            if read is None:
                return Came("end")
            if came and not read:
                if came.what == "page":
                    self._turn()
                    continue
                self.silent |= came.what == "prompt" and not self._echoes()
                return came

    def _echoes(self) -> bool:
        """Whether the terminal, not the program, shows what is typed."""
        try:
            return bool(self.child.getecho())
        except (OSError, ValueError, termios.error):
            return False

    def _read(self, limit: float) -> bool | None:
        """Whether something came; None when the program has ended."""
        try:
            text = self.child.read_nonblocking(CHUNK, max(limit, 0.0))
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return None
        self.octets += len(text)
        if self.octets > OUTPUT_MOST:
            raise Lost(f"the target has printed more than {OUTPUT_MOST >> 20} MiB")
        self.screen.feed(text)
        while self.screen.asked:
            self.screen.asked -= 1
            self.child.send(CURSOR)
        return True

    def _seen(self, question: Matcher | None, enough: Matcher | None) -> Came | None:
        here = self.screen.here
        if enough is not None and enough(here):
            return Came("enough")
        # Enter begins a line: before that the old prompt still stands there.
        if not here.strip() or self.screen.feeds == self.fed and self.typed:
            return None
        if question is not None and question(here.strip()):
            return Came("question")
        index = self.prompt(here)
        if index >= 0:
            return Came("prompt", index)
        return Came("page") if any(pager(here.strip()) for pager in self.pagers) else None

    def _turn(self) -> None:
        """The key that a pager waits for."""
        screen, asked = self.screen, self.screen.here.lower()
        screen.clear(0)
        if screen.row and screen.text(screen.row - 1) == PAGER_WARNING:
            screen.drop(screen.row - 1)
        self.child.send(next((key for word, key in KEYS if word in asked), " "))

    def prompt(self, text: str) -> int:
        """Which prompt a row is, -1 for none."""
        bare = text.strip()
        return next((at for at, one in enumerate(self.prompts) if one(bare)), -1)

    def type(self, text: str) -> None:
        """Types a line; its octets count anew."""
        self.octets = 0
        # Who reads signs one by one has shown the prompt a moment before being ready for them.
        end = self.clock() + READY
        while self.silent and self._echoes() and self.clock() < end:
            self._read(QUIET)
        self._send(text + "\r")

    def press(self, key: str) -> None:
        """One key without the Enter key."""
        self._send(key)

    def _send(self, text: str) -> None:
        self.fed, self.typed = self.screen.feeds, True
        try:
            self.child.send(text)
        except OSError:
            pass  # it has ended, as the next wait finds

    def rows(self, first: int) -> list[str]:
        """The rows from `first` to the one before the cursor's."""
        return [self.screen.text(row) for row in range(first, self.screen.row)]

    def last(self) -> str:
        """The end of what was printed, for a message."""
        rows = [row for row in map(self.screen.text, range(len(self.screen.rows))) if row]
        return " / ".join(rows[-SHOWN_LAST:])

    def status(self) -> str:
        """How the program has ended."""
        self.child.close(force=True)
        if self.child.signalstatus is not None:
            return f"ended by signal {self.child.signalstatus}"
        return f"exit status {self.child.exitstatus}"

    def close(self) -> None:
        """Hangs up; a program that does not end of itself is ended."""
        try:
            self.child.close(force=True)
        except (pexpect.ExceptionPexpect, OSError):
            pass
