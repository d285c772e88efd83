"""Writing symbol durations into a prepared folder."""

import json
from collections.abc import Iterable

from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.dataset import PreparedDataset

__all__ = ["write_durations"]


def write_durations(dataset: PreparedDataset, durations: Iterable[list[int]]) -> None:
    """Store the duration of every symbol in the manifest, replacing earlier durations.

    The manifest is replaced atomically after the last row.

    Args:
        dataset: all utterances of a prepared folder, in order.
        durations: for each utterance, the frames of each symbol: each at least 1, and their sum is
            the number of frames of the utterance.
    """
    with (
        atomic_write(dataset.folder / "manifest.jsonl") as partial,
        partial.open("w", encoding="utf-8", newline="\n") as lines,
    ):
        for index, frames in zip(range(len(dataset)), durations, strict=True):
            row = {**dataset.row(index), "durations": frames}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
