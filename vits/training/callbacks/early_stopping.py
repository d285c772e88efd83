"""Early stopping: ends a run whose validation loss has stopped falling."""

import itertools
import math

import pytorch_lightning as pl

from vits.errors import ConfigError
from vits.training.preemption.signals import notify

__all__ = ["EarlyStopping", "gains"]

SHOWN = 10  # validations that the final message lists


class EarlyStopping:
    """Ends a run after ``patience`` validations in a row that did not lower the loss.

    Validations while the discriminators train alone do not count: the generator does not change.
    ``Checkpoints`` calls it and keeps its state, so that it is saved and restored with the step. A
    loss that is not finite is no gain. A run resumed after it was ended ends again at once unless
    ``patience`` is larger now.

    Args:
        patience: validations without gain, at least 1.

    Attributes:
        values: (step, loss) of every validation so far, in order.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.values: list[tuple[int, float]] = []

    @property
    def best(self) -> tuple[int, float] | None:
        """The step and loss of the best validation, of equal ones the first; None without one."""
        finite = [pair for pair in self.values if math.isfinite(pair[1])]
        return min(finite, key=lambda pair: (pair[1], pair[0]), default=None)

    @property
    def stale(self) -> int:
        """The number of validations since the best one."""
        first = -1 if self.best is None else self.best[0]
        return sum(step > first for step, _ in self.values)

    def start(self, trainer: pl.Trainer, monitor: str) -> None:
        """Check that the run validates; end a run that had ended already.

        Raises:
            ConfigError: there is nothing to validate on.
        """
        if not trainer.enable_validation or not any(trainer.num_val_batches):
            raise ConfigError(
                f"checkpoint.patience {self.patience} needs validations, and this run has none: "
                "set data.n_validation to at least 1, or leave checkpoint.patience out"
            )
        self._stop_if_stale(trainer, monitor)

    def after_validation(self, trainer: pl.Trainer, monitor: str, value: float) -> None:
        """Note the loss of a validation; ask the trainer to stop if the patience is used up."""
        step = trainer.global_step
        self.values = [pair for pair in self.values if pair[0] < step] + [(step, value)]
        self._stop_if_stale(trainer, monitor)

    def state_dict(self) -> list[list[float]]:
        """Return the losses so far as plain values."""
        return [list(pair) for pair in self.values]

    def load_state_dict(self, values: list[list[float]]) -> None:
        """Restore the losses."""
        self.values = [(int(step), float(value)) for step, value in values]

    def _stop_if_stale(self, trainer: pl.Trainer, monitor: str) -> None:
        """Ask the trainer to stop, and report the gains, if the patience is used up.

        All ranks decide alike: the losses are means over the ranks.
        """
        if self.stale < self.patience:
            return
        trainer.should_stop = True
        if not trainer.is_global_zero:
            return
        best = self.best
        found = "it was never finite" if best is None else f"best {best[1]:.4f} at step {best[0]}"
        notify(
            f"stopped at step {trainer.global_step}: {self.stale} validations without gain in "
            f"{monitor} (checkpoint.patience {self.patience}); {found}"
        )
        steps = [f"{gain:+.4f} to step {step}" for step, gain in gains(self.values)[-SHOWN:]]
        if steps:
            notify(f"gain in {monitor} per 100 steps: {', '.join(steps)}")


def gains(values: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return for each validation after the first how much the loss fell per 100 steps before it.

    >>> gains([(100, 0.5), (200, 0.4), (400, 0.5)])
    [(200, 0.1), (400, -0.05)]
    """
    return [
        (step, round(100 * (before - value) / (step - start), 6))
        for (start, before), (step, value) in itertools.pairwise(values)
    ]
