"""Shared parts of the table readers: splitting lines, locating recordings and texts."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError

__all__ = ["AUDIO_SUFFIXES", "find_recording", "read_text", "split_lines", "strip_suffix"]

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif")
"""Extensions of recordings, in search order."""


def split_lines(
    path: Path, allowed: tuple[int, ...], layout: str
) -> Iterator[tuple[int, list[str]]]:
    """Split the lines of a table at ``|``; all lines must have as many columns as the first.

    Args:
        path: the table.
        allowed: valid numbers of columns.
        layout: description of the columns, for messages.

    Yields:
        The line number, from 1, and the fields without surrounding white space.

    Raises:
        DataError: a line has a wrong number of columns, or its first field is empty.
        MissingFileError: the file does not exist.
    """
    columns = 0
    for number, line in numbered_lines(path):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) not in allowed or columns not in (0, len(fields)):
            rule = f"{columns} as on the first line" if columns else " or ".join(map(str, allowed))
            raise DataError(
                f"{path}:{number}: {len(fields)} columns, must be {rule}; the layout is {layout}"
            )
        if not fields[0]:
            raise DataError(f"{path}:{number}: the first column is empty; the layout is {layout}")
        columns = len(fields)
        yield number, fields


def find_recording(stem: Path) -> Path:
    """Return the first existing file ``stem`` + extension, by default ``stem`` + ``.wav``."""
    candidates = [stem.with_name(stem.name + suffix) for suffix in AUDIO_SUFFIXES]
    return next((path for path in candidates if path.exists()), candidates[0])


def read_text(path: Path) -> str:
    """Read a file with a single text; empty if the file does not exist.

    Raises:
        DataError: the file is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").strip() if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 at byte {error.start}; convert the file to UTF-8"
        ) from error


def strip_suffix(name: str) -> str:
    """Return a file name without its audio extension, with ``/`` as path separator."""
    name = name.replace("\\", "/")
    suffix = next((s for s in AUDIO_SUFFIXES if name.lower().endswith(s)), "")
    return name[: len(name) - len(suffix)]
