"""LJSpeech: ``metadata.csv`` with ``id|text|normalized text``, and a folder ``wavs``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import find_recording, split_lines
from vits.data.prepared.manifest import Row

__all__ = ["read_ljspeech"]


def read_ljspeech(table: Path, audio_dir: Path | None = None) -> Iterator[Row]:
    """Read a table in the layout of LJSpeech.

    Args:
        table: lines ``id|text|normalized text`` or ``id|text``; the normalized text is preferred.
        audio_dir: folder of the recordings ``<id>.wav`` (or ``.flac`` and others); default:
            ``wavs`` next to the table.

    Yields:
        One row per line.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the table does not exist.

    Source:
        Ito and Johnson, The LJ Speech Dataset, 2017.
    """
    folder = audio_dir or table.parent / "wavs"
    for _, (name, *texts) in split_lines(table, (2, 3), "id|text|normalized text"):
        yield Row(id=name, audio=str(find_recording(folder / name)), text=texts[-1] or texts[0])
