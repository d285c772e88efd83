"""Piper training data: a table of ``file|text`` or ``file|speaker|text`` without a header."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import split_lines, strip_suffix
from vits.data.prepared.manifest import Row

__all__ = ["read_piper"]

_FOLDERS = ("wavs", "wav")


def read_piper(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a table in Piper's training layout.

    Args:
        table: lines ``file|text`` or ``file|speaker|text``.
        audio_dir: folder that the files are relative to; default: ``wavs`` or ``wav`` next to the
            table if it exists, otherwise the folder of the table.

    Yields:
        One row per line; its id is the file name without the extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the table does not exist.
    """
    candidates = (table.parent / name for name in _FOLDERS)
    folder = audio_dir or next((path for path in candidates if path.is_dir()), table.parent)
    for _, fields in split_lines(table, (2, 3), "file|text or file|speaker|text"):
        speaker = fields[1] if len(fields) == 3 else ""
        yield Row(
            id=strip_suffix(fields[0]),
            audio=str(folder / fields[0]),
            text=fields[-1],
            speaker=speaker,
        )
