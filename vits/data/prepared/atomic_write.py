"""Atomic file writes: readers see the old file or the new one, never a part."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from vits.errors import name_file

__all__ = ["atomic_write"]


@contextlib.contextmanager
def atomic_write(path: Path, scratch: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path; sync the file and rename it to ``path`` if the block succeeds.

    Args:
        path: the final file.
        scratch: folder for the temporary file, on the same file system; default: that of ``path``.

    Raises:
        OSError: the file cannot be written; it names ``path``.
    """
    partial = (scratch or path.parent) / f"{path.name}.{uuid.uuid4().hex}.partial"
    try:
        with name_file(path, partial):
            yield partial
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
