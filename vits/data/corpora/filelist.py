"""File lists of the original VITS: ``path|text`` or ``path|speaker|text``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import split_lines, strip_suffix
from vits.data.prepared.manifest import Row

__all__ = ["read_filelist"]


def read_filelist(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a file list.

    Args:
        table: its lines are ``path|text`` or ``path|speaker|text``. In a list whose name ends in
            ``.cleaned`` the texts are phonemes already; they are passed through as ``[[...]]``.
        audio_dir: folder that the paths are relative to; by default the list's own folder.

    Yields:
        One row for each line; its id is the path without its extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: there is no such list.
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
