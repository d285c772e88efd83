"""Pace of a run: how long a step takes, and the end of the time that it may take."""

import time
from collections.abc import Callable

import pytorch_lightning as pl

__all__ = ["Pace"]

SETTLING_STEPS = 2  # the first steps compile kernels and fill the allocator


class Pace(pl.Callback):
    """Reports each step, and ends the run when its time is over.

    The run then validates and saves as at any other end. How often it was interrupted does not
    matter: the caller keeps the time.

    Args:
        seconds_left: returns the remaining time (s); None: there is no limit.
        report: called after each step with the step and the mean duration of a step (s), without
            the validations between them; None in the first steps.

    Attributes:
        expired: whether the time ended the run.
    """

    def __init__(
        self,
        seconds_left: Callable[[], float] | None = None,
        report: Callable[[int, float | None], object] | None = None,
    ) -> None:
        super().__init__()
        self.seconds_left, self.report = seconds_left, report
        self.expired = False
        self._steps, self._seconds, self._begin = 0, 0.0, 0.0

    @property
    def seconds_per_step(self) -> float | None:
        """Mean duration of a step (s); None in the first steps."""
        counted = self._steps - SETTLING_STEPS
        return self._seconds / counted if counted > 0 else None

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Start the clock of the step."""
        del trainer, pl_module, batch, batch_idx
        self._begin = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Report the step; ask the trainer to stop if the time is over on any rank."""
        del pl_module, outputs, batch, batch_idx
        self._steps += 1
        if self._steps > SETTLING_STEPS:
            self._seconds += time.monotonic() - self._begin
        if self.report is not None:
            self.report(trainer.global_step, self.seconds_per_step)
        if self.seconds_left is not None:
            over = self.seconds_left() <= 0
            self.expired = trainer.strategy.reduce_boolean_decision(over, all=False)
            trainer.should_stop = trainer.should_stop or self.expired
