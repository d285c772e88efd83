"""A prepared folder as a map-style dataset."""

import copy
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from vits.config import AudioConfig
from vits.data.prepared.index import (
    PCM16,
    Index,
    audio_config,
    check_size,
    read_contents,
    read_info,
)
from vits.errors import ConfigError, DataError

__all__ = ["PreparedDataset", "Utterance", "split"]

_FULL_SCALE = 32768


class Utterance(NamedTuple):
    """One recording and its symbols.

    Attributes:
        id: name, unique in its corpus.
        ids: (S,) int64 rows of the symbol embedding.
        wave: (L,) float32 in [-1, 1].
        speaker: row of the speaker embedding.
        language: row of the language embedding; 0 where there is no choice.
        durations: (S,) int64 frames of each symbol; None where the data have none.
    """

    id: str
    ids: Tensor
    wave: Tensor
    speaker: int
    language: int = 0
    durations: Tensor | None = None


class PreparedDataset(Dataset[Utterance]):
    """The utterances of a folder that ``vits prepare`` wrote, in its order.

    Waves are mapped into memory on first use in each process; the mapping is never pickled.

    Attributes:
        folder: the folder.
        info: all of its ``dataset.json``.
        audio: how its waves become spectrograms.
        frontend: the front end that made its symbols, as ``Frontend.to_dict`` gives it.
        symbols: the symbol table, row by row.
        speakers: speaker names, row by row; empty for one unnamed speaker.
        aligned: whether the rows have durations, which `vits align` finds.
    """

    info: dict[str, Any]
    frontend: dict[str, Any]
    symbols: list[str]
    speakers: list[str]

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Read the index.

        Raises:
            MissingFileError: the folder or one of its files does not exist.
            DataError: it is not prepared data, or it is damaged.
        """
        self.folder = Path(folder)
        self._describe(read_info(self.folder))
        self.audio: AudioConfig = audio_config(self.info, self.folder)
        read = read_contents(self.folder, self.info, self.audio.hop_length)
        self._names, self._ids, self._durations, self._index = read
        self.aligned = self._durations is not None
        self._wave: np.ndarray | None = None
        check_size(self.folder, self._index)

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._names)

    def __getitem__(self, index: int) -> Utterance:
        """Read one utterance."""
        place = self._index
        if self._wave is None:
            self._wave = np.memmap(self.folder / "audio.i16", dtype=PCM16, mode="r")
        start = place.offset[index]
        wave = self._wave[start : start + place.samples[index]].astype(np.float32) / _FULL_SCALE
        return Utterance(
            self._names[index],
            self.ids(index),
            torch.from_numpy(wave),
            int(place.speaker[index]),
            int(place.language[index]),
            self.durations(index),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open mapping out of the pickle; each process opens its own."""
        return {**self.__dict__, "_wave": None}

    @property
    def names(self) -> Sequence[str]:
        """The utterances' ids, in order."""
        return self._names

    @property
    def samples(self) -> np.ndarray:
        """Samples of each utterance (N,) int64."""
        return self._index.samples

    @property
    def frames(self) -> np.ndarray:
        """Spectrogram frames of each utterance (N,) int64."""
        return self._index.samples // self.audio.hop_length

    @property
    def seconds(self) -> float:
        """Length of all utterances together (s)."""
        return int(self._index.samples.sum()) / self.audio.sample_rate

    def ids(self, index: int) -> Tensor:
        """Return an utterance's symbols (S,) int64 without reading its wave."""
        first = self._index.first_id[index]
        ids = self._ids[first : first + self._index.n_ids[index]]
        return torch.from_numpy(ids.astype(np.int64))

    def durations(self, index: int) -> Tensor | None:
        """Return the frames of an utterance's symbols (S,) int64; None where there are none."""
        if self._durations is None:
            return None
        first = self._index.first_id[index]
        durations = self._durations[first : first + self._index.n_ids[index]]
        return torch.from_numpy(durations.astype(np.int64))

    def row(self, index: int) -> dict[str, Any]:
        """Read an utterance's whole manifest row: text, phonemes, source path and more."""
        with (self.folder / "manifest.jsonl").open("rb") as file:
            file.seek(self._index.line[index])
            return json.loads(file.readline())

    def select(self, indices: Iterable[int]) -> "PreparedDataset":
        """Return the utterances at ``indices``, in that order, as a dataset of their own."""
        chosen = np.fromiter(indices, dtype=np.int64)
        part = copy.copy(self)
        part._names = [self._names[i] for i in chosen]
        part._index = Index(*(column[chosen] for column in self._index))
        return part

    def used_symbols(self) -> set[int]:
        """Return the rows of the symbols that occur in the utterances."""
        place, rows = self._index, set[int]()
        for first, count in zip(place.first_id, place.n_ids, strict=True):
            rows.update(self._ids[first : first + count].tolist())
        return rows

    def remapped(
        self, info: dict[str, Any], symbol_rows: Sequence[int], speaker_rows: Sequence[int]
    ) -> "PreparedDataset":
        """Return the utterances with the rows that another model's embeddings have.

        Args:
            info: what takes the place of ``info``, with the other model's symbols and speakers.
            symbol_rows: for each row of ``symbols``, the row it becomes.
            speaker_rows: for each row of ``speakers``, or the one unnamed, the row it becomes.
        """
        other = copy.copy(self)
        other._describe(info)
        other._ids = np.asarray(symbol_rows, dtype=np.int32)[self._ids]
        speakers = np.asarray(speaker_rows, dtype=np.int64)[self._index.speaker]
        other._index = self._index._replace(speaker=speakers)
        return other

    def _describe(self, info: dict[str, Any]) -> None:
        self.info = info
        self.frontend = info["frontend"]
        self.symbols = self.frontend["symbols"]
        self.speakers = info["speakers"]


def split(
    dataset: PreparedDataset,
    *,
    n_validation: int | None = None,
    fraction: float | None = None,
    ids: Iterable[str] | None = None,
    seed: int = 1234,
) -> tuple[PreparedDataset, PreparedDataset]:
    """Split a dataset into training and validation; the same arguments give the same split.

    Args:
        dataset: what to split.
        n_validation: utterances to draw for validation; or
        fraction: the part of all utterances to draw, in (0, 1); or
        ids: the very utterances to validate on. Exactly one of the three is given.
        seed: of the draw.

    Returns:
        Training and validation part, each in the order of ``dataset``, neither empty.

    Raises:
        ConfigError: not exactly one of the three is given.
        DataError: an id is unknown, or one part would be empty.
    """
    if sum(choice is not None for choice in (n_validation, fraction, ids)) != 1:
        raise ConfigError("give exactly one of n_validation, fraction and ids")
    total = len(dataset)
    held = np.zeros(total, dtype=bool)
    if ids is not None:
        held[_places(dataset, ids)] = True
    else:
        count = n_validation if fraction is None else max(1, round(fraction * total))
        held[np.random.default_rng(seed).permutation(total)[: max(0, count or 0)]] = True
    if not 0 < held.sum() < total:
        raise DataError(
            f"validation would take {held.sum()} of {total} utterances; "
            f"it must take at least 1 and leave at least 1"
        )
    return dataset.select(np.flatnonzero(~held)), dataset.select(np.flatnonzero(held))


def _places(dataset: PreparedDataset, ids: Iterable[str]) -> list[int]:
    """Return the indices of the named utterances."""
    known = {name: i for i, name in enumerate(dataset.names)}
    wanted = list(ids)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(
            f"{len(unknown)} ids are not in {dataset.folder}, the first is {unknown[0]!r}; "
            "name utterances of its manifest.jsonl"
        )
    return [known[name] for name in wanted]
