"""Skipped steps: counts and reports them, and restores a checkpoint after too many in a row."""

import csv
import io
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
from vits.training.run_folder.optional_writes import OptionalWrites, append
from vits.training.step.metrics import StepOutput

__all__ = ["SkippedSteps"]

HEADER = ("step", "utterance")


class _Step(NamedTuple):
    """A step whose flags are still on the device."""

    step: int
    skipped: Tensor
    suspect: Tensor
    names: tuple[str, ...]


class SkippedSteps(pl.Callback):
    """Reports steps that were skipped because a loss or a gradient was not finite.

    The training step itself does the skipping; this callback counts the skipped steps and lists
    their utterances in a warning and in ``skipped.csv`` of the run folder. After
    ``max_skipped_steps`` in a row the weights may be damaged: weights, optimizer state and moving
    average are restored from the newest checkpoint before the first of these steps, and training
    continues with the next step and different data. If this would happen twice with the same
    checkpoint, or there is none, the run stops with an error.

    Args:
        check_every: steps between reads of the flags on a GPU, which synchronise the device; on a
            CPU they are read after every step.
        writes: counts the failed writes.

    Attributes:
        total: number of skipped steps so far, including those before a resume.
        streak: number of consecutive skipped steps.
    """

    def __init__(self, check_every: int = 20, writes: OptionalWrites | None = None) -> None:
        super().__init__()
        self.writes = writes or OptionalWrites()
        self.check_every = check_every
        self.total = self.streak = 0
        self._unread: list[_Step] = []
        self._restored_from: str | None = None

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Store the flags of the step, read them when due, and act on too many skipped steps."""
        del batch_idx
        assert isinstance(pl_module, VitsModule)
        assert isinstance(batch, Batch)
        outcome: StepOutput = outputs
        step = _Step(trainer.global_step, outcome["skipped"], outcome["suspect"], batch.names)
        self._unread.append(step)
        if pl_module.device.type == "cpu" or len(self._unread) >= self.check_every:
            self._read_flags(trainer)
        if self.streak >= pl_module.training_config.max_skipped_steps:
            self._restore_checkpoint(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Read the remaining flags."""
        del pl_module
        self._read_flags(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Store the counts in the checkpoint."""
        del pl_module
        self._read_flags(trainer)
        checkpoint.setdefault("vits", {})["skips"] = {
            "total": self.total,
            "streak": self.streak,
            "returned_to": self._restored_from,
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Restore the counts; without them in the checkpoint they start at 0."""
        del trainer, pl_module
        counts = checkpoint.get("vits", {}).get("skips") or {}
        self.total, self.streak = counts.get("total", 0), counts.get("streak", 0)
        self._restored_from = counts.get("returned_to")

    def _read_flags(self, trainer: pl.Trainer) -> None:
        """Read the unread flags in one transfer; all ranks arrive at the same counts."""
        if not self._unread:
            return
        steps, self._unread = self._unread, []
        flags = torch.stack([torch.stack((s.skipped, s.suspect)) for s in steps]).tolist()
        for step, (skipped, suspect) in zip(steps, flags, strict=True):
            if not skipped:
                self.streak = 0
                continue
            self.total += 1
            self.streak += 1
            self._report(trainer, step.step, _gathered(step.names, bool(suspect)))

    def _report(self, trainer: pl.Trainer, step: int, names: list[str]) -> None:
        """Warn about a skipped step and append it to ``skipped.csv``, on rank 0."""
        if not trainer.is_global_zero:
            return
        path = Path(trainer.default_root_dir) / "skipped.csv"
        new = not path.exists()
        text = io.StringIO()
        csv.writer(text).writerows([*([HEADER] if new else []), *((step, name) for name in names)])
        with self.writes.attempt(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            append(path, text.getvalue().encode())
        warnings.warn(
            f"skipped step {step}: a loss or gradient was not finite ({self.total} skipped so "
            f"far, listed in {path}); its utterances: {_abbreviate(names)}",
            TrainingWarning,
            stacklevel=2,
        )

    def _restore_checkpoint(self, trainer: pl.Trainer, module: VitsModule) -> None:
        """Restore the newest checkpoint from before the streak, or stop the run."""
        count, first = self.streak, trainer.global_step - self.streak + 1
        problem = (
            f"{count} steps in a row, from step {first} on, had non-finite losses or gradients"
        )
        advice = (
            "lower model.training.optimizer.learning_rate, set "
            "model.training.optimizer.gradient_clip (e.g. 1000), use trainer.precision 32-true, "
            "and check the utterances in skipped.csv"
        )
        newest = None
        if trainer.is_global_zero:
            folder = Path(trainer.default_root_dir) / "checkpoints"
            newest = newest_valid(folder, _warn, before=first)
        path = trainer.strategy.broadcast(newest and str(newest))
        if path is None:
            raise NumericsError(f"{problem}, and there is no earlier checkpoint: {advice}")
        if path == self._restored_from:
            raise NumericsError(f"{problem}, again after restoring {path}: {advice}")
        _restore(trainer, module, Path(path))
        self._restored_from, self.streak = path, 0
        if trainer.is_global_zero:
            _warn(f"{problem}: restored the weights of {path}, continuing with the next step")


def _restore(trainer: pl.Trainer, module: VitsModule, path: Path) -> None:
    """Load weights, optimizer state and moving average; keep step and learning rates."""
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
    """Return the utterances of the ranks with non-finite losses, or of all ranks if none had."""
    if not torch.distributed.is_initialized():
        return list(names)
    ranks: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(ranks, (suspect, names))
    any_suspect = any(flag for flag, _ in ranks)
    return [name for flag, part in ranks for name in part if flag or not any_suspect]


def _abbreviate(names: list[str]) -> str:
    """Return the first names of a list, and the number of the others."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _warn(message: str) -> None:
    """Issue a TrainingWarning."""
    warnings.warn(message, TrainingWarning, stacklevel=3)
