"""What a model must know of the data it is trained on, and what a checkpoint keeps of it."""

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
        name: of its folder.
        audio: how its waves become spectrograms.
        frontend: the front end that made its symbols (``Frontend.to_dict``).
        fingerprint: of that front end, as it ran.
        speakers: names, row by row of the speaker embedding; empty for one unnamed speaker.
        utterances: how many are trained on.
        seconds: their length together.
        aligned: all utterances that are trained, validated on or replayed have durations.
    """

    name: str
    audio: AudioConfig
    frontend: dict[str, Any]
    fingerprint: dict[str, Any]
    speakers: tuple[str, ...]
    utterances: int
    seconds: float
    aligned: bool = False

    @classmethod
    def of(cls, dataset: PreparedDataset, *others: PreparedDataset | None) -> "DatasetInfo":
        """Read the facts off a prepared dataset, and off others whether they have durations."""
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
        )

    def require_durations(self) -> None:
        """Require that the alignment can be taken from the data.

        Raises:
            ConfigError: some utterances have no durations.
        """
        if not self.aligned:
            raise ConfigError(
                f"alignment.source 'data' needs durations, but {self.name}, the validation data or "
                "the replayed data has none; compute them with: vits align VOICE FOLDER"
            )

    def fit_model(self, config: VitsConfig) -> VitsConfig:
        """Give a model's configuration the number of symbols, speakers and languages of the data.

        Raises:
            ConfigError: the model expects other spectrograms than the data was prepared for, or
                names other numbers of these.
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
        return replace(config, **found)
