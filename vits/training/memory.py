"""Memory that a step frees and the next one needs again stays with the process.

glibc gives the end of its heap back to the system as soon as 64 MiB of it are free, which is
several times a step. Each of those pages then has to be found, cleared and mapped anew: a tenth to
a sixth of the time of a step on a processor (figures: docs/speed.md). The peak of memory is the
same, it is only not given back in between.
"""

import ctypes
import os

__all__ = ["keep_freed_memory"]

# malloc.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
NEVER = -1
LARGEST = 32 << 20  # bytes; what glibc comes to by itself, unless the other option is set


def keep_freed_memory() -> bool:
    """Ask the C library not to give freed memory back before the process ends.

    The environment has the last word: where it sets an option of malloc, nothing is done.

    Returns:
        Whether this was asked; False also where the C library is not glibc.
    """
    if os.name != "posix" or any(name in os.environ for name in CHOSEN):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, NEVER)) and bool(mallopt(M_MMAP_THRESHOLD, LARGEST))
