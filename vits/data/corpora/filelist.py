"""File lists of the original VITS code: ``path|text`` or ``path|speaker|text``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import split_lines, strip_suffix
from vits.data.prepared.manifest import Row

__all__ = ["read_filelist"]


def read_filelist(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a file list.

    Args:
        table: lines ``path|text`` or ``path|speaker|text``. If its name ends in ``.cleaned``, the
            texts are phonemes and are marked as such by ``[[...]]``.
        audio_dir: folder that the paths are relative to; default: the folder of the list.

    Yields:
        One row per line; its id is the path without the extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the list does not exist.
    """
    folder = audio_dir or table.parent
    phonemes = table.suffix == ".cleaned"
    for _, fields in split_lines(table, (2, 3), "path|text or path|speaker|text"):
        text = fields[-1]
        yield Row(
            id=strip_suffix(fields[0]),
            audio=str(folder / fields[0]),
            text=f"[[{text}]]" if phonemes and text else text,
            speaker=fields[1] if len(fields) == 3 else "",
        )
