"""Detection of a corpus layout from its files."""

import csv
from itertools import chain
from pathlib import Path

from vits.data.corpora.columns import NAMES
from vits.data.corpora.delimited import open_table
from vits.data.corpora.pairs import has_pairs
from vits.data.corpora.recordings import Recordings
from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError, MissingFileError

__all__ = ["LAYOUTS", "detect", "find", "locate"]

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

_PATTERNS = ("*.csv", "*.tsv", "*.psv", "*.txt", "*.list", "*.jsonl", "text", "etc/*.data")
_PREFERRED = ("metadata", "validated", "transcripts", "transcript")
_MOST_TABLES = 50  # files of a folder that are looked into

_SIGNS = "a table of recordings and texts, VCTK, LibriTTS, or a .txt beside each recording"


def detect(source: Path, table: str | None = None) -> str:
    """Detect the layout of a corpus, one of ``LAYOUTS``; for the arguments see ``find``."""
    return find(source, table)[0]


def find(source: Path, table: str | None = None, columns: str = "auto") -> tuple[str, Path]:
    """Detect the layout of a corpus and the path that its reader needs.

    Args:
        source: folder or table.
        table: name of the table in the folder ``source``; only this table is examined then.
        columns: what the columns of a table are, like ``audio|speaker|text``.

    Returns:
        One of ``LAYOUTS``, and the table or the folder.

    Raises:
        DataError: no layout fits, or more than one does.
        MissingFileError: the source or its table does not exist.
    """
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    if table is not None or source.is_file():
        path = source if table is None else locate(source, "filelist", table)
        layouts = {path: _table_layout(path, columns)}
    else:
        layouts = _in_folder(source, columns)
    layouts = {path: layout for path, layout in layouts.items() if layout}
    if len(layouts) == 1:
        path, layout = next(iter(layouts.items()))
        return layout, path if layout in _TABLES else source
    if layouts:
        signs = {"vctk": "txt/", "libritts": "*.normalized.txt"}
        listed = ", ".join(
            f"{signs.get(layout, path.name)} ({layout})" for path, layout in layouts.items()
        )
        raise DataError(f"{source} has several layouts: {listed}; choose with --format or --table")
    raise DataError(
        f"{source} has no known layout: {_found(source)}; expected {_SIGNS}; choose one of "
        f"{', '.join(LAYOUTS)} with --format"
    )


def _in_folder(source: Path, columns: str) -> dict[Path, str]:
    """Return the layouts of a folder, by the table or folder that shows them."""
    names = dict.fromkeys(chain.from_iterable(_TABLES.values()))
    found = {
        source / n: _table_layout(source / n, columns) for n in names if (source / n).is_file()
    }
    if (source / "txt").is_dir() and any(source.glob("wav48*/")):
        found[source / "txt"] = "vctk"
    if any(any(source.glob(f"{'*/' * depth}*.normalized.txt")) for depth in (2, 3)):
        found[source] = "libritts"
    if any(found.values()):
        return found
    recordings = Recordings(source, None)
    tables = {path for pattern in _PATTERNS for path in source.glob(pattern) if path.is_file()}
    tables = {path for path in tables if not recordings.has(path.stem) and path not in found}
    for path in sorted(tables)[:_MOST_TABLES]:
        if layout := _table_layout(path, columns):
            found[path] = layout
    found = {path: layout for path, layout in found.items() if layout}
    for stem in _PREFERRED:
        chosen = {path: layout for path, layout in found.items() if path.stem == stem}
        if len(chosen) == 1:
            return chosen
    if not found and has_pairs(source):
        found[source] = "pairs"
    return found


def _found(source: Path) -> str:
    """Return what lies in a folder, or the first line of a file."""
    if source.is_file():
        line = next((line for _, line in numbered_lines(source)), "")
        return f"its first line is {line[:80]!r}"
    names = sorted(f"{path.name}{'/' * path.is_dir()}" for path in source.iterdir())
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"it has {', '.join(names[:5]) or 'no files'}{more}"


def locate(source: Path, layout: str, table: str | None = None) -> Path:
    """Return the path a reader needs: the table, or the folder for vctk, libritts and pairs.

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
    if source.is_file():
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


def _table_layout(path: Path, columns: str) -> str:
    """Detect the layout of a table from its content and the recordings; empty if none fits."""
    if path.suffix == ".jsonl":
        first = next((line for _, line in numbered_lines(path)), "")
        if '"audio"' in first and '"id"' in first:
            return "manifest"
        named = any(f'"{name}"' in first for name in ("file_name", *NAMES["audio"]))
        return "audiofolder" if named else ""
    first = next((line for _, line in numbered_lines(path)), "")
    if "|" not in first and "file_name" in next(csv.reader([first]), []):
        return "audiofolder"
    table = open_table(path, None, columns)
    return "" if table is None else table.layout()
