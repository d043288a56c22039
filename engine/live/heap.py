"""The process's memory, kept instead of given back between two batches of packets."""

import ctypes
import gc

KEPT = 32 << 20
"""Free octets at the end of the heap that the C library keeps."""
COLLECT_EVERY = 50_000
"""A process of months looks for garbage oftener than a command of a second."""
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_PAD, _MAPPED = 1 << 20, 4 << 20


def keep() -> None:
    """Lets the C library keep what is freed, and the collector leave what is there already.

    glibc gives the end of its heap back when 128 KiB of it are free: with every batch. To have it
    again is a system call and a fault for each page, a fifth of all the work.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc's alone
        for option, value in ((_TRIM_THRESHOLD, KEPT), (_TOP_PAD, _PAD),
                              (_MMAP_THRESHOLD, _MAPPED)):
            mallopt(option, value)
    gc.set_threshold(COLLECT_EVERY)
    gc.collect()
    gc.freeze()
