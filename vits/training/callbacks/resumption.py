"""Lets the configuration win over a checkpoint's, and says what differs."""

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
    """Goes on with a run under the configuration it is given now.

    Lightning restores the optimizers and their schedulers with all their settings, so that a
    learning rate from the command line would change nothing. Each key that changes the numbers is
    named, with both values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self._before: dict[str, Any] = {}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Check that all ranks go on from one file.

        Raises:
            CheckpointError: they do not; each looks into the run's folder by itself.
        """
        del pl_module, stage
        chosen = trainer.strategy.broadcast(self.path)
        if chosen != self.path:
            raise CheckpointError(
                f"rank {trainer.global_rank} would go on from {self.path}, the first rank from "
                f"{chosen}: the run's folder must be the same one on all nodes"
            )

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add what else decides the numbers."""
        del pl_module
        checkpoint.setdefault("vits", {})["stream"] = run_facts(trainer)

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the configuration that wrote the checkpoint."""
        del trainer, pl_module
        self._before = checkpoint["vits"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say what differs, and apply it."""
        before, self._before = self._before, {}
        if not before:
            return
        assert isinstance(pl_module, VitsModule)
        recipe = pl_module.training_config
        old_model = to_dict(read_model(before["model"]))
        old_recipe = to_dict(read_training(before["training"]))
        lines = [
            *differences(old_model, to_dict(pl_module.config), "model.config."),
            *differences(old_recipe, to_dict(recipe), "model.training."),
            *differences(before.get("stream", run_facts(trainer)), run_facts(trainer)),
        ]
        if trainer.is_global_zero:
            for line in lines:
                notify(line)
        apply_training_config(trainer, old_recipe, recipe)
