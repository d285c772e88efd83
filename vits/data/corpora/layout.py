"""Which layout a corpus has, told by its files."""

from itertools import chain
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES
from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError, MissingFileError

__all__ = ["FORMATS", "detect", "locate"]

FORMATS = ("ljspeech", "vctk", "libritts", "piper", "filelist", "audiofolder", "manifest")
"""Names of the layouts."""

_TABLES = {
    "ljspeech": ("metadata.csv",),
    "piper": ("metadata.csv",),
    "filelist": (),
    "audiofolder": ("metadata.csv", "metadata.jsonl"),
    "manifest": ("manifest.jsonl",),
}
"""Default tables of the layouts that have one."""

_LOOKED_FOR = (
    "txt/ with wav48*/ (vctk), <speaker>/<chapter>/*.normalized.txt (libritts), "
    "metadata.csv with id|text|normalised (ljspeech), with file.wav|text (piper) or with a header "
    "that has file_name (audiofolder), metadata.jsonl with file_name (audiofolder), "
    "manifest.jsonl (manifest), a .txt or .cleaned table with path|text (filelist)"
)


def detect(source: Path, table: str | None = None) -> str:
    """Return the layout of a corpus, one of ``FORMATS``.

    Args:
        source: folder or table.
        table: name of the table in the folder ``source``; only its layout is then looked at.

    Raises:
        DataError: no layout fits, or more than one.
        MissingFileError: the source or its table does not exist.
    """
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    if table is not None or source.is_file():
        path = source if table is None else locate(source, "filelist", table)
        found = {path.name: _table_layout(path)}
    else:
        names = dict.fromkeys(chain.from_iterable(_TABLES.values()))
        found = {name: _table_layout(source / name) for name in names if (source / name).is_file()}
        if (source / "txt").is_dir() and any(source.glob("wav48*/")):
            found["txt/"] = "vctk"
        if any(any(source.glob(f"{'*/' * depth}*.normalized.txt")) for depth in (2, 3)):
            found["*.normalized.txt"] = "libritts"
    layouts = {name: layout for name, layout in found.items() if layout}
    if len(layouts) == 1:
        return next(iter(layouts.values()))
    if layouts:
        listed = ", ".join(f"{name} ({layout})" for name, layout in layouts.items())
        raise DataError(f"{source} has several layouts: {listed}; choose with --format or --table")
    raise DataError(f"{source} has no known layout; looked for {_LOOKED_FOR}; or name it: --format")


def locate(source: Path, layout: str, table: str | None = None) -> Path:
    """Return what the reader of a layout reads: a table, or the folder for vctk and libritts.

    Args:
        source: folder or table of the corpus.
        layout: one of ``FORMATS``.
        table: name of the table inside the folder ``source``.

    Raises:
        DataError: the layout is unknown, or has no table where one is named.
        MissingFileError: the source or its table does not exist.
    """
    if layout not in FORMATS:
        raise DataError(f"format {layout!r} must be auto or one of {', '.join(FORMATS)}")
    if not source.exists():
        raise MissingFileError(f"corpus {source} does not exist; check the path and its spelling")
    if layout not in _TABLES:
        if table is not None or not source.is_dir():
            raise DataError(f"{layout} is a folder without a table; give only the folder {source}")
        return source
    if source.is_file():
        if table is not None:
            raise DataError(f"{source} is a table already; leave out the table {table}")
        return source
    names = (table,) if table is not None else _TABLES[layout]
    path = next((source / name for name in names if (source / name).is_file()), None)
    if path is None:
        wanted = " or ".join(names) or "a table; name it with --table"
        raise MissingFileError(f"{source} has no {wanted}; {layout} needs it")
    return path


def _table_layout(path: Path) -> str:
    """Return the layout of a table told by its first line; empty where none fits."""
    first = next((line for _, line in numbered_lines(path)), "")
    if path.suffix == ".jsonl":
        return "audiofolder" if '"file_name"' in first else "manifest" if '"audio"' in first else ""
    head, bar, _ = first.partition("|")
    if path.suffix in (".txt", ".cleaned"):
        return "filelist" if bar else ""
    if bar:
        return "piper" if head.strip().lower().endswith(AUDIO_SUFFIXES) else "ljspeech"
    return "audiofolder" if "file_name" in first.split(",") else ""
