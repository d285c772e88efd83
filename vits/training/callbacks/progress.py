"""A progress bar over steps: the stream has no end, the run has."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

__all__ = ["Progress"]


class Progress(TQDMProgressBar):
    """Counts from the step a run starts at towards ``max_steps``; shows the losses that matter."""

    def init_train_tqdm(self) -> Tqdm:
        """Make the bar; a resumed run's begins where the run does, which Lightning leaves out."""
        bar = super().init_train_tqdm()
        bar.total = self.trainer.max_steps if self.trainer.max_steps > 0 else None
        bar.n = bar.initial = self.trainer.global_step
        bar.set_description("training", refresh=False)
        return bar

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Keep the bar as it is: there are no epochs."""
        del trainer

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Move on to the step."""
        del outputs, batch, batch_idx
        bar = self.train_progress_bar
        if self.is_enabled and trainer.global_step % self.refresh_rate == 0:
            bar.n = trainer.global_step
            bar.set_postfix(self.get_metrics(trainer, pl_module), refresh=False)
            bar.refresh()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Close the bar, so that what is said of the end has a line of its own."""
        del trainer, pl_module, exception
        if self._train_progress_bar is not None:
            self._train_progress_bar.close()

    def init_validation_tqdm(self) -> Tqdm:
        """Show no second bar: a validation takes a moment."""
        return Tqdm(disable=True)

    def get_metrics(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any]:
        """Leave out the logger's version number."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics
