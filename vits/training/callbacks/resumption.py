"""Resuming with the current configuration, and reporting how it differs from the checkpoint."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from vits.config import to_dict
from vits.config.legacy import read_model, read_training
from vits.errors import CheckpointError
from vits.training.checkpoints.resume import apply_training_config, differences, run_facts
from vits.training.module import VitsModule
from vits.training.preemption.signals import notify

__all__ = ["Resumption"]


class Resumption(pl.Callback):
    """Applies the current configuration to a resumed run.

    Lightning restores optimizers and schedulers with all their settings, so a learning rate from
    the command line would have no effect. Every changed key is reported with both values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self._before: dict[str, Any] = {}
        self._facts: dict[str, Any] | None = None  # of this run: the data is hashed once

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Check that all ranks resume from the same file.

        Raises:
            CheckpointError: they do not, because they see different run folders.
        """
        del pl_module, stage
        self._facts = None
        chosen = trainer.strategy.broadcast(self.path)
        if chosen != self.path:
            raise CheckpointError(
                f"rank {trainer.global_rank} would resume from {self.path}, the first rank from "
                f"{chosen}: all nodes must share the run folder"
            )

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Store the facts that determine the numbers besides the configuration."""
        del pl_module
        checkpoint.setdefault("vits", {})["stream"] = dict(self._facts_of(trainer))

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the configuration of the checkpoint."""
        del trainer, pl_module
        self._before = checkpoint["vits"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the differences and apply the current configuration."""
        before, self._before = self._before, {}
        if not before:
            return
        assert isinstance(pl_module, VitsModule)
        recipe = pl_module.training_config
        old_model = to_dict(read_model(before["model"]))
        new_model = to_dict(read_model(to_dict(pl_module.config)))  # without keys of no effect
        facts = self._facts_of(trainer)
        old_recipe = to_dict(read_training(before["training"]))
        lines = [
            *differences(old_model, new_model, "model.config."),
            *differences(old_recipe, to_dict(recipe), "model.training."),
            # an earlier version did not store every fact
            *differences({**facts, **before.get("stream", {})}, facts),
        ]
        if trainer.is_global_zero:
            for line in lines:
                notify(line)
        apply_training_config(trainer, old_recipe, recipe)

    def _facts_of(self, trainer: pl.Trainer) -> dict[str, Any]:
        """Return the facts of this run, computed once: they include a hash of the data."""
        if self._facts is None:
            self._facts = run_facts(trainer)
        return self._facts
