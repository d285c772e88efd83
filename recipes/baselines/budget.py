"""Training for a given CPU time, whatever else the machine does and however often it is killed."""

import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from vits.memory import keep_freed_memory
from vits.training.checkpoints.checkpoint_io import (
    VerifiedCheckpointIO,
    newest_valid,
    read_checkpoint,
    remove_partial,
)

__all__ = ["CpuBudget", "fit", "spent"]

KEY = "cpu_seconds"
SAVE_EVERY_S = 60.0  # CPU time that a killed run loses at most


class CpuBudget(pl.Callback):
    """Saves a run every minute of CPU time, and ends it when its CPU time is over.

    The time is that of all threads of this process between the first step and now, so other
    programs on the machine do not count. A checkpoint keeps it: a resumed run has the rest.

    Args:
        folder: where checkpoints are written; the newest two stay.
        seconds: CPU time of the run (s), with that before a resumption.
        report: called with a line at each save.
        clock: CPU time of this process (s).

    Attributes:
        seconds_spent: CPU time so far (s).
    """

    def __init__(
        self,
        folder: Path,
        seconds: float,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        super().__init__()
        self.folder, self.seconds, self.report, self.clock = folder, seconds, report, clock
        self.seconds_spent = self._saved = self._before = 0.0

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Store the CPU time."""
        del trainer, pl_module
        checkpoint[KEY] = self.seconds_spent

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Restore the CPU time."""
        del trainer, pl_module
        self.seconds_spent = self._saved = checkpoint[KEY]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        del trainer, pl_module
        remove_partial(self.folder, self.report)
        self._before = self.clock()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Count the time of the step; save if that is due, and stop if the time is over."""
        del pl_module, outputs, batch, batch_idx
        now = self.clock()
        self.seconds_spent += now - self._before
        self._before = now
        is_over = self.seconds_spent >= self.seconds
        if is_over or self.seconds_spent - self._saved >= SAVE_EVERY_S:
            self._save(trainer)
        trainer.should_stop = trainer.should_stop or is_over

    def _save(self, trainer: pl.Trainer) -> None:
        """Write a checkpoint, remove all but the newest two, and report."""
        self._saved = self.seconds_spent
        trainer.save_checkpoint(self.folder / f"step-{trainer.global_step:07d}.ckpt")
        for path in sorted(self.folder.glob("step-*.ckpt"))[:-2]:
            path.unlink()
        found = [f"{name} {value:.3f}" for name, value in trainer.callback_metrics.items()]
        minutes = f"{self.seconds_spent / 60:.1f} of {self.seconds / 60:.1f} CPU minutes"
        self.report(", ".join([f"{minutes}: step {trainer.global_step}", *sorted(found)]))


def fit(
    module: pl.LightningModule,
    data: pl.LightningDataModule,
    folder: Path,
    seconds: float,
    *,
    start: Path | None = None,
    report: Callable[[str], None] = print,
    clock: Callable[[], float] = time.process_time,
) -> Path:
    """Train until a CPU time is spent, or go on where an earlier call was stopped.

    Args:
        module: what to train.
        data: its batches, a function of the step.
        folder: where its checkpoints are.
        seconds: CPU time in all (s).
        start: checkpoint of another run to begin with, whose CPU time counts; None: from scratch.
        report: called with lines for people.
        clock: CPU time of this process (s).

    Returns:
        The newest checkpoint.
    """
    path = newest_valid(folder, report) or start
    if path is None or spent(path) < seconds:
        keep_freed_memory()
        logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", "You passed in a `val_dataloader`")
        warnings.filterwarnings("ignore", ".*`isinstance.treespec, LeafSpec.`")
        trainer = pl.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=-1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            limit_val_batches=0,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            callbacks=[CpuBudget(folder, seconds, report, clock)],
            plugins=[VerifiedCheckpointIO()],
        )
        trainer.fit(module, datamodule=data, ckpt_path=path, weights_only=True)
        path = newest_valid(folder, report)
        assert path is not None
    return path


def spent(path: Path) -> float:
    """Return the CPU time of a checkpoint (s)."""
    return read_checkpoint(path)[KEY]
