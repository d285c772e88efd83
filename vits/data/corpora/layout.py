"""Detection of a corpus layout from its files."""

from itertools import chain
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES
from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError, MissingFileError

__all__ = ["LAYOUTS", "detect", "locate"]

LAYOUTS = ("ljspeech", "vctk", "libritts", "piper", "filelist", "audiofolder", "manifest")
"""Names of the layouts."""

_TABLES = {
    "ljspeech": ("metadata.csv",),
    "piper": ("metadata.csv",),
    "filelist": (),
    "audiofolder": ("metadata.csv", "metadata.jsonl"),
    "manifest": ("manifest.jsonl",),
}
"""Default table names of the layouts with a table."""

_SIGNS = (
    "txt/ with wav48*/ (vctk), <speaker>/<chapter>/*.normalized.txt (libritts), "
    "metadata.csv with id|text|normalised (ljspeech), with file.wav|text (piper) or with a header "
    "that has file_name (audiofolder), metadata.jsonl with file_name (audiofolder), "
    "manifest.jsonl (manifest), a .txt or .cleaned table with path|text (filelist)"
)


def detect(source: Path, table: str | None = None) -> str:
    """Detect the layout of a corpus, one of ``LAYOUTS``.

    Args:
        source: folder or table.
        table: name of the table in the folder ``source``; only this table is examined then.

    Raises:
        DataError: no layout fits, or more than one does.
        MissingFileError: the source or its table does not exist.
    """
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    if table is not None or source.is_file():
        path = source if table is None else locate(source, "filelist", table)
        matches = {path.name: _table_layout(path)}
    else:
        names = dict.fromkeys(chain.from_iterable(_TABLES.values()))
        tables = [name for name in names if (source / name).is_file()]
        matches = {name: _table_layout(source / name) for name in tables}
        if (source / "txt").is_dir() and any(source.glob("wav48*/")):
            matches["txt/"] = "vctk"
        if any(any(source.glob(f"{'*/' * depth}*.normalized.txt")) for depth in (2, 3)):
            matches["*.normalized.txt"] = "libritts"
    layouts = {name: layout for name, layout in matches.items() if layout}
    if len(layouts) == 1:
        return next(iter(layouts.values()))
    if layouts:
        listed = ", ".join(f"{name} ({layout})" for name, layout in layouts.items())
        raise DataError(f"{source} has several layouts: {listed}; choose with --format or --table")
    raise DataError(f"{source} has no known layout; known are {_SIGNS}; choose one with --format")


def locate(source: Path, layout: str, table: str | None = None) -> Path:
    """Return the path a reader needs: the table, or the folder for vctk and libritts.

    Args:
        source: folder or table of the corpus.
        layout: one of ``LAYOUTS``.
        table: name of the table in the folder ``source``.

    Raises:
        DataError: the layout is unknown, or a table is given for a layout without one.
        MissingFileError: the source or its table does not exist.
    """
    if layout not in LAYOUTS:
        raise DataError(f"format {layout!r} must be auto or one of {', '.join(LAYOUTS)}")
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


def _table_layout(path: Path) -> str:
    """Detect the layout of a table from its first line; empty if none fits."""
    first = next((line for _, line in numbered_lines(path)), "")
    if path.suffix == ".jsonl":
        return "audiofolder" if '"file_name"' in first else "manifest" if '"audio"' in first else ""
    head, bar, _ = first.partition("|")
    if path.suffix in (".txt", ".cleaned"):
        return "filelist" if bar else ""
    if bar:
        return "piper" if head.strip().lower().endswith(AUDIO_SUFFIXES) else "ljspeech"
    return "audiofolder" if "file_name" in first.split(",") else ""
