"""Metric history in a CSV file, and a plot of its curves."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytorch_lightning as pl

from vits.training.callbacks.plots import curve_figure, save

__all__ = ["Curves", "read_history"]

HEADER = ("step", "name", "value")


class Curves(pl.Callback):
    """Writes ``history.csv`` (step, name, value) and ``curves.png`` to the run folder.

    The curves are plotted at each validation and at the end. A resumed run drops the rows after the
    step it resumes from.

    Args:
        every_n_steps: training steps between rows; every validation adds rows as well.
        stopping: returns whether the run was asked to stop; validations do not plot then.
    """

    def __init__(
        self, every_n_steps: int = 10, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__()
        self.every_n_steps = every_n_steps
        self.stopping = stopping

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Truncate the history to the step the run starts from, which is known only now."""
        del pl_module
        if not trainer.is_global_zero:
            return
        path = _history(trainer)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = read_history(path) if trainer.global_step and path.exists() else {}
        rows = [
            (step, name, value)
            for name, curve in kept.items()
            for step, value in zip(*curve, strict=True)
            if step <= trainer.global_step
        ]
        partial = path.with_name(f".{path.name}")
        with partial.open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *sorted(rows)])
        partial.replace(path)  # a killed run leaves the old history or the new one

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Add the metrics of the step."""
        del pl_module, outputs, batch, batch_idx
        if trainer.global_step % self.every_n_steps == 0:
            self._add(trainer, "train/")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the metrics of the validation and plot the curves."""
        del pl_module
        if not trainer.sanity_checking:
            self._add(trainer, "val/")
            if not self.stopping():
                self._draw(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Plot the curves."""
        del pl_module
        self._draw(trainer)

    @staticmethod
    def _add(trainer: pl.Trainer, prefix: str) -> None:
        """Append the metrics whose names start with ``prefix``."""
        if not trainer.is_global_zero:
            return
        metrics = trainer.callback_metrics
        rows = [
            (trainer.global_step, name, float(value))
            for name, value in metrics.items()
            if name.startswith(prefix)
        ]
        with _history(trainer).open("a", newline="") as file:
            csv.writer(file).writerows(rows)

    @staticmethod
    def _draw(trainer: pl.Trainer) -> None:
        """Plot the history on rank 0."""
        if trainer.is_global_zero:
            path = _history(trainer)
            curves = read_history(path)
            if curves:
                save(curve_figure(curves), path.with_name("curves.png"))


def read_history(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Read a ``history.csv``: name -> (steps, values).

    Of repeated values, as from a validation done twice, the last one counts. An incomplete last
    line, left by a killed run, is ignored; the resumed run writes it again.
    """
    curves: dict[str, dict[int, float]] = {}
    with path.open(newline="") as file:
        lines = [line for line in file if line.endswith("\n")]
    for row in csv.DictReader(lines):
        curves.setdefault(row["name"], {})[int(row["step"])] = float(row["value"])
    return {
        name: (sorted(curve), [curve[s] for s in sorted(curve)]) for name, curve in curves.items()
    }


def _history(trainer: pl.Trainer) -> Path:
    return Path(trainer.default_root_dir) / "history.csv"
