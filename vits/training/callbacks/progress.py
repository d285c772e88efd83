"""Progress bar over training steps."""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

from vits.training.step.metrics import StepOutput

__all__ = ["Progress"]

SHOWN = ("mel", "kl", "duration", "discriminator")


class Progress(TQDMProgressBar):
    """Shows the steps up to ``max_steps`` and the main losses; there are no epochs.

    Args:
        losses_every: steps between reads of the losses on a GPU, which wait for the device; on a
            CPU they are read after every step.
    """

    def __init__(self, losses_every: int = 20) -> None:
        super().__init__()
        self.losses_every = losses_every
        self._losses: dict[str, float] = {}

    def init_train_tqdm(self) -> Tqdm:
        """Create the bar, starting at the current step, also in a resumed run."""
        bar = super().init_train_tqdm()
        bar.total = self.trainer.max_steps if self.trainer.max_steps > 0 else None
        bar.n = bar.initial = self.trainer.global_step
        bar.set_description("training", refresh=False)
        return bar

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Keep the bar: there are no epochs."""
        del trainer

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Update the bar to the current step, and read its losses when due."""
        del batch, batch_idx
        step = trainer.global_step
        if not self.is_enabled or step % self.refresh_rate != 0:
            return
        if pl_module.device.type == "cpu" or step % self.losses_every == 0:
            self._losses = _read_losses(outputs)
        self.train_progress_bar.n = step
        shown = {**self.get_metrics(trainer, pl_module), **self._losses}
        self.train_progress_bar.set_postfix(shown, refresh=False)
        self.train_progress_bar.refresh()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Close the bar, so that the error message starts on a new line."""
        del trainer, pl_module, exception
        if self._train_progress_bar is not None:
            self._train_progress_bar.close()

    def init_validation_tqdm(self) -> Tqdm:
        """Disable the validation bar, as a validation is short."""
        return Tqdm(disable=True)

    def get_metrics(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any]:
        """Return the metrics without the logger's version number."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics


def _read_losses(outcome: StepOutput) -> dict[str, float]:
    """Return the main losses of a step, read from the device in one transfer."""
    losses = {name: outcome["logs"][name] for name in SHOWN if name in outcome["logs"]}
    values = torch.stack([value.detach().float() for value in losses.values()]).tolist()
    return dict(zip(losses, values, strict=True))
