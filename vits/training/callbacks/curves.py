"""Metric history in a CSV file, and a plot of its curves."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytorch_lightning as pl

from vits.training.callbacks.plots import curve_figure, render, save
from vits.training.run_folder.optional_writes import OptionalWrites, append

__all__ = ["Curves", "read_history"]

HEADER = ("step", "name", "value")


class Curves(pl.Callback):
    """Writes ``history.csv`` (step, name, value) and ``curves.png`` to the run folder.

    The curves are plotted at each validation and at the end. A resumed run drops the rows after the
    step it resumes from. A full disk costs rows, not the run.

    Args:
        every_n_steps: training steps between rows; every validation adds rows as well.
        stopping: returns whether the run was asked to stop; validations do not plot then.
        writes: counts the failed writes.
    """

    def __init__(
        self,
        every_n_steps: int = 10,
        stopping: Callable[[], bool] = lambda: False,
        writes: OptionalWrites | None = None,
    ) -> None:
        super().__init__()
        self.every_n_steps = every_n_steps
        self.stopping = stopping
        self.writes = writes or OptionalWrites()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Truncate the history to the step the run starts from, which is known only now."""
        del pl_module
        if not trainer.is_global_zero:
            return
        path = _history(trainer)
        with self.writes.attempt(path):
            _truncate(path, trainer.global_step)

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

    def _add(self, trainer: pl.Trainer, prefix: str) -> None:
        """Append the metrics whose names start with ``prefix``."""
        if not trainer.is_global_zero:
            return
        metrics = trainer.callback_metrics
        rows = [
            (trainer.global_step, name, float(value))
            for name, value in metrics.items()
            if name.startswith(prefix)
        ]
        path = _history(trainer)
        with self.writes.attempt(path):
            append(path, _lines(rows if path.exists() else [HEADER, *rows]))

    def _draw(self, trainer: pl.Trainer) -> None:
        """Plot the history on rank 0."""
        if trainer.is_global_zero:
            path = _history(trainer)
            curves = read_history(path) if path.exists() else {}
            if curves:
                picture = path.with_name("curves.png")
                with self.writes.attempt(picture):
                    save(render(curve_figure(curves)), picture)


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


def _truncate(path: Path, last: int) -> None:
    """Write the history up to a step; a killed run leaves the old history or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = read_history(path) if last and path.exists() else {}
    rows = [
        (step, name, value)
        for name, curve in kept.items()
        for step, value in zip(*curve, strict=True)
        if step <= last
    ]
    partial = path.with_name(f".{path.name}")
    try:
        partial.write_bytes(_lines([HEADER, *sorted(rows)]))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _lines(rows: Sequence[Sequence[object]]) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _history(trainer: pl.Trainer) -> Path:
    return Path(trainer.default_root_dir) / "history.csv"
