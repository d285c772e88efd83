"""Keeps every logged number in a CSV file and draws the loss curves."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytorch_lightning as pl

from vits.training.callbacks.plots import curve_figure, save

__all__ = ["Curves", "read_history"]

HEADER = ("step", "name", "value")


class Curves(pl.Callback):
    """Writes ``history.csv`` (step, name, value) and ``curves.png`` in the run's folder.

    The picture is drawn at each validation and at the end. A resumed run drops rows past the step
    it goes on from.

    Args:
        every_n_steps: training steps between rows; validations add theirs besides.
        stopping: tells whether the run was asked to stop; nothing is drawn then.
    """

    def __init__(
        self, every_n_steps: int = 10, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__()
        self.every_n_steps = every_n_steps
        self.stopping = stopping

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the history, up to the step the run starts from (known only from here on)."""
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
        whole = path.with_name(f".{path.name}")
        with whole.open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *sorted(rows)])
        whole.replace(path)  # a kill leaves the old history or the new one

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Add the step's numbers."""
        del pl_module, outputs, batch, batch_idx
        if trainer.global_step % self.every_n_steps == 0:
            self._add(trainer, "train/")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the validation's numbers and draw."""
        del pl_module
        if not trainer.sanity_checking:
            self._add(trainer, "val/")
            if not self.stopping():
                self._draw(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw."""
        del pl_module
        self._draw(trainer)

    @staticmethod
    def _add(trainer: pl.Trainer, prefix: str) -> None:
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
        if trainer.is_global_zero:
            path = _history(trainer)
            curves = read_history(path)
            if curves:
                save(curve_figure(curves), path.with_name("curves.png"))


def read_history(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Read a ``history.csv`` back: name -> (steps, values).

    A resumed run that validates again writes a number again: the newest counts. A last line that a
    kill has cut has no end and is left out; the resumed run writes it again.
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
