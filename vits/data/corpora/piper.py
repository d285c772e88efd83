"""Piper training data: a table of ``file|text`` or ``file|speaker|text`` without a header."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.delimited import open_table
from vits.data.prepared.manifest import Row

__all__ = ["read_piper"]


def read_piper(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a table in Piper's training layout.

    Args:
        table: lines ``file|text`` or ``file|speaker|text``.
        audio_dir: folder that the files are relative to; default: ``wavs`` or ``wav`` next to the
            table if it exists, otherwise its folder or any below it.

    Yields:
        One row per line; its id is the file name without the extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the table does not exist.
    """
    opened = open_table(table, audio_dir, "piper")
    return opened.rows() if opened else iter(())
