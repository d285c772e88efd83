"""LJSpeech: ``metadata.csv`` with ``id|text|normalized text``, and a folder ``wavs``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.delimited import open_table
from vits.data.prepared.manifest import Row

__all__ = ["read_ljspeech"]


def read_ljspeech(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a table in the layout of LJSpeech.

    Args:
        table: lines ``id|text|normalized text`` or ``id|text``; the normalized text is preferred.
        audio_dir: folder of the recordings ``<id>.wav`` (or ``.flac`` and others); default:
            ``wavs`` next to the table, or any folder below the table's.

    Yields:
        One row per line.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the table does not exist.

    Source:
        Ito and Johnson, The LJ Speech Dataset, 2017.
    """
    opened = open_table(table, audio_dir, "ljspeech")
    return opened.rows() if opened else iter(())
