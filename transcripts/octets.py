"""Reads a file that somebody named: never more than was asked for, and never for ever."""

import os
import stat
from errno import EISDIR, ETIMEDOUT

from transcripts.deadline import Deadline, TimedOut

# Seconds that the other end of a pipe may take.
LONGEST = 10.0


def read_octets(path: str, most: int) -> bytes:
    """At most `most` octets. Raises OSError, ValueError.

    A pipe is waited for, at most LONGEST seconds: one that nobody writes to would hang.
    """
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
                     | getattr(os, "O_NOCTTY", 0))
    mode = os.fstat(number).st_mode
    if stat.S_ISDIR(mode):
        os.close(number)
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    with os.fdopen(number, "rb") as file:
        if stat.S_ISREG(mode):
            return file.read(most)
        os.set_blocking(number, True)
        try:
            with Deadline(LONGEST):
                return file.read(most)
        except TimedOut:
            raise OSError(ETIMEDOUT, f"nothing came for {LONGEST:g} s") from None
