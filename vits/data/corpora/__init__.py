"""Corpus readers: convert every supported layout to manifest rows.

A reader maps a path to an iterator of ``Row``. ``read_corpus`` detects the layout of a folder or
file and calls its reader.
"""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.audiofolder import read_audiofolder
from vits.data.corpora.filelist import read_filelist
from vits.data.corpora.layout import LAYOUTS, detect, locate
from vits.data.corpora.libritts import read_libritts
from vits.data.corpora.ljspeech import read_ljspeech
from vits.data.corpora.piper import read_piper
from vits.data.corpora.vctk import read_vctk
from vits.data.prepared.manifest import Row, read_manifest
from vits.errors import DataError

__all__ = [
    "LAYOUTS",
    "read_audiofolder",
    "read_corpus",
    "read_filelist",
    "read_libritts",
    "read_ljspeech",
    "read_piper",
    "read_vctk",
]


def read_corpus(
    source: str | Path,
    *,
    format: str = "auto",
    table: str | None = None,
    audio_dir: str | Path | None = None,
    microphone: int | None = None,
) -> Iterator[Row]:
    """Read a corpus in any supported layout.

    Args:
        source: folder or table of the corpus.
        format: one of ``LAYOUTS``, or ``auto`` to detect the layout.
        table: name of the table in the folder ``source``, e.g. ``train.csv``.
        audio_dir: folder of the recordings, for layouts that allow another one.
        microphone: 1 or 2, for VCTK.

    Yields:
        The rows in corpus order.

    Raises:
        DataError: the layout is unknown or ambiguous, an option does not apply to it, or a line is
            malformed.
        MissingFileError: the source or its table does not exist.
    """
    source = Path(source)
    name = detect(source, table) if format == "auto" else format
    folder = None if audio_dir is None else Path(audio_dir)
    if microphone is not None and name != "vctk":
        raise DataError(f"microphone {microphone} applies to vctk only, not to {name}; omit it")
    if folder is not None and name in ("libritts", "audiofolder", "manifest"):
        raise DataError(f"{name} defines the folders of its recordings; omit the folder {folder}")
    path = locate(source, name, table)
    if name == "vctk":
        return read_vctk(path, folder, microphone or 1)
    if name == "libritts":
        return read_libritts(path)
    if name == "audiofolder":
        return read_audiofolder(path)
    if name == "manifest":
        return read_manifest(path)
    reader = {"ljspeech": read_ljspeech, "piper": read_piper, "filelist": read_filelist}[name]
    return reader(path, folder)
