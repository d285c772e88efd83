"""Hugging Face audiofolder: ``metadata.csv`` or ``metadata.jsonl`` with a column ``file_name``.

JSON Lines of other programs, such as NeMo's ``audio_filepath``, and JSON lists of objects are read
as well.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vits.data.corpora.columns import NAMES
from vits.data.corpora.fields import Lines
from vits.data.corpora.recordings import Recordings
from vits.data.corpora.table import strip_suffix
from vits.data.prepared.manifest import Row, json_object
from vits.errors import DataError

__all__ = ["read_audiofolder"]

_FILES = ("file_name", *NAMES["audio"])
_TEXTS = ("text", "transcription", *NAMES["text"])
_SPEAKERS = ("speaker", "speaker_id", *NAMES["speaker"])
_LANGUAGES = ("language", *NAMES["language"])


def read_audiofolder(table: Path, lines: Lines | None = None) -> Iterator[Row]:
    """Read the metadata of an audiofolder.

    Args:
        table: a comma-separated file with a header, or a JSONL file. Columns: ``file_name``,
            relative to the folder of the table; ``text`` or ``transcription``; optionally
            ``speaker`` or ``speaker_id``, and ``language``. Other columns are ignored.
        lines: its lines, if they are read already.

    Yields:
        One row per line; its id is the file name without the extension.

    Raises:
        DataError: a malformed line; the message names file and line.
        MissingFileError: the table does not exist.
    """
    recordings = Recordings(table.parent, None)
    lines = lines or Lines(table)
    kind = lines.first.lstrip()[:1]
    records = _jsonl(lines) if kind == "{" else _list(lines) if kind == "[" else _csv(lines)
    for number, values in records:
        where = f"{table}:{number}"
        name = _text(values, _FILES, where)
        if not name:
            raise DataError(f"{where}: file_name is empty; every row needs a recording")
        yield Row(
            id=strip_suffix(name),
            audio=str(path if (path := table.parent / name).exists() else recordings.find(name)),
            text=_text(values, _TEXTS, where),
            speaker=_text(values, _SPEAKERS, where),
            language=_text(values, _LANGUAGES, where) or None,
        )


def _csv(text: Lines) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read a comma-separated table with a header; quoted fields may span lines."""
    lines, table = list(text), text.path
    reader = csv.reader((f"{line}\n" for _, line in lines), strict=True)
    header: list[str] = []
    try:
        for fields in reader:
            number = lines[reader.line_num - 1][0]
            if not header:
                header = _header(fields, f"{table}:{number}")
            elif len(fields) != len(header):
                raise DataError(
                    f"{table}:{number}: {len(fields)} columns, but the header has {len(header)}; "
                    "quote texts that contain commas"
                )
            else:
                yield number, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{table}:{lines[reader.line_num - 1][0]}: {error}; check the quotes"
        ) from error


def _header(fields: list[str], where: str) -> list[str]:
    """Check the column names."""
    if not set(fields) & set(_FILES) or not set(fields) & set(_TEXTS):
        raise DataError(
            f"{where}: columns {', '.join(fields)}; they must include file_name and one of "
            f"{', '.join(_TEXTS[:2])}"
        )
    return fields


def _jsonl(lines: Lines) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read one JSON object from each line."""
    for number, line in lines:
        values = json_object(line, f"{lines.path}:{number}")
        _header(list(values), f"{lines.path}:{number}")
        yield number, values


def _list(lines: Lines) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read a JSON list of objects; the numbers are those of its items."""
    where = str(lines.path)
    try:
        items = json.loads("\n".join(line for _, line in lines))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); write a list of objects") from error
    for number, values in enumerate(items, 1):
        if not isinstance(values, dict):
            raise DataError(f"{where}: item {number} must be a JSON object")
        _header(list(values), f"{where}: item {number}")
        yield number, values


def _text(values: Mapping[str, Any], names: tuple[str, ...], where: str) -> str:
    """Return the first existing column as a string; null becomes the empty string."""
    value = next((values[name] for name in names if name in values), None)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise DataError(f"{where}: {names[0]} {value!r} must be a string")
    return str(value).strip()
