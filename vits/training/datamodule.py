"""Data loaders over prepared data: an endless training stream and a fixed validation set."""

from functools import partial
from typing import Any

import pytorch_lightning as pl
from torch.utils.data import DataLoader, Dataset, Sampler

from vits.data.prepared.batch import Batch, collate
from vits.data.prepared.batch_stream import BatchStream
from vits.data.prepared.dataset import PreparedDataset, Utterance, split
from vits.errors import ConfigError
from vits.training.dataset_info import DatasetInfo
from vits.training.preemption.signals import ignore_signals

__all__ = ["VitsDataModule"]


class VitsDataModule(pl.LightningDataModule):
    """Prepared folders as data loaders.

    Args:
        train: folder that ``vits prepare`` wrote.
        validation: folder of validation utterances; None takes some of ``train``.
        n_validation: number of validation utterances: taken from ``train``, or the first of
            ``validation``; 0 turns validation off.
        max_frames: largest batch on one device: number of utterances x longest (frames).
        max_utterances: largest number of utterances in a batch on one device; None for no limit.
        n_buckets: length buckets; more buckets mean less padding and less mixing.
        workers: number of loader processes; 0 loads in the training process.
        seed: of the shuffling and of the choice of validation utterances.
        pad_to: pad the symbols and the frames of a training batch to multiples of it, so that few
            shapes occur, for ``trainer.benchmark``; None pads to the longest. Other noise is drawn
            then.
    """

    def __init__(
        self,
        train: str,
        validation: str | None = None,
        n_validation: int = 16,
        max_frames: int = 36000,
        max_utterances: int | None = 64,
        n_buckets: int = 16,
        workers: int = 2,
        seed: int = 1234,
        pad_to: int | None = None,
    ) -> None:
        super().__init__()
        if n_validation < 0 or workers < 0:
            raise ConfigError(
                f"n_validation {n_validation} and workers {workers} must not be negative"
            )
        if pad_to is not None and pad_to < 1:
            raise ConfigError(f"pad_to {pad_to} must be at least 1; leave it out to pad no further")
        self.max_frames, self.max_utterances = max_frames, max_utterances
        self.n_buckets, self.workers, self.seed = n_buckets, workers, seed
        self.pad_to = pad_to
        self.train_data = PreparedDataset(train)
        self.validation_data: PreparedDataset | None = None
        if n_validation and validation is None:
            _require_some_left(self.train_data, n_validation)
            self.train_data, self.validation_data = split(
                self.train_data, n_validation=n_validation, seed=seed
            )
        elif n_validation and validation is not None:
            held = PreparedDataset(validation)
            _require_same_rows(self.train_data, held)
            self.validation_data = held.select(range(min(n_validation, len(held))))
        self.dataset_info = DatasetInfo.of(self.train_data, self.validation_data)

    def train_dataloader(self) -> DataLoader[Utterance]:
        """Return an endless loader that starts at the trainer's current step."""
        stream = self.stream(
            world_size=self._trainer.world_size,
            rank=self._trainer.global_rank,
            start_step=self._trainer.global_step,
        )
        return DataLoader(
            self.examples(),
            batch_sampler=stream,
            collate_fn=self._collate(self.train_data, self.pad_to),
            num_workers=self.workers,
            worker_init_fn=ignore_signals,
            persistent_workers=self.workers > 0,
            pin_memory=self._trainer.strategy.root_device.type == "cuda",
        )

    def val_dataloader(self) -> DataLoader[Utterance] | list[DataLoader[Utterance]]:
        """Return a loader of the validation utterances, in order, one at a time."""
        if self.validation_data is None:
            return []
        return DataLoader(self.validation_data, collate_fn=self._collate(self.validation_data))

    def facts(self) -> dict[str, Any]:
        """Return the facts about the data that determine a run, by name."""
        names = ("max_frames", "max_utterances", "n_buckets", "seed")
        names += () if self.pad_to is None else ("pad_to",)
        return {
            **{f"data.{name}": getattr(self, name) for name in names},
            "training utterances": self.dataset_info.utterances,
            "training seconds": self.dataset_info.seconds,
            "training content": self.train_data.digest(),
        }

    def examples(self) -> Dataset[Utterance]:
        """Return the dataset that the batches of the stream index."""
        return self.train_data

    def stream(self, *, world_size: int, rank: int, start_step: int) -> Sampler[list[int]]:
        """Return the batches of one rank."""
        return self.stream_of(
            self.train_data, world_size=world_size, rank=rank, start_step=start_step
        )

    def stream_of(
        self, data: PreparedDataset, *, world_size: int, rank: int, start_step: int
    ) -> BatchStream:
        """Return the batches of one rank from a dataset."""
        return BatchStream(
            data.frames,
            names=data.names,
            max_frames=self.max_frames,
            max_utterances=self.max_utterances,
            n_buckets=self.n_buckets,
            world_size=world_size,
            rank=rank,
            seed=self.seed,
            start_step=start_step,
        )

    @property
    def _trainer(self) -> pl.Trainer:
        if self.trainer is None:
            raise ConfigError("the data module has no trainer: pass it to Trainer.fit")
        return self.trainer

    @staticmethod
    def _collate(data: PreparedDataset, pad_to: int | None = None) -> "partial[Batch]":
        return partial(collate, hop_length=data.audio.hop_length, pad_to=pad_to)


def _require_some_left(data: PreparedDataset, n_validation: int) -> None:
    """Require that the validation utterances leave some for training."""
    if n_validation >= len(data):
        raise ConfigError(
            f"data.n_validation {n_validation} must be less than the {len(data)} utterances of "
            f"{data.folder}: lower it, 0 turns validation off, or name a folder with "
            "data.validation"
        )


def _require_same_rows(train: PreparedDataset, held: PreparedDataset) -> None:
    """Require the same audio settings, symbol ids and speaker ids in both folders."""
    for name in ("audio", "symbols", "speakers"):
        if getattr(train, name) != getattr(held, name):
            raise ConfigError(
                f"{name} of the validation data {held.folder} must equal those of the training "
                f"data {train.folder}: prepare both with the same options, or leave out "
                "data.validation to hold some of the training data back"
            )
