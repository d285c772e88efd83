"""Giving unused memory of the process back to the system."""

import ctypes
import functools
from collections.abc import Callable

__all__ = ["trim_heap"]


def trim_heap() -> None:
    """Give the pages between living tensors back, which the heap of a process otherwise keeps.

    A training step frees many small tensors before it asks for large ones. These do not fit between
    what still lives, so the heap would grow by them while the freed pages lie unused. What is
    touched again costs a page fault, so once a step is enough. GNU's C library alone can do
    this; elsewhere nothing happens.
    """
    trim = _trimmer()
    if trim is not None:
        trim(0)


@functools.cache
def _trimmer() -> Callable[[int], int] | None:
    try:
        library = ctypes.CDLL(None)
    except TypeError:  # Windows has no library of all symbols
        return None
    return getattr(library, "malloc_trim", None)
