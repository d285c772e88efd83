"""What the C library does with memory that the process has freed.

glibc gives the end of its heap back to the system as soon as 64 MiB of it are free, and keeps
blocks of ever larger sizes in that heap: whenever a block that had a mapping of its own is freed,
blocks of its size go to the heap from then on, up to 32 MiB. Neither suits us:

- A training step frees and takes the same memory several times. Each page that was given back has
  to be found, cleared and mapped anew: a tenth to a sixth of the time of a step on a processor
  (figures: docs/speed.md). The peak is the same if it is kept, it is only not given back between.
- A server speaks texts of ever other lengths for weeks. The more sizes the heap holds, the more
  holes it has, and it grows by a step whenever the bound does (figures: docs/serve.md).

The environment has the last word: where it sets an option of malloc, nothing is done here.
"""

import ctypes
import os

__all__ = ["keep_freed_memory", "return_large_blocks"]

# malloc.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
NEVER = -1
LARGEST = 32 << 20  # bytes; what glibc comes to by itself, unless the other option is set
LARGE = 4 << 20  # bytes


def keep_freed_memory() -> bool:
    """Ask the C library not to give freed memory back before the process ends.

    Returns:
        Whether this was asked; False also where the C library is not glibc.
    """
    return _ask((M_TRIM_THRESHOLD, NEVER), (M_MMAP_THRESHOLD, LARGEST))


def return_large_blocks() -> bool:
    """Ask the C library to map every block from 4 MiB on by itself, and to unmap it when freed.

    Returns:
        Whether this was asked; False also where the C library is not glibc.
    """
    return _ask((M_MMAP_THRESHOLD, LARGE))


def _ask(*options: tuple[int, int]) -> bool:
    """Set options of malloc, where there are such and nobody else has chosen."""
    if os.name != "posix" or any(name in os.environ for name in CHOSEN):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(bool(mallopt(*option)) for option in options)
