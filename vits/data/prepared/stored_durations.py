"""Durations put into a prepared folder."""

import json
from collections.abc import Iterable

from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.dataset import PreparedDataset

__all__ = ["write_durations"]


def write_durations(dataset: PreparedDataset, durations: Iterable[list[int]]) -> None:
    """Give every row of a prepared folder the frames of its symbols, in place of earlier ones.

    The manifest is replaced whole when the last row is done; until then it stays as it was.

    Args:
        dataset: all of a prepared folder, in its order.
        durations: for each utterance, as many as it has symbols, each at least 1; together the
            frames of its wave.
    """
    with (
        atomic_write(dataset.folder / "manifest.jsonl") as partial,
        partial.open("w", encoding="utf-8", newline="\n") as lines,
    ):
        for index, frames in zip(range(len(dataset)), durations, strict=True):
            row = {**dataset.row(index), "durations": frames}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
