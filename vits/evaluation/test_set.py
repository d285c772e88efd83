"""Read the texts of an evaluation, with their recordings if there are any."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vits.audio import files
from vits.data.corpora import read_corpus
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.manifest import Row, numbered_lines
from vits.errors import DataError, MissingFileError

__all__ = ["Item", "read_test_set"]

_Reader = Callable[[], tuple[NDArray[np.float32], int]]


@dataclass(frozen=True)
class Item:
    """A text and how to read its recording.

    Attributes:
        id: name, unique in the test set.
        text: text to synthesise.
        speaker: speaker of the recording; empty if not named.
        read: returns samples (L,) in [-1, 1] and their rate (Hz); None without a recording.
    """

    id: str
    text: str
    speaker: str = ""
    read: _Reader | None = field(default=None, repr=False, compare=False)


def read_test_set(source: str | Path, limit: int | None = None) -> list[Item]:
    """Read a test set.

    Args:
        source: a folder that ``vits prepare`` wrote; a corpus in a layout that it reads; or a text
            file (.txt) with a sentence on each line, without recordings.
        limit: number of items to read; None: all.

    Raises:
        MissingFileError: the file or folder does not exist.
        DataError: its layout is unknown, it is damaged, or it holds no text.
    """
    source = Path(source)
    if not source.exists():
        raise MissingFileError(f"manifest {source} does not exist; check the path")
    if (source / "dataset.json").is_file():
        items = _prepared(PreparedDataset(source), limit)
    elif _is_text(source):
        lines = islice(numbered_lines(source), limit)
        items = [Item(f"line {number}", line.strip()) for number, line in lines]
    else:
        items = [_recorded(row) for row in islice(read_corpus(source), limit)]
    if not items:
        raise DataError(f"{source} holds no text; write a sentence on each line")
    empty = [item.id for item in items if not item.text.strip()]
    if empty:
        raise DataError(f"{source}: {len(empty)} rows have no text, first {empty[0]!r}; add it")
    return items


def _is_text(source: Path) -> bool:
    """Return whether a file lists sentences; the lines of a table contain ``|``."""
    if not source.is_file() or source.suffix != ".txt":
        return False
    return "|" not in next((line for _, line in numbered_lines(source)), "")


def _prepared(dataset: PreparedDataset, limit: int | None) -> list[Item]:
    """Return the items of a prepared folder; waves are read on demand."""
    rate = dataset.audio.sample_rate

    def item(index: int) -> Item:
        row = dataset.row(index)
        text, speaker = row.get("text"), row.get("speaker", "")
        if not isinstance(text, str):
            raise DataError(f"{dataset.folder}: {row['id']!r} has no text; prepare it again")
        return Item(row["id"], text, speaker, lambda: (dataset[index].wave.numpy(), rate))

    return [item(index) for index in range(len(dataset))[:limit]]


def _recorded(row: Row) -> Item:
    """Return the item of a corpus row; its file is read on demand."""

    def read() -> tuple[NDArray[np.float32], int]:
        samples, rate = files.read(row.audio)
        return samples.mean(axis=1), rate

    return Item(row.id, row.text, row.speaker, read)
