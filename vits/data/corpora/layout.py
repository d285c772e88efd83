"""Detection of a corpus layout from its files."""

import csv
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from vits.data.corpora.columns import NAMES
from vits.data.corpora.delimited import Table, open_table
from vits.data.corpora.fields import Lines
from vits.data.corpora.kaldi import is_kaldi
from vits.data.corpora.libritts import is_libritts
from vits.data.corpora.pairs import has_pairs
from vits.data.corpora.recordings import Recordings
from vits.errors import DataError, MissingFileError

__all__ = ["LAYOUTS", "Found", "detect", "find", "locate"]

LAYOUTS = (
    "ljspeech",
    "vctk",
    "libritts",
    "piper",
    "filelist",
    "audiofolder",
    "manifest",
    "table",
    "pairs",
    "kaldi",
)
"""Names of the layouts."""

_TABLES = {
    "ljspeech": ("metadata.csv",),
    "piper": ("metadata.csv",),
    "filelist": (),
    "audiofolder": ("metadata.csv", "metadata.jsonl"),
    "manifest": ("manifest.jsonl",),
    "table": (),
}
"""Default table names of the layouts with a table."""

_SUFFIXES = (".csv", ".tsv", ".psv", ".txt", ".list", ".jsonl", ".json")  # in any case
_PREFERRED = ("metadata", "validated", "transcripts", "transcript")
_FIRST_ITEM = 30  # lines of a JSON list that show its first item
_MOST_TABLES = 50  # files of a folder that are looked into

_SIGNS = "a table of recordings and texts, VCTK, LibriTTS, Kaldi, or a .txt beside each recording"


class Found(NamedTuple):
    """What a corpus is.

    Attributes:
        layout: one of ``LAYOUTS``; empty if none fits.
        path: the table or the folder.
        lines: the lines of the table as far as they were read; None for a folder.
        table: what the columns are; None unless it is a delimited table.
    """

    layout: str
    path: Path
    lines: Lines | None = None
    table: Table | None = None


def detect(source: Path, table: str | None = None) -> str:
    """Detect the layout of a corpus, one of ``LAYOUTS``; for the arguments see ``find``."""
    return find(source, table).layout


def find(
    source: Path,
    table: str | None = None,
    columns: str = "auto",
    audio_dir: Path | None = None,
) -> Found:
    """Detect the layout of a corpus and the path that its reader needs.

    Args:
        source: folder or table.
        table: name of the table in the folder ``source``; only this table is examined then.
        columns: what the columns of a table are, like ``audio|speaker|text``.
        audio_dir: folder of the recordings of a delimited table.

    Returns:
        The layout, and what was read to detect it: a pipe can be read only once.

    Raises:
        DataError: no layout fits, or more than one does.
        MissingFileError: the source or its table does not exist.
    """
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    lines = None
    if table is not None or not source.is_dir():
        lines = Lines(source if table is None else locate(source, "filelist", table))
        candidates = [_table_layout(lines, columns, Recordings(lines.path.parent, audio_dir))]
    else:
        candidates = _in_folder(source, columns, audio_dir)
    candidates = [found for found in candidates if found.layout]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        signs = {"vctk": "txt/", "libritts": "its texts", "kaldi": "text"}
        listed = ", ".join(
            f"{signs.get(found.layout, found.path.name)} ({found.layout})" for found in candidates
        )
        raise DataError(f"{source} has several layouts: {listed}; choose with --format or --table")
    raise DataError(
        f"{source} has no known layout: {_shown(source, lines)}; expected {_SIGNS}; choose one of "
        f"{', '.join(LAYOUTS)} with --format"
    )


def _in_folder(source: Path, columns: str, audio_dir: Path | None) -> list[Found]:
    """Return the layouts of a folder."""
    recordings = Recordings(source, audio_dir)

    def look(path: Path) -> Found:
        here = recordings if path.parent == source else Recordings(path.parent, audio_dir)
        return _table_layout(Lines(path), columns, here)

    names = dict.fromkeys(chain.from_iterable(_TABLES.values()))
    found = [look(source / name) for name in names if (source / name).is_file()]
    looked = {one.path for one in found}
    if (source / "txt").is_dir() and any(source.glob("wav48*/")):
        found.append(Found("vctk", source))
    if is_libritts(source):
        found.append(Found("libritts", source))
    if is_kaldi(source):
        found.append(Found("kaldi", source))
    if any(one.layout for one in found):
        return found
    tables = {path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES}
    tables |= {source / "text", *source.glob("etc/*.data")}
    tables = {
        path
        for path in tables - looked
        if path.is_file() and path.name[0] != "." and not recordings.has(path.stem)
    }
    found = [one for path in sorted(tables)[:_MOST_TABLES] if (one := look(path)).layout]
    for stem in _PREFERRED:
        chosen = [one for one in found if one.path.stem == stem]
        if len(chosen) == 1:
            return chosen
    if not found and has_pairs(source):
        found.append(Found("pairs", source))
    return found


def _shown(source: Path, lines: Lines | None) -> str:
    """Return what lies in a folder, or the first line of a file."""
    if lines is not None:
        return f"its first line is {lines.first[:80]!r}"
    names = sorted(f"{path.name}{'/' * path.is_dir()}" for path in source.iterdir())
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"it has {', '.join(names[:5]) or 'no files'}{more}"


def locate(source: Path, layout: str, table: str | None = None) -> Path:
    """Return the path a reader needs: the table, or the folder for a layout without one.

    Args:
        source: folder or table of the corpus.
        layout: one of ``LAYOUTS``.
        table: name of the table in the folder ``source``.

    Raises:
        DataError: the layout is unknown, or a table is given for a layout without one.
        MissingFileError: the source or its table does not exist.
    """
    if layout not in LAYOUTS:
        raise DataError(
            f"format {layout!r} must be auto or one of {', '.join(LAYOUTS)}, or columns like "
            "'audio|speaker|text'"
        )
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    if layout not in _TABLES:
        if table is not None or not source.is_dir():
            raise DataError(f"{layout} is read from a folder, not a table; give only the folder")
        return source
    if not source.is_dir():
        if table is not None:
            raise DataError(f"{source} is a table already; omit the table {table}")
        return source
    names = (table,) if table is not None else _TABLES[layout]
    path = next((source / name for name in names if (source / name).is_file()), None)
    if path is None:
        if not names:
            raise MissingFileError(f"{layout} needs a table in {source}; choose it with --table")
        raise MissingFileError(f"{source} has no {' or '.join(names)}, which {layout} needs")
    return path


def _table_layout(lines: Lines, columns: str, recordings: Recordings) -> Found:
    """Detect the layout of a table from its content and the recordings."""
    path, first = lines.path, lines.first
    if path.suffix.lower() in (".jsonl", ".json"):
        if first.startswith("{") and '"audio"' in first and '"id"' in first:
            return Found("manifest", path, lines)
        return Found("audiofolder" if _names_recordings(lines) else "", path, lines)
    if "|" not in first and "file_name" in next(csv.reader([first]), []):
        return Found("audiofolder", path, lines)
    table = open_table(lines, None, columns, recordings)
    return Found("" if table is None else table.layout(), path, lines, table)


def _names_recordings(lines: Lines) -> bool:
    """Return whether the first object names a recording; in a .json, which is any, also a text."""
    roles = ("audio",) if lines.path.suffix.lower() == ".jsonl" else ("audio", "text")
    first = lines.first
    if first.startswith("["):  # a list, perhaps with a line for each value
        first = " ".join(line for _, line in islice(lines, _FIRST_ITEM))
    return all(any(f'"{name}"' in first for name in NAMES[role]) for role in roles)
