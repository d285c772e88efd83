"""A file of 16-bit samples, read in parts."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from vits.data.prepared.index import PCM16
from vits.errors import DataError

__all__ = ["SampleFile"]


class SampleFile:
    """Reads parts of a file of 16-bit samples.

    The file is not mapped into memory: a map whose file becomes shorter ends the process.

    Args:
        path: the file; it is opened at the first read in each process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def read(self, start: int, count: int) -> np.ndarray:
        """Return ``count`` samples (L,) int16 from ``start`` on.

        Raises:
            DataError: the file cannot be read, or is shorter than it was.
        """
        end = (start + count) * PCM16.itemsize
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            data = _read_at(self._handle, start * PCM16.itemsize, count * PCM16.itemsize)
        except OSError as error:
            raise DataError(f"cannot read {self._path}: {error.strerror}") from error
        if len(data) != count * PCM16.itemsize:
            raise DataError(
                f"{self._path} has fewer than {end} bytes, where an utterance ends: it was changed "
                "during the run; prepare the corpus again"
            )
        return np.frombuffer(data, dtype=PCM16)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the open file: each process opens its own."""
        return {**self.__dict__, "_handle": None}

    def __del__(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)


def _read_at(handle: int, offset: int, size: int) -> bytes:
    """Read at an offset, up to the end of the file; forked processes share the open file."""
    parts: list[bytes] = []
    while size:
        if hasattr(os, "pread"):
            part = os.pread(handle, size, offset)
        else:  # Windows, which does not fork
            os.lseek(handle, offset, os.SEEK_SET)
            part = os.read(handle, size)
        if not part:
            break
        parts.append(part)
        offset, size = offset + len(part), size - len(part)
    return b"".join(parts)
