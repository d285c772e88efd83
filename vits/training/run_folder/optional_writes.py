"""Writes to the run folder that may fail without ending the run: all but the checkpoints."""

import errno
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from vits.errors import TrainingWarning

__all__ = ["OptionalWrites", "append"]


class OptionalWrites:
    """Turns failed writes into a warning, one for each file, and counts them.

    Attributes:
        failed: number of failed writes by path.
    """

    def __init__(self) -> None:
        self.failed: Counter[Path] = Counter()

    @contextmanager
    def attempt(self, path: Path) -> Iterator[None]:
        """Run a block that writes ``path``; a full disk or a lack of permission is a warning."""
        try:
            yield
        except Exception as error:
            reason = _reason(error)
            if reason is None:
                raise
            self.failed[path] += 1
            if self.failed[path] == 1:
                warnings.warn(
                    f"cannot write {path}: {reason}; training continues, the next write tries "
                    "again",
                    TrainingWarning,
                    stacklevel=3,
                )

    def summary(self) -> str:
        """Return one line that counts the failed writes by file; empty if there are none."""
        parts = [f"{path} ({count})" for path, count in sorted(self.failed.items())]
        return f"writes that failed during the run: {', '.join(parts)}" if parts else ""


def append(path: Path, data: bytes) -> None:
    """Append to a file, or leave it as it was.

    Raises:
        OSError: not all of the data could be written.
    """
    with path.open("ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            written = file.write(data)
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        except OSError:
            file.truncate(end)
            raise


def _reason(error: BaseException) -> str | None:
    """Return the reason of a failed write; None for an error of another kind.

    Loggers and audio writers raise errors of their own from the original one.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.strerror or str(cause)
        if isinstance(cause, soundfile.SoundFileError):
            return str(cause).strip()
        cause = cause.__cause__
    return None
