"""The manifest: a JSONL file with one recording and its text per line."""

import codecs
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vits.errors import DataError, MissingFileError

__all__ = ["Row", "json_object", "numbered_lines", "read_manifest", "write_manifest"]

LONGEST_LINE = 1 << 22  # bytes; 40 times what ``Frontend`` takes as a text
_REQUIRED = ("id", "audio", "text")
_KEYS = (*_REQUIRED, "speaker", "language")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One recording of a corpus, before any checks.

    Attributes:
        id: name of the recording, unique in the corpus.
        audio: path of its file; the file may be missing.
        text: transcript; empty if the corpus has none.
        speaker: name of the speaker; empty for a corpus without speaker names.
        language: espeak-ng language code; None if unknown.
    """

    id: str
    audio: str
    text: str
    speaker: str = ""
    language: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the row as the JSON object of a manifest line, without a language of None."""
        values = {"id": self.id, "audio": self.audio, "text": self.text, "speaker": self.speaker}
        return values if self.language is None else {**values, "language": self.language}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str) -> "Row":
        """Build a row from the JSON object of a manifest line.

        Args:
            values: the JSON object.
            where: file and line number, for messages.

        Raises:
            DataError: a key is missing or unknown, a value is not a string, or the id is empty.
        """
        missing = [key for key in _REQUIRED if key not in values]
        unknown = [key for key in values if key not in _KEYS]
        if missing or unknown:
            fault = (
                f"lacks {', '.join(missing)}" if missing else f"has unknown {', '.join(unknown)}"
            )
            raise DataError(f"{where}: the row {fault}; valid keys are {', '.join(_KEYS)}")
        for key, value in values.items():
            if not isinstance(value, str) and not (key == "language" and value is None):
                raise DataError(f"{where}: {key} {value!r} must be a string")
        if not values["id"].strip():
            raise DataError(f"{where}: id is empty; every recording needs a name")
        return cls(**values)


def read_manifest(
    path: str | os.PathLike[str], lines: Iterable[tuple[int, str]] | None = None
) -> Iterator[Row]:
    """Read a manifest.

    Args:
        path: a JSONL file; a relative ``audio`` path is relative to the folder of this file.
        lines: its numbered lines, if they are read already.

    Yields:
        The rows in order; blank lines are skipped.

    Raises:
        DataError: a line is not a valid row; the message names file and line.
        MissingFileError: the file does not exist.
    """
    path = Path(path)
    for number, line in numbered_lines(path) if lines is None else lines:
        where = f"{path}:{number}"
        row = Row.from_dict(json_object(line, where), where)
        yield Row(**{**row.to_dict(), "audio": str(path.parent / row.audio)})


def write_manifest(path: str | os.PathLike[str], rows: Iterable[Row]) -> int:
    """Write a manifest atomically and return its number of rows."""
    path, count = Path(path), 0
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row.to_dict(), ensure_ascii=False) + "\n")
            count += 1
    partial.replace(path)
    return count


def numbered_lines(path: Path, *, pipe: bool = False) -> Iterator[tuple[int, str]]:
    """Read a text file line by line: UTF-8, or UTF-16 with a byte order mark.

    Only line feeds end a line; ``str.splitlines`` would also split at U+2028 and others, which
    occur in texts. A byte order mark and blank lines are skipped.

    Args:
        path: the file.
        pipe: whether it may be a pipe, which can be read only once.

    Yields:
        The line number, from 1, and the line without its line break.

    Raises:
        DataError: a line is not UTF-8, or longer than ``LONGEST_LINE``, or the file is a pipe.
        MissingFileError: the file does not exist.
    """
    if path.is_fifo() and not pipe:
        raise DataError(f"{path} is a pipe, but is read more than once; write it to a file first")
    if not path.is_file() and not path.is_fifo():
        raise MissingFileError(f"table {path} does not exist; check the path and its spelling")
    with path.open("rb") as file:
        lines: Iterable[bytes] = iter(lambda: file.readline(LONGEST_LINE + 1), b"")
        if file.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            lines = _from_utf16(file, path)
        for number, raw in enumerate(lines, 1):
            if len(raw) > LONGEST_LINE:
                raise DataError(
                    f"{path}:{number}: a line of more than {LONGEST_LINE:,} bytes; write one "
                    "recording, or one sentence, on each line"
                )
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path}:{number}: not UTF-8 at byte {error.start}; convert the file to UTF-8"
                ) from error
            if line.strip():
                yield number, line


def _from_utf16(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-16 as UTF-8."""
    text = io.TextIOWrapper(file, "utf-16", newline="\n")
    try:
        while line := text.readline(LONGEST_LINE + 1):
            yield line.encode()
    except UnicodeError as error:
        raise DataError(
            f"{path} is not UTF-16, as its first bytes say; convert the file to UTF-8"
        ) from error
    finally:
        text.detach()  # whoever opened the file closes it


def json_object(line: str, where: str) -> dict[str, Any]:
    """Parse one line of JSONL; raise DataError unless it is an object with valid Unicode."""
    try:
        values = json.loads(line)
        json.dumps(values, ensure_ascii=False).encode()  # rejects escaped lone surrogates
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); write one object per line") from error
    if not isinstance(values, dict):
        raise DataError(f"{where}: {type(values).__name__} must be a JSON object")
    return values
