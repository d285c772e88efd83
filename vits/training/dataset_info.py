"""Facts about prepared data that the model needs and the checkpoint stores."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vits.config import AudioConfig, SpeakerVectorsConfig, VitsConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import ConfigError

__all__ = ["DatasetInfo"]


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Facts about prepared data.

    Attributes:
        name: name of its folder.
        audio: sample rate and spectrogram.
        frontend: the front end that made its symbols (``Frontend.to_dict``).
        fingerprint: fingerprint of that front end.
        speakers: names by speaker id; empty for one unnamed speaker.
        utterances: number of training utterances.
        seconds: their total length.
        aligned: whether all training, validation and replayed utterances have durations.
        pitched: whether they all have pitch.
        vectors: speaker encoder of their speaker vectors; None if some have none, or another's.
        speaker_means: mean vector of each speaker of the training data (N, V).
    """

    name: str
    audio: AudioConfig
    frontend: dict[str, Any]
    fingerprint: dict[str, Any]
    speakers: tuple[str, ...]
    utterances: int
    seconds: float
    aligned: bool = False
    pitched: bool = False
    vectors: SpeakerVectorsConfig | None = None
    speaker_means: Tensor | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, dataset: PreparedDataset, *others: PreparedDataset | None) -> "DatasetInfo":
        """Collect the facts of a prepared dataset; ``others`` count for the last two only."""
        all_data = [dataset, *(other for other in others if other is not None)]
        return cls(
            name=dataset.folder.resolve().name,
            audio=dataset.audio,
            frontend=dataset.frontend,
            fingerprint=dataset.info["fingerprint"],
            speakers=tuple(dataset.speakers),
            utterances=len(dataset),
            seconds=round(dataset.seconds, 2),
            aligned=all(data.aligned for data in all_data),
            pitched=all(data.pitched for data in all_data),
            vectors=_vectors_of(all_data),
            speaker_means=_speaker_means(dataset),
        )

    def require_durations(self) -> None:
        """Require durations in the data.

        Raises:
            ConfigError: some utterances have no durations.
        """
        if not self.aligned:
            raise ConfigError(
                f"alignment.source 'data' needs durations, but {self.name}, the validation data or "
                "the replayed data has none; compute them with: vits align VOICE FOLDER"
            )

    def require_pitch(self) -> None:
        """Require the pitch of the data.

        Raises:
            ConfigError: some utterances have none.
        """
        if not self.pitched:
            raise ConfigError(
                f"config.pitch needs the pitch of the data, but {self.name}, the validation data "
                "or the replayed data has none; prepare it again with: vits prepare --pitch"
            )

    def fit_model(self, config: VitsConfig) -> VitsConfig:
        """Return a model's configuration with the numbers of symbols, speakers and languages.

        Raises:
            ConfigError: the model's spectrograms or numbers differ from the data's, or a key has no
                effect with these numbers.
        """
        mine, theirs = vars(self.audio), vars(config.audio)
        for key, value in mine.items():
            if value != theirs[key]:
                raise ConfigError(
                    f"config.audio.{key} {theirs[key]} must equal the prepared data's {value}: "
                    f"set it in the configuration, or prepare {self.name} again"
                )
        defaults = VitsConfig()
        found: dict[str, Any] = {
            "n_symbols": len(self.frontend["symbols"]),
            "n_speakers": max(1, len(self.speakers)),
            "n_languages": len(self.frontend.get("config", {}).get("languages", [])),
        }
        for key, value in found.items():
            if getattr(config, key) not in (value, getattr(defaults, key)):
                raise ConfigError(
                    f"config.{key} {getattr(config, key)} must equal the prepared data's {value}: "
                    "leave it out, it is taken from the data"
                )
        self._require_effect(config, found)
        if config.speaker_vectors is not None:
            found["speaker_vectors"] = self._speaker_vectors(config.speaker_vectors)
        return replace(config, **found)

    def _speaker_vectors(self, asked: SpeakerVectorsConfig) -> SpeakerVectorsConfig:
        """Return the kind of the data's vectors.

        Raises:
            ConfigError: the data has none, or one speaker, or the model asks for others.
        """
        if self.vectors is None:
            raise ConfigError(
                f"config.speaker_vectors needs the speaker vectors of the data, but {self.name}, "
                "the validation data or the replayed data has none of one encoder; prepare it "
                "again with: vits prepare --speaker-vectors"
            )
        if len(self.speakers) < 2:
            raise ConfigError(
                f"config.speaker_vectors needs data of 2 or more speakers, and {self.name} has 1"
            )
        if asked not in (self.vectors, SpeakerVectorsConfig()):
            raise ConfigError(
                f"config.speaker_vectors {asked} must equal the prepared data's {self.vectors}: "
                "leave its keys out, they are taken from the data"
            )
        return self.vectors

    def _require_effect(self, config: VitsConfig, counts: dict[str, int]) -> None:
        """Refuse the width of an embedding that the model does not have."""
        needs = {
            "speaker_channels": (counts["n_speakers"] > 1, "one speaker"),
            "language_channels": (counts["n_languages"] > 0, "no choice of languages"),
        }
        for key, (effective, has) in needs.items():
            value, default = getattr(config, key), getattr(VitsConfig, key)
            if not effective and value != default:
                raise ConfigError(
                    f"config.{key} {value} has no effect: {self.name} has {has}; leave it out"
                )


def _vectors_of(all_data: list[PreparedDataset]) -> SpeakerVectorsConfig | None:
    """Return the kind of the vectors of all data; None if they differ or some have none."""
    kinds = {
        None
        if data.speaker_vectors is None or data.speaker_encoder is None
        else SpeakerVectorsConfig(encoder=data.speaker_encoder, size=data.speaker_vectors.shape[1])
        for data in all_data
    }
    return kinds.pop() if len(kinds) == 1 else None


def _speaker_means(dataset: PreparedDataset) -> Tensor | None:
    """Return the mean vector of each speaker (N, V), of length 1, or 0 without utterances."""
    if dataset.speaker_vectors is None:
        return None
    vectors = torch.tensor(dataset.speaker_vectors)
    ids = torch.from_numpy(dataset.speaker_ids)
    sums = torch.zeros(max(1, len(dataset.speakers)), vectors.shape[1]).index_add(0, ids, vectors)
    return torch.nn.functional.normalize(sums)
