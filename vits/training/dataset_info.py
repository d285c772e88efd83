"""Facts about prepared data that the model needs and the checkpoint stores."""

from dataclasses import dataclass, replace
from typing import Any

from vits.config import AudioConfig, VitsConfig
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
        found = {
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
        return replace(config, **found)

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
