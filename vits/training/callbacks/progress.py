"""Progress bar over training steps."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

__all__ = ["Progress"]


class Progress(TQDMProgressBar):
    """Shows the steps up to ``max_steps`` and the main losses; there are no epochs."""

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
        """Update the bar to the current step."""
        del outputs, batch, batch_idx
        bar = self.train_progress_bar
        if self.is_enabled and trainer.global_step % self.refresh_rate == 0:
            bar.n = trainer.global_step
            bar.set_postfix(self.get_metrics(trainer, pl_module), refresh=False)
            bar.refresh()

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
