"""A progress bar over steps: the stream has no end, the run has."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

__all__ = ["Progress"]


class Progress(TQDMProgressBar):
    """Counts towards ``max_steps`` and shows the losses that matter."""

    @property
    def total_train_batches(self) -> int | float:
        """Steps of the run instead of batches of an epoch."""
        return self.trainer.max_steps if self.trainer.max_steps > 0 else float("inf")

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Name the bar."""
        super().on_train_epoch_start(trainer)
        self.train_progress_bar.set_description("training")

    def init_validation_tqdm(self) -> Tqdm:
        """Show no second bar: a validation takes a moment."""
        bar = super().init_validation_tqdm()
        bar.disable = True
        return bar

    def get_metrics(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any]:
        """Leave out the logger's version number."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics
