"""The manifest: one recording and its text on each line of a JSONL file."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vits.errors import DataError, MissingFileError

__all__ = ["Row", "json_object", "numbered_lines", "read_manifest", "write_manifest"]

_REQUIRED = ("id", "audio", "text")
_KEYS = (*_REQUIRED, "speaker", "language")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One recording of a corpus, not yet checked.

    Attributes:
        id: name of the recording, different from all others of the corpus.
        audio: path of its file; the file need not exist.
        text: what is said; empty where the corpus has no text for it.
        speaker: name of the speaker; empty in a corpus that does not name speakers.
        language: espeak-ng code of the language, or None where the corpus does not say.
    """

    id: str
    audio: str
    text: str
    speaker: str = ""
    language: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object of a manifest line; a language of None is left out."""
        values = {"id": self.id, "audio": self.audio, "text": self.text, "speaker": self.speaker}
        return values if self.language is None else {**values, "language": self.language}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str) -> "Row":
        """Build a row from the JSON object of a manifest line.

        Args:
            values: the object.
            where: file and line, for messages.

        Raises:
            DataError: a key is missing or unknown, a value is not a string, or the id is empty.
        """
        missing = [key for key in _REQUIRED if key not in values]
        unknown = [key for key in values if key not in _KEYS]
        if missing or unknown:
            fault = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
            raise DataError(f"{where}: the row {fault}; the keys are {', '.join(_KEYS)}")
        for key, value in values.items():
            if not isinstance(value, str) and not (key == "language" and value is None):
                raise DataError(f"{where}: {key} {value!r} must be a string")
        if not values["id"].strip():
            raise DataError(f"{where}: id must not be empty; give every recording a name")
        return cls(**values)


def read_manifest(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Read a manifest.

    Args:
        path: a JSONL file; a relative ``audio`` is relative to the folder of this file.

    Yields:
        The rows, in order; blank lines are passed over.

    Raises:
        DataError: a line is not the JSON object of a row; the message names file and line.
        MissingFileError: there is no such file.
    """
    path = Path(path)
    for number, line in numbered_lines(path):
        where = f"{path}:{number}"
        row = Row.from_dict(json_object(line, where), where)
        yield Row(**{**row.to_dict(), "audio": str(path.parent / row.audio)})


def write_manifest(path: str | os.PathLike[str], rows: Iterable[Row]) -> int:
    """Write a manifest and return its number of rows; an existing file is replaced at the end."""
    path, count = Path(path), 0
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row.to_dict(), ensure_ascii=False) + "\n")
            count += 1
    partial.replace(path)
    return count


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read a UTF-8 text file line by line.

    Only line feeds end a line: ``str.splitlines`` would also split at U+2028 and others that texts
    may hold. A byte order mark and blank lines are passed over.

    Yields:
        The line's number, from 1, and the line without its end.

    Raises:
        DataError: a line is not UTF-8.
        MissingFileError: there is no such file.
    """
    if not path.is_file():
        raise MissingFileError(f"table {path} does not exist; check the path and its spelling")
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path}:{number}: not UTF-8 at byte {error.start}; convert the file to UTF-8"
                ) from error
            if line.strip():
                yield number, line


def json_object(line: str, where: str) -> dict[str, Any]:
    """Parse one line of JSONL; anything but an object of Unicode raises ``DataError``."""
    try:
        values = json.loads(line)
        json.dumps(values, ensure_ascii=False).encode()  # an escape may hold half a character
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); write one object on each line") from error
    if not isinstance(values, dict):
        raise DataError(f"{where}: {type(values).__name__} must be a JSON object")
    return values
