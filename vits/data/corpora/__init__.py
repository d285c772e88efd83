"""Corpus readers: every layout becomes rows of a manifest.

A reader is a function from a path to an iterator of ``Row``. ``read_corpus`` finds the layout of a
folder or file and calls its reader.
"""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.audiofolder import read_audiofolder
from vits.data.corpora.filelist import read_filelist
from vits.data.corpora.layout import FORMATS, detect, locate
from vits.data.corpora.libritts import read_libritts
from vits.data.corpora.ljspeech import read_ljspeech
from vits.data.corpora.piper import read_piper
from vits.data.corpora.vctk import read_vctk
from vits.data.prepared.manifest import Row, read_manifest
from vits.errors import DataError

__all__ = [
    "FORMATS",
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
    """Read a corpus in any known layout.

    Args:
        source: folder or table of the corpus.
        format: one of ``FORMATS``, or ``auto`` to recognise the layout.
        table: name of the table inside the folder ``source``, e.g. ``train.csv``.
        audio_dir: folder of the recordings, where the layout lets it be chosen.
        microphone: 1 or 2, for VCTK.

    Yields:
        The rows in the order of the corpus.

    Raises:
        DataError: the layout is not recognised or ambiguous, an option does not belong to it, or a
            line is malformed.
        MissingFileError: the source or its table does not exist.
    """
    source = Path(source)
    name = detect(source, table) if format == "auto" else format
    folder = None if audio_dir is None else Path(audio_dir)
    if microphone is not None and name != "vctk":
        raise DataError(f"microphone {microphone} belongs to vctk, not to {name}; leave it out")
    if folder is not None and name in ("libritts", "audiofolder", "manifest"):
        raise DataError(f"{name} names the folders of its recordings itself; leave out {folder}")
    place = locate(source, name, table)
    if name == "vctk":
        return read_vctk(place, folder, microphone or 1)
    if name == "libritts":
        return read_libritts(place)
    if name == "audiofolder":
        return read_audiofolder(place)
    if name == "manifest":
        return read_manifest(place)
    reader = {"ljspeech": read_ljspeech, "piper": read_piper, "filelist": read_filelist}[name]
    return reader(place, folder)
