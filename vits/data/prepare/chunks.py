"""Chunks of a corpus: the unit of parallel, resumable and shared work.

A chunk is a run of rows. Its result is two files, written whole or not at all: the waves one after
another, and one JSON object with the rows' outcomes, a hash of both, and a key. The key covers all
that the result depends on: options, front end, rows, and size and time of each recording.
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
    """One row to do.

    Attributes:
        row: the row.
        first: audio of the first row with the same id, None where this is the first.
    """

    row: Row
    first: str | None = None


@dataclass(frozen=True)
class ChunkResult:
    """What became of a chunk's rows.

    Attributes:
        kept: for every kept row its outcome; ``position`` is the row's place in the chunk.
        rejected: for every other row the same, with reason and detail.
    """

    kept: list[dict[str, Any]]
    rejected: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"kept": self.kept, "rejected": self.rejected}


@dataclass(frozen=True)
class Chunk:
    """A run of rows and the place of its result.

    Attributes:
        folder: where its two files are.
        index: its place in the corpus, from 0.
        key: hash of all that the result depends on.
        tasks: the rows.
    """

    folder: Path
    index: int
    key: str
    tasks: tuple[Task, ...]

    @property
    def wave_path(self) -> Path:
        """File of the waves, int16 little endian."""
        return self.folder / f"chunk-{self.index:06d}.i16"

    @property
    def result_path(self) -> Path:
        """File of the outcomes; it is written last, so that it stands for the whole."""
        return self.folder / f"chunk-{self.index:06d}.json"

    def write(self, waves: bytes, result: ChunkResult) -> None:
        """Write both files; a reader sees the old ones or the new ones."""
        with atomic_write(self.wave_path) as path:
            path.write_bytes(waves)
        head = {"key": self.key, "sha256": _digest(waves, result)}
        with atomic_write(self.result_path) as path:
            path.write_text(json.dumps({**head, **result.to_dict()}), encoding="utf-8")

    def result(self) -> ChunkResult | None:
        """Read the outcomes; None unless they are there and made from these very inputs."""
        try:
            values = json.loads(self.result_path.read_bytes())
            result = ChunkResult(values["kept"], values["rejected"])
            return result if values["key"] == self.key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def waves(self) -> bytes | None:
        """Read the waves; None unless both files are whole and made from these very inputs."""
        result = self.result()
        try:
            waves = self.wave_path.read_bytes()
            expected = json.loads(self.result_path.read_bytes())["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return waves if result and expected == _digest(waves, result) else None

    def is_done(self) -> bool:
        """Tell whether the result is there, whole and made from these very inputs."""
        return self.waves() is not None


def plan(rows: Sequence[Row], folder: Path, made_with: Any, chunk_rows: int) -> list[Chunk]:
    """Divide a corpus into chunks.

    Args:
        rows: the whole corpus, whatever this machine's share.
        folder: where the results go.
        made_with: JSON value of all options the results depend on.
        chunk_rows: rows of a chunk; the last may have fewer.
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
    """Read ``I/N``, the share of one of N machines, I from 1.

    Raises:
        DataError: it is not two whole numbers with 1 <= I <= N.
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    share = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= share[0] <= share[1]:
        raise DataError(f"shard {text!r} must be I/N with 1 <= I <= N, e.g. 2/8")
    return share


def clear(folder: Path, keep: Iterable[Path] = ()) -> None:
    """Delete the files that preparation makes in its work folder, and the folder if empty."""
    kept = set(keep)
    for path in folder.iterdir() if folder.is_dir() else ():
        if _NAME.fullmatch(path.name) and path not in kept:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it: not ours to delete
        folder.rmdir()


def _state(audio: str) -> list[int] | None:
    """Return size and time of a recording, None where there is no file."""
    try:
        state = Path(audio).stat()
    except (OSError, ValueError):
        return None
    return [state.st_size, state.st_mtime_ns]


def _digest(waves: bytes, result: ChunkResult) -> str:
    """Return the hash of a chunk's waves and outcomes."""
    digest = hashlib.sha256(waves)
    digest.update(_json(result.to_dict()))
    return digest.hexdigest()


def _json(value: Any) -> bytes:
    """Return the one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
