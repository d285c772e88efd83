"""Prepared data with the symbol and speaker ids of a voice, and replay of its old corpus."""

from typing import Any

from torch.utils.data import ConcatDataset, Dataset, Sampler

from vits.data.prepared.dataset import PreparedDataset, Utterance
from vits.data.prepared.replay import ReplayStream
from vits.errors import ConfigError
from vits.training.datamodule import VitsDataModule
from vits.training.dataset_info import DatasetInfo
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.optimizer_state import trained_symbols
from vits.training.finetuning.vocabulary import Vocabulary, extend_vocabulary, require_same_kind

__all__ = ["FinetuneDataModule"]


class FinetuneDataModule(VitsDataModule):
    """Data to fine-tune a voice on; ``adopt`` maps it to the voice's symbols and speakers.

    Args:
        train: folder that ``vits prepare`` wrote.
        speaker: name of the data's single speaker, if it has none or another.
        add_speakers: keep the single speaker of a voice as well as that of the data, instead of
            replacing it.
        replay: prepared corpus of the voice itself, replayed against forgetting; None for none.
        replay_share: share of the steps whose batches come from ``replay``, in (0, 1).
        options: of ``VitsDataModule``.
    """

    def __init__(
        self,
        train: str,
        *,
        speaker: str | None = None,
        add_speakers: bool = False,
        replay: str | None = None,
        replay_share: float = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(train, **options)
        if not 0 < replay_share < 1:
            raise ConfigError(
                f"replay_share {replay_share} must be greater than 0 and less than 1; "
                "leave out data.replay to replay nothing"
            )
        self.speaker, self.add_speakers, self.replay_share = speaker, add_speakers, replay_share
        self.replay_data = None if replay is None else PreparedDataset(replay)

    def adopt(self, base: BaseVoice) -> Vocabulary:
        """Map the data to the ids of a voice, extended by the data's; call this once.

        Raises:
            ConfigError: the data and the voice do not go together.
            DataError: the replayed corpus is not the voice's.
        """
        vocabulary = extend_vocabulary(
            base,
            self.train_data,
            speaker=self.speaker,
            add_speakers=self.add_speakers,
            trained=trained_symbols(base),
        )
        self.train_data = vocabulary.apply(self.train_data, self.speaker)
        if self.validation_data is not None:
            self.validation_data = vocabulary.apply(self.validation_data, self.speaker)
        if self.replay_data is not None:
            require_same_kind(base, self.replay_data)
            self.replay_data = vocabulary.apply(self.replay_data)
        self.dataset_info = DatasetInfo.of(self.train_data, self.validation_data, self.replay_data)
        _require_vectors(base, self.dataset_info)
        return vocabulary

    def facts(self) -> dict[str, Any]:
        """Return the facts about the data that determine a run, including the replay."""
        if self.replay_data is None:
            return super().facts()
        return {
            **super().facts(),
            "data.replay_share": self.replay_share,
            "replayed utterances": len(self.replay_data),
            "replayed content": self.replay_data.digest(),
        }

    def examples(self) -> Dataset[Utterance]:
        """Return the data's utterances, followed by the replayed ones."""
        if self.replay_data is None:
            return self.train_data
        return ConcatDataset([self.train_data, self.replay_data])

    def stream(self, *, world_size: int, rank: int, start_step: int) -> Sampler[list[int]]:
        """Plan the batches of one rank."""
        if self.replay_data is None:
            return super().stream(world_size=world_size, rank=rank, start_step=start_step)
        new, old = (
            self.stream_of(data, world_size=world_size, rank=rank, start_step=0)
            for data in (self.train_data, self.replay_data)
        )
        return ReplayStream(
            new,
            old,
            n_new=len(self.train_data),
            share=self.replay_share,
            start_step=start_step,
        )


def _require_vectors(base: BaseVoice, info: DatasetInfo) -> None:
    """Require speaker vectors of the voice's encoder, if it was trained with any."""
    trained = base.config.speaker_vectors
    if trained is not None and trained != info.vectors:
        found = "none, or those of several encoders" if info.vectors is None else info.vectors
        raise ConfigError(
            f"speaker vectors of {info.name} and its validation and replayed data ({found}) must "
            f"be those of the voice {base.source} ({trained}): prepare them again with "
            "--speaker-vectors"
        )
