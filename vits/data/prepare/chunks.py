"""Chunks of a corpus: the unit of parallel, resumable and distributed preparation.

A chunk is a range of consecutive rows. Its result is two files, each written atomically: the
concatenated waves, and a JSON object with the outcome of each row, a hash of both, and a key. The
key is a hash of everything the result depends on: options, front end, rows, and the size and
modification time of each recording.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.manifest import Row
from vits.errors import DataError

__all__ = ["Chunk", "ChunkResult", "Task", "clear", "parse_shard", "plan"]

_NAME = re.compile(r"(chunk-\d{6}\.(i16|json)|frontend-[0-9a-f]{16}\.json|.*\.partial)")
_FORMAT = 1


@dataclass(frozen=True)
class Task:
    """One row to prepare.

    Attributes:
        row: the row.
        first: audio of the first row with the same id; None if this row is the first.
    """

    row: Row
    first: str | None = None


@dataclass(frozen=True)
class ChunkResult:
    """Outcome of the rows of a chunk.

    Attributes:
        kept: outcomes of the kept rows; ``position`` is the index of the row in the chunk.
        rejected: position, reason and detail of the rejected rows.
    """

    kept: list[dict[str, Any]]
    rejected: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the outcomes as a JSON object."""
        return {"kept": self.kept, "rejected": self.rejected}


@dataclass(frozen=True)
class Chunk:
    """A range of rows, and the files of its result.

    Attributes:
        folder: folder of the result files.
        index: position of the chunk in the corpus, from 0.
        key: hash of everything the result depends on.
        tasks: the rows.
    """

    folder: Path
    index: int
    key: str
    tasks: tuple[Task, ...]

    @property
    def wave_path(self) -> Path:
        """Path of the concatenated waves, int16 little endian."""
        return self.folder / f"chunk-{self.index:06d}.i16"

    @property
    def result_path(self) -> Path:
        """Path of the outcomes; it is written last and marks the chunk as finished."""
        return self.folder / f"chunk-{self.index:06d}.json"

    def write(self, waves: bytes, result: ChunkResult) -> None:
        """Write both files atomically."""
        with atomic_write(self.wave_path) as path:
            path.write_bytes(waves)
        head = {"key": self.key, "sha256": _digest(waves, result)}
        with atomic_write(self.result_path) as path:
            path.write_text(json.dumps({**head, **result.to_dict()}), encoding="utf-8")

    def result(self) -> ChunkResult | None:
        """Read the outcomes; None if they are missing or were made from other inputs."""
        try:
            values = json.loads(self.result_path.read_bytes())
            result = ChunkResult(values["kept"], values["rejected"])
            return result if values["key"] == self.key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def waves(self) -> bytes | None:
        """Read the waves; None if a file is missing or damaged, or was made from other inputs."""
        result = self.result()
        try:
            waves = self.wave_path.read_bytes()
            expected = json.loads(self.result_path.read_bytes())["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return waves if result and expected == _digest(waves, result) else None

    def is_finished(self) -> bool:
        """Return whether the result is complete, intact and made from the same inputs."""
        return self.waves() is not None


def plan(rows: Sequence[Row], folder: Path, made_with: Any, chunk_rows: int) -> list[Chunk]:
    """Divide a corpus into chunks.

    Args:
        rows: the whole corpus, not only this machine's shard.
        folder: folder for the results.
        made_with: JSON value of all options that the results depend on.
        chunk_rows: rows per chunk; the last one may have fewer.
    """
    first: dict[str, str] = {}
    tasks: list[Task] = []
    for row in rows:
        tasks.append(Task(row, first.get(row.id)))
        first.setdefault(row.id, row.audio)
    common = hashlib.sha256(_json([_FORMAT, made_with]))
    chunks = []
    for index, start in enumerate(range(0, len(tasks), chunk_rows)):
        part = tuple(tasks[start : start + chunk_rows])
        key = common.copy()
        for task in part:
            key.update(_json([task.row.to_dict(), task.first, _state(task.row.audio)]))
        chunks.append(Chunk(folder, index, key.hexdigest(), part))
    return chunks


def parse_shard(text: str) -> tuple[int, int]:
    """Parse a shard ``I/N``: the part of machine I of N, counted from 1.

    Raises:
        DataError: the text is not two integers with 1 <= I <= N.
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    shard = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= shard[0] <= shard[1]:
        raise DataError(f"shard {text!r} must be I/N with 1 <= I <= N, e.g. 2/8")
    return shard


def clear(folder: Path, keep: Iterable[Path] = ()) -> None:
    """Delete the files of preparation in its work folder, and the folder if it is empty then."""
    kept = set(keep)
    for path in folder.iterdir() if folder.is_dir() else ():
        if _NAME.fullmatch(path.name) and path not in kept:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the folder contains other files: keep it
        folder.rmdir()


def _state(audio: str) -> list[int] | None:
    """Return size and modification time of a recording; None if the file does not exist."""
    try:
        state = Path(audio).stat()
    except (OSError, ValueError):
        return None
    return [state.st_size, state.st_mtime_ns]


def _digest(waves: bytes, result: ChunkResult) -> str:
    """Return the SHA-256 of the waves and outcomes of a chunk."""
    digest = hashlib.sha256(waves)
    digest.update(_json(result.to_dict()))
    return digest.hexdigest()


def _json(value: Any) -> bytes:
    """Return the canonical JSON encoding of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
