"""The process's own argument list, which every user of the machine can read with ps."""

import os
from collections.abc import Iterable

ARG_START = 45  # proc(5): field 48 of /proc/PID/stat, counted from behind the program's name


def hide(keys: Iterable[str]) -> None:
    """Puts stars over each key in the argument list, in place; without /proc it cannot."""
    typed = [os.fsencode(key) for key in keys if key]
    if not typed:
        return
    try:
        with open("/proc/self/stat", "rb") as stat, open("/proc/self/cmdline", "rb") as line:
            start, arguments = int(stat.read().rpartition(b")")[2].split()[ARG_START]), line.read()
    except OSError:
        return
    # Costs milliseconds to import, so only a command that holds a key pays for it.
    from ctypes import memset
    for key in typed:
        at = arguments.find(key)
        while start and at >= 0:
            memset(start + at, ord("*"), len(key))
            at = arguments.find(key, at + len(key))
