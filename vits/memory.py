"""Tuning of glibc's malloc: when freed memory goes back to the operating system.

By default glibc returns the top of its heap once 64 MiB of it are free. It also raises its mmap
threshold dynamically, up to 32 MiB: after a block with its own mapping is freed, blocks of that
size come from the heap. Both defaults cost us something:

- A training step frees and allocates the same memory several times. Mapping and clearing the
  returned pages again takes a tenth to a sixth of a training step on a CPU
  (docs/explanation/speed.md). Keeping the memory does not raise the peak.
- A server synthesizes texts of ever different lengths for weeks. The more block sizes the heap
  contains, the more it fragments, and it grows whenever the threshold does (docs/guides/serve.md).

If the environment sets an option of malloc, this module changes nothing.
"""

import ctypes
import os

__all__ = ["keep_freed_memory", "return_large_blocks"]

# parameters of mallopt, from malloc.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

ENVIRONMENT_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
NEVER = -1
MAX_MMAP_THRESHOLD = 32 << 20  # bytes; the dynamic maximum, as setting an option stops the adaption
LARGE_BLOCK = 4 << 20  # bytes


def keep_freed_memory() -> bool:
    """Keep freed memory in the process instead of returning it to the operating system.

    Returns:
        Whether malloc was configured; False if the environment configures it, or without glibc.
    """
    return _configure((M_TRIM_THRESHOLD, NEVER), (M_MMAP_THRESHOLD, MAX_MMAP_THRESHOLD))


def return_large_blocks() -> bool:
    """Give every block of at least 4 MiB its own mapping, which is unmapped when it is freed.

    Returns:
        Whether malloc was configured; False if the environment configures it, or without glibc.
    """
    return _configure((M_MMAP_THRESHOLD, LARGE_BLOCK))


def _configure(*options: tuple[int, int]) -> bool:
    """Set options of malloc, unless the environment does or the C library has none."""
    if os.name != "posix" or any(name in os.environ for name in ENVIRONMENT_VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(bool(mallopt(*option)) for option in options)
