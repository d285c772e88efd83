"""File lists of the original VITS code: ``path|text`` or ``path|speaker|text``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.delimited import open_table
from vits.data.prepared.manifest import Row

__all__ = ["read_filelist"]


def read_filelist(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a file list.

    Args:
        table: lines ``path|text`` or ``path|speaker|text``. If its name ends in ``.cleaned``, or
            nearly all texts have IPA's marks of stress or length, the texts are phonemes and are
            marked as such by ``[[...]]``.
        audio_dir: folder that the paths are relative to; default: the folder of the
            list, or any folder below it.

    Yields:
        One row per line; its id is the path without the extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the list does not exist.
    """
    opened = open_table(table, audio_dir, "filelist")
    return opened.rows(phonemes=opened.has_phonemes) if opened else iter(())
