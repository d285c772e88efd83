"""Corpus readers: convert every supported layout to manifest rows.

A reader maps a path to an iterator of ``Row``. ``read_corpus`` detects the layout of a folder or
file and calls its reader; ``open_corpus`` also says what it decided.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from vits.data.corpora.audiofolder import read_audiofolder
from vits.data.corpora.delimited import FIXED, open_table
from vits.data.corpora.fields import Lines
from vits.data.corpora.filelist import read_filelist
from vits.data.corpora.kaldi import read_kaldi
from vits.data.corpora.layout import LAYOUTS, Found, find, locate
from vits.data.corpora.libritts import read_libritts
from vits.data.corpora.ljspeech import read_ljspeech
from vits.data.corpora.pairs import read_pairs
from vits.data.corpora.piper import read_piper
from vits.data.corpora.vctk import read_vctk
from vits.data.prepared.manifest import Row, read_manifest
from vits.errors import DataError

__all__ = [
    "LAYOUTS",
    "Corpus",
    "open_corpus",
    "read_audiofolder",
    "read_corpus",
    "read_filelist",
    "read_kaldi",
    "read_libritts",
    "read_ljspeech",
    "read_pairs",
    "read_piper",
    "read_vctk",
]

_FOLDER_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "kaldi": read_kaldi,
    "libritts": read_libritts,
    "pairs": read_pairs,
}
_LINE_READERS: dict[str, Callable[[Path, Lines], Iterator[Row]]] = {
    "audiofolder": read_audiofolder,
    "manifest": read_manifest,
}


class Corpus(NamedTuple):
    """A corpus whose layout is known.

    Attributes:
        rows: the rows in corpus order, read as they are taken.
        layout: one of ``LAYOUTS``.
        description: what was decided about the layout, in one line.
    """

    rows: Iterator[Row]
    layout: str
    description: str


def open_corpus(
    source: str | Path,
    *,
    format: str = "auto",
    table: str | None = None,
    audio_dir: str | Path | None = None,
    microphone: int | None = None,
) -> Corpus:
    """Detect the layout of a corpus.

    Args:
        source: folder or table of the corpus.
        format: one of ``LAYOUTS``, columns of a table like ``audio|speaker|text``, or ``auto`` to
            detect the layout.
        table: name of the table in the folder ``source``, e.g. ``train.csv``.
        audio_dir: folder of the recordings, for layouts that allow another one.
        microphone: 1 or 2, for VCTK.

    Raises:
        DataError: the layout is unknown or ambiguous, an option does not apply to it, or a line is
            malformed.
        MissingFileError: the source or its table does not exist.
    """
    source = Path(source)
    folder = None if audio_dir is None else Path(audio_dir)
    columns = format if format not in LAYOUTS and re.search(r"[|,;]", format) else None
    if format == "auto" or (columns and table is None and source.is_dir()):
        found = find(source, table, columns or "auto", folder)
    else:
        name = "table" if columns else format
        found = Found(name, locate(source, name, table))
    name, path = found.layout, found.path
    if microphone is not None and name != "vctk":
        raise DataError(f"microphone {microphone} applies to vctk only, not to {name}; omit it")
    if folder is not None and name in (*_FOLDER_READERS, *_LINE_READERS):
        raise DataError(f"{name} defines the folders of its recordings; omit the folder {folder}")
    if name == "vctk":
        return Corpus(read_vctk(path, folder, microphone or 1), name, str(path))
    if name in _FOLDER_READERS:
        return Corpus(_FOLDER_READERS[name](path), name, str(path))
    if name in _LINE_READERS:
        lines = found.lines or Lines(path)
        return Corpus(_LINE_READERS[name](path, lines), name, str(path))
    given = columns or (format if format in FIXED else "auto")
    opened = found.table or open_table(found.lines or path, folder, given)
    if opened is None:
        raise DataError(
            f"{path} is no table of recordings: no column names files below {folder or path.parent}"
            "; name the folder with --audio-dir"
        )
    return Corpus(opened.rows(phonemes=opened.has_phonemes), name, opened.describe())


def read_corpus(
    source: str | Path,
    *,
    format: str = "auto",
    table: str | None = None,
    audio_dir: str | Path | None = None,
    microphone: int | None = None,
) -> Iterator[Row]:
    """Read a corpus in any supported layout; arguments and errors are those of ``open_corpus``.

    Yields:
        The rows in corpus order.
    """
    return open_corpus(
        source, format=format, table=table, audio_dir=audio_dir, microphone=microphone
    ).rows
