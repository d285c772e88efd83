"""Exponential moving average (EMA) of the generator weights."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from vits.errors import CheckpointError
from vits.training.module import VitsModule

__all__ = ["Ema"]


class Ema(pl.Callback):
    """Averages the generator weights, uses them for validation and stores them in checkpoints.

    After each step, a <- d a + (1 - d) w with d = min(decay, (1 + step) / (10 + step)), so that the
    average follows quickly at first. Only the generator is averaged, in float32.

    Args:
        decay: decay per step, in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.average: dict[str, Tensor] = {}
        self._trained: dict[str, Tensor] | None = None

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Initialize the average from the weights, or move a restored one to their device."""
        del trainer
        parameters = _parameters(pl_module)
        if not self.average:
            self.average = {name: p.detach().clone() for name, p in parameters.items()}
        if self.average.keys() != parameters.keys():
            raise CheckpointError(
                "the moving average in the checkpoint has other weights than this model: "
                "use the configuration the run began with"
            )
        self.average = {n: a.to(parameters[n].device) for n, a in self.average.items()}

    @torch.no_grad()
    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Update the average."""
        del outputs, batch, batch_idx
        step = trainer.global_step
        parameters = _parameters(pl_module)
        move = get_ema_multi_avg_fn(min(self.decay, (1 + step) / (10 + step)))
        averages = [self.average[name] for name in parameters]
        move(averages, [p.detach() for p in parameters.values()], step)

    @torch.no_grad()
    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Swap the average in and keep the trained weights."""
        del trainer
        if not self.average:
            return
        parameters = _parameters(pl_module)
        self._trained = {name: p.detach().clone() for name, p in parameters.items()}
        _copy_into(parameters, self.average)

    @torch.no_grad()
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Restore the trained weights exactly."""
        del trainer
        if self._trained is not None:
            _copy_into(_parameters(pl_module), self._trained)
            self._trained = None

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Store the average in the checkpoint."""
        del trainer, pl_module
        checkpoint.setdefault("vits", {})["ema"] = self.average

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Restore the average; without one in the checkpoint it starts from the weights."""
        del trainer, pl_module
        self.average = dict(checkpoint.get("vits", {}).get("ema") or {})


def _parameters(module: pl.LightningModule) -> dict[str, torch.nn.Parameter]:
    assert isinstance(module, VitsModule)
    return dict(module.generator.named_parameters())


def _copy_into(parameters: dict[str, torch.nn.Parameter], values: dict[str, Tensor]) -> None:
    for name, parameter in parameters.items():
        parameter.copy_(values[name])
