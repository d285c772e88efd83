"""What is to be said, and the recordings of it where there are any."""

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

__all__ = ["Item", "read_material"]

_Reader = Callable[[], tuple[NDArray[np.float32], int]]


@dataclass(frozen=True)
class Item:
    """One text, and how to read its recording.

    Attributes:
        id: name, unique in the material.
        text: what is to be said.
        speaker: who says it in the recording; empty where nobody is named.
        read: gives samples (L,) in [-1, 1] and their rate (Hz); None without a recording.
    """

    id: str
    text: str
    speaker: str = ""
    read: _Reader | None = field(default=None, repr=False, compare=False)


def read_material(source: str | Path, limit: int | None = None) -> list[Item]:
    """Read what a voice is evaluated on.

    Args:
        source: a folder that ``vits prepare`` wrote; a folder or table of recordings in a layout
            that it reads; or a text file (.txt) with a sentence on each line, without recordings.
        limit: take only the first so many; None: all.

    Raises:
        MissingFileError: there is no such file or folder.
        DataError: its layout is not known, it is damaged, or it holds no text.
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
    silent = [item.id for item in items if not item.text.strip()]
    if silent:
        raise DataError(f"{source}: {len(silent)} rows have no text, first {silent[0]!r}; add it")
    return items


def _is_text(source: Path) -> bool:
    """Tell a list of sentences from a table, whose lines have bars."""
    if not source.is_file() or source.suffix != ".txt":
        return False
    return "|" not in next((line for _, line in numbered_lines(source)), "")


def _prepared(dataset: PreparedDataset, limit: int | None) -> list[Item]:
    """Take the rows of a prepared folder; waves stay in their file until they are read."""
    rate = dataset.audio.sample_rate

    def item(index: int) -> Item:
        row = dataset.row(index)
        text, speaker = row.get("text"), row.get("speaker", "")
        if not isinstance(text, str):
            raise DataError(f"{dataset.folder}: {row['id']!r} has no text; prepare it again")
        return Item(row["id"], text, speaker, lambda: (dataset[index].wave.numpy(), rate))

    return [item(index) for index in range(len(dataset))[:limit]]


def _recorded(row: Row) -> Item:
    """Take a row of a corpus, whose file is read when it is wanted."""

    def read() -> tuple[NDArray[np.float32], int]:
        samples, rate = files.read(row.audio)
        return samples.mean(axis=1), rate

    return Item(row.id, row.text, row.speaker, read)
