"""Counts skipped steps, names their utterances, and goes back to a checkpoint when they pile up."""

import csv
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor

from vits.data.prepared.batch import Batch
from vits.errors import NumericsError, TrainingWarning
from vits.training.callbacks.ema import Ema
from vits.training.checkpoints.checkpoint_io import newest_valid, read_checkpoint
from vits.training.module import VitsModule
from vits.training.step.metrics import Outcome

__all__ = ["SkippedSteps"]

HEADER = ("step", "utterance")


class _Step(NamedTuple):
    """A step whose flags still wait on the device."""

    step: int
    skipped: Tensor
    suspect: Tensor
    names: tuple[str, ...]


class SkippedSteps(pl.Callback):
    """Reports steps that changed nothing because a loss or a gradient was not finite.

    The module itself skips (``Record``); here the skipped steps are counted and their utterances
    named, in a warning and in ``skipped.csv`` of the run's folder. After ``max_skipped_steps`` of
    them the weights themselves are in doubt: weights, moments and average are taken from the
    newest checkpoint that is older than the first of them, and the run goes on with the next step
    and its other data. When it comes to that a second time from the same checkpoint, or there is
    none, it stops and says why.

    Args:
        look_every: steps between looks at the flags of a GPU, each of which waits for it; on a
            processor every step is looked at.

    Attributes:
        total: skipped steps so far, those before a resume included.
        streak: skipped steps without another in between.
    """

    def __init__(self, look_every: int = 20) -> None:
        super().__init__()
        self.look_every = look_every
        self.total = self.streak = 0
        self._waiting: list[_Step] = []
        self._returned_to: str | None = None

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep the step's flags, look at them when it is time, act on too many."""
        del batch_idx
        assert isinstance(pl_module, VitsModule)
        assert isinstance(batch, Batch)
        outcome: Outcome = outputs
        step = _Step(trainer.global_step, outcome["skipped"], outcome["suspect"], batch.names)
        self._waiting.append(step)
        if pl_module.device.type == "cpu" or len(self._waiting) >= self.look_every:
            self._look(trainer)
        if self.streak >= pl_module.training_config.max_skipped_steps:
            self._go_back(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at what is left."""
        del pl_module
        self._look(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Write the counts."""
        del pl_module
        self._look(trainer)
        checkpoint.setdefault("vits", {})["skips"] = {
            "total": self.total,
            "streak": self.streak,
            "returned_to": self._returned_to,
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Read the counts; a checkpoint without them starts at 0."""
        del trainer, pl_module
        counts = checkpoint.get("vits", {}).get("skips") or {}
        self.total, self.streak = counts.get("total", 0), counts.get("streak", 0)
        self._returned_to = counts.get("returned_to")

    def _look(self, trainer: pl.Trainer) -> None:
        """Read the flags that wait, in one transfer; every rank comes to the same counts."""
        if not self._waiting:
            return
        steps, self._waiting = self._waiting, []
        flags = torch.stack([torch.stack((s.skipped, s.suspect)) for s in steps]).tolist()
        for step, (skipped, suspect) in zip(steps, flags, strict=True):
            if not skipped:
                self.streak = 0
                continue
            self.total += 1
            self.streak += 1
            self._report(trainer, step.step, _gathered(step.names, bool(suspect)))

    def _report(self, trainer: pl.Trainer, step: int, names: list[str]) -> None:
        if not trainer.is_global_zero:
            return
        path = Path(trainer.default_root_dir) / "skipped.csv"
        new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([HEADER] if new else [])
            csv.writer(file).writerows((step, name) for name in names)
        warnings.warn(
            f"step {step} was skipped, a loss or gradient was not finite ({self.total} skipped so "
            f"far, listed in {path}); its utterances: {_listed(names)}",
            TrainingWarning,
            stacklevel=2,
        )

    def _go_back(self, trainer: pl.Trainer, module: VitsModule) -> None:
        """Take the weights of the newest checkpoint from before the streak, or stop."""
        count, first = self.streak, trainer.global_step - self.streak + 1
        story = f"{count} steps in a row from step {first} on gave numbers that are not finite"
        advice = (
            "lower model.training.optimizer.learning_rate, set "
            "model.training.optimizer.gradient_clip (e.g. 1000), use trainer.precision "
            "32-true, and listen to the utterances in skipped.csv"
        )
        found = None
        if trainer.is_global_zero:
            folder = Path(trainer.default_root_dir) / "checkpoints"
            found = newest_valid(folder, _warn, before=first)
        path = trainer.strategy.broadcast(found and str(found))
        if path is None:
            raise NumericsError(f"{story}, and there is no checkpoint to go back to: {advice}")
        if path == self._returned_to:
            raise NumericsError(f"{story}, again after going back to {path}: {advice}")
        _restore(trainer, module, Path(path))
        self._returned_to, self.streak = path, 0
        if trainer.is_global_zero:
            _warn(f"{story}: went back to the weights of {path}, going on with the next step")


def _restore(trainer: pl.Trainer, module: VitsModule, path: Path) -> None:
    """Load weights, moments and average; step and learning rate stay where they are."""
    state = read_checkpoint(path)
    module.load_state_dict(state["state_dict"])
    for optimizer, kept in zip(trainer.optimizers, state["optimizer_states"], strict=True):
        rates = [group["lr"] for group in optimizer.param_groups]
        optimizer.load_state_dict(kept)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
    for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(callback, Ema):
            callback.on_load_checkpoint(trainer, module, state)
            callback.on_fit_start(trainer, module)


def _gathered(names: tuple[str, ...], suspect: bool) -> list[str]:
    """Name the utterances of the ranks whose losses were not finite; of all, where none was."""
    if not torch.distributed.is_initialized():
        return list(names)
    ranks: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(ranks, (suspect, names))
    any_suspect = any(flag for flag, _ in ranks)
    return [name for flag, part in ranks for name in part if flag or not any_suspect]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _warn(message: str) -> None:
    warnings.warn(message, TrainingWarning, stacklevel=3)
