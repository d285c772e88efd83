"""A prepared folder as a map-style dataset."""

import copy
import hashlib
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
    PITCH,
    Index,
    audio_config,
    check_size,
    read_contents,
    read_info,
)
from vits.data.prepared.sample_file import SampleFile
from vits.data.prepared.stored_pitch import check_pitch, pitch_contour
from vits.data.prepared.stored_vectors import read_vectors
from vits.errors import ConfigError, DataError

__all__ = ["PreparedDataset", "Utterance", "split"]

_FULL_SCALE = 32768
_DIGEST_SAMPLES = 512


class Utterance(NamedTuple):
    """One recording and its symbols.

    Attributes:
        id: name, unique in its corpus.
        ids: symbol ids (S,) int64.
        wave: (L,) float32 in [-1, 1].
        speaker: speaker id.
        language: language id; 0 for data of one language.
        durations: frames of each symbol (S,) int64; None for data without durations.
        pitch: (2, T) float32 log F0 (log Hz) and voicing; None for data without pitch.
        speaker_vector: (V,) float32 of the speaker encoder; None for data without vectors.
    """

    id: str
    ids: Tensor
    wave: Tensor
    speaker: int
    language: int = 0
    durations: Tensor | None = None
    pitch: Tensor | None = None
    speaker_vector: Tensor | None = None


class PreparedDataset(Dataset[Utterance]):
    """The utterances of a folder written by ``vits prepare``, in order.

    Waves are read when they are asked for, from a file that each process opens for itself.

    Attributes:
        folder: the prepared folder.
        info: content of ``dataset.json``.
        audio: spectrogram settings of the data.
        frontend: the text front end of the data, as returned by ``Frontend.to_dict``.
        symbols: the symbols, by symbol id.
        speakers: speaker names, by speaker id; empty for one unnamed speaker.
        aligned: whether the rows have durations, as stored by ``vits align``.
        pitched: whether the pitch of the frames was measured.
        speaker_vectors: of each utterance (N, V) float32; None if they were not computed.
        speaker_encoder: name of the encoder that computed them; None without them.
    """

    info: dict[str, Any]
    frontend: dict[str, Any]
    symbols: list[str]
    speakers: list[str]

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Read the description and the index of the folder.

        Raises:
            MissingFileError: the folder or one of its files does not exist.
            DataError: the folder is not prepared data, or it is damaged.
        """
        self.folder = Path(folder)
        self._describe(read_info(self.folder))
        self.audio: AudioConfig = audio_config(self.info, self.folder)
        contents = read_contents(self.folder, self.info, self.audio.hop_length)
        self._names, self._ids, self._durations, self._index = contents
        self.aligned = self._durations is not None
        self._audio = SampleFile(self.folder / "audio.i16")
        self._pitch = SampleFile(self.folder / PITCH)
        check_size(self.folder, self._index)
        self.pitched = check_pitch(self.folder, self.info, int(self.frames.sum()))
        self.speaker_vectors = read_vectors(self.folder, self.info, len(self))
        described = self.info.get("speaker_vectors", {})
        self.speaker_encoder: str | None = described.get("encoder")  # ``remapped`` changes info

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._names)

    def __getitem__(self, index: int) -> Utterance:
        """Read one utterance."""
        entries = self._index
        samples = self._audio.read(int(entries.offset[index]), int(entries.samples[index]))
        wave = samples.astype(np.float32) / _FULL_SCALE
        return Utterance(
            self._names[index],
            self.ids(index),
            torch.from_numpy(wave),
            int(entries.speaker[index]),
            int(entries.language[index]),
            self.durations(index),
            self.pitch(index),
            None if self.speaker_vectors is None else torch.tensor(self.speaker_vectors[index]),
        )

    @property
    def names(self) -> Sequence[str]:
        """Names of the utterances, in order."""
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
    def speaker_ids(self) -> np.ndarray:
        """Speaker id of each utterance (N,) int64."""
        return self._index.speaker

    @property
    def seconds(self) -> float:
        """Total duration of the utterances (s)."""
        return int(self._index.samples.sum()) / self.audio.sample_rate

    def ids(self, index: int) -> Tensor:
        """Return the symbol ids (S,) int64 of an utterance without reading its wave."""
        first = self._index.first_id[index]
        ids = self._ids[first : first + self._index.n_ids[index]]
        return torch.from_numpy(ids.astype(np.int64))

    def durations(self, index: int) -> Tensor | None:
        """Return the frames (S,) int64 of an utterance's symbols; None without durations."""
        if self._durations is None:
            return None
        first = self._index.first_id[index]
        durations = self._durations[first : first + self._index.n_ids[index]]
        return torch.from_numpy(durations.astype(np.int64))

    def pitch(self, index: int) -> Tensor | None:
        """Return log F0 (log Hz) and voicing (2, T) of an utterance; None without pitch."""
        return pitch_contour(self.stored_pitch(index)) if self.pitched else None

    def stored_pitch(self, index: int) -> np.ndarray:
        """Return the pitch of an utterance as ``pitch.i16`` has it, (T, 2) int16."""
        first, count = int(self._index.first_frame[index]), int(self.frames[index])
        return self._pitch.read(2 * first, 2 * count).reshape(-1, 2)

    def digest(self) -> str:
        """Return a hash of all rows and of the middle of every wave, 16 hexadecimal digits."""
        digest, entries = hashlib.sha256(), self._index
        for index, name in enumerate(self._names):
            start, count = int(entries.offset[index]), int(entries.samples[index])
            part = min(count, _DIGEST_SAMPLES)
            digest.update(f"{name}\0{count}\0{entries.speaker[index]}\0".encode())
            digest.update(self.ids(index).numpy().tobytes())
            digest.update(self._audio.read(start + (count - part) // 2, part).tobytes())
            durations = self.durations(index)
            digest.update(b"" if durations is None else durations.numpy().tobytes())
        if self.speaker_vectors is not None:
            digest.update(self.speaker_vectors.tobytes())
        return digest.hexdigest()[:16]

    def row(self, index: int) -> dict[str, Any]:
        """Read the manifest row of an utterance: text, phonemes, source path and more."""
        with (self.folder / "manifest.jsonl").open("rb") as file:
            file.seek(self._index.line[index])
            return json.loads(file.readline())

    def select(self, indices: Iterable[int]) -> "PreparedDataset":
        """Return a dataset of the utterances at ``indices``, in that order."""
        chosen = np.fromiter(indices, dtype=np.int64)
        part = copy.copy(self)
        part._names = [self._names[i] for i in chosen]
        part._index = Index(*(column[chosen] for column in self._index))
        if self.speaker_vectors is not None:
            part.speaker_vectors = self.speaker_vectors[chosen]
        return part

    def used_symbols(self) -> set[int]:
        """Return the ids of the symbols that occur in the utterances."""
        used = set[int]()
        for first, count in zip(self._index.first_id, self._index.n_ids, strict=True):
            used.update(self._ids[first : first + count].tolist())
        return used

    def remapped(
        self, info: dict[str, Any], symbol_ids: Sequence[int], speaker_ids: Sequence[int]
    ) -> "PreparedDataset":
        """Return the utterances with the symbol and speaker ids of another model.

        Args:
            info: replacement of ``info`` with the symbols and speakers of the other model.
            symbol_ids: new id of each symbol of ``symbols``.
            speaker_ids: new id of each speaker of ``speakers``, or of the unnamed one.
        """
        other = copy.copy(self)
        other._describe(info)
        other._ids = np.asarray(symbol_ids, dtype=np.int32)[self._ids]
        speakers = np.asarray(speaker_ids, dtype=np.int64)[self._index.speaker]
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
    """Split a dataset into training and validation data, reproducibly.

    Exactly one of ``n_validation``, ``fraction`` and ``ids`` is required.

    Args:
        dataset: the dataset to split.
        n_validation: number of random utterances for validation.
        fraction: fraction of random utterances for validation, in (0, 1).
        ids: names of the utterances for validation.
        seed: random seed.

    Returns:
        Training and validation data, each in the order of ``dataset``; neither is empty.

    Raises:
        ConfigError: not exactly one of the three arguments is given.
        DataError: an id is unknown, or one part would be empty.
    """
    if sum(choice is not None for choice in (n_validation, fraction, ids)) != 1:
        raise ConfigError("give exactly one of n_validation, fraction and ids")
    total = len(dataset)
    held_out = np.zeros(total, dtype=bool)
    if ids is not None:
        held_out[_indices(dataset, ids)] = True
    else:
        count = n_validation if fraction is None else max(1, round(fraction * total))
        held_out[np.random.default_rng(seed).permutation(total)[: max(0, count or 0)]] = True
    if not 0 < held_out.sum() < total:
        raise DataError(
            f"validation would take {held_out.sum()} of {total} utterances; "
            f"it must take at least 1 and leave at least 1"
        )
    return dataset.select(np.flatnonzero(~held_out)), dataset.select(np.flatnonzero(held_out))


def _indices(dataset: PreparedDataset, ids: Iterable[str]) -> list[int]:
    """Return the indices of utterances given by name."""
    known = {name: i for i, name in enumerate(dataset.names)}
    wanted = list(ids)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(
            f"{len(unknown)} ids are not in {dataset.folder}, the first is {unknown[0]!r}; "
            "use ids of its manifest.jsonl"
        )
    return [known[name] for name in wanted]
