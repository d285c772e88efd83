"""TensorBoard and ``config.yaml`` in the run folder, whose writes may fail."""

import contextlib
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.loggers.logger import _DummyExperiment
from pytorch_lightning.cli import SaveConfigCallback
from pytorch_lightning.loggers import TensorBoardLogger

from vits.training.run_folder.optional_writes import OptionalWrites

__all__ = ["EVENTS", "RunConfig", "RunLogger", "quiet_writer_threads"]

EVENTS = "events.out.tfevents"
RETRY_S = 60.0


class RunLogger(TensorBoardLogger):
    """TensorBoard logger that starts a new event file after a failed write.

    The thread of TensorBoard's writer ends at its first error, and every later call raises it.

    Args:
        folder: the run folder.
        writes: counts the failed writes.
    """

    def __init__(self, folder: str | Path, writes: OptionalWrites) -> None:
        super().__init__(folder, name="", version="")
        self._writes, self._retry_at = writes, 0.0

    @property
    def experiment(self) -> Any:
        """TensorBoard's writer; one that does nothing while no event file can be written."""
        if self._experiment is None:
            self._attempt(lambda: TensorBoardLogger.experiment.__get__(self))
        return self._experiment or _DummyExperiment()

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics, if the event file can be written."""
        self._attempt(lambda: super(RunLogger, self).log_metrics(metrics, step))

    def log_hyperparams(
        self,
        params: dict[str, Any] | Namespace,
        metrics: dict[str, Any] | None = None,
        step: int | None = None,
    ) -> None:
        """Log hyperparameters, if the event file can be written."""
        self._attempt(lambda: super(RunLogger, self).log_hyperparams(params, metrics, step))

    def save(self) -> None:
        """Flush the event file, if possible."""
        self._attempt(super().save)

    def finalize(self, status: str) -> None:
        """Close the event file."""
        self._attempt(lambda: super(RunLogger, self).finalize(status))

    def _attempt(self, write: Callable[[], object]) -> None:
        """Write to the event file; some time after a failure a new file is started."""
        path = Path(self.log_dir) / EVENTS
        if time.monotonic() < self._retry_at:
            self._writes.failed[path] += 1
            return
        failures = self._writes.failed[path]
        with self._writes.attempt(path):
            write()
        if self._writes.failed[path] != failures:
            self._retry_at = time.monotonic() + RETRY_S
            if self._experiment is not None:
                with contextlib.suppress(OSError):
                    self._experiment.close()
            self._experiment = None


@contextlib.contextmanager
def quiet_writer_threads() -> Iterator[None]:
    """Print no traceback when a thread of TensorBoard cannot write: its logger reports that."""
    before = threading.excepthook

    def report(args: threading.ExceptHookArgs) -> None:
        is_writer = type(args.thread).__module__.startswith("tensorboard.")
        if not (is_writer and isinstance(args.exc_value, OSError)):
            before(args)

    threading.excepthook = report
    try:
        yield
    finally:
        threading.excepthook = before


class RunConfig(SaveConfigCallback):
    """Writes ``config.yaml`` to the run folder at the start, if possible.

    Args:
        writes: counts the failed writes.
        options: of ``SaveConfigCallback``.
    """

    def __init__(self, *args: Any, writes: OptionalWrites, **options: Any) -> None:
        super().__init__(*args, **options)
        self._writes = writes

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Write the file on rank 0; unlike Lightning's, without waiting for the other ranks."""
        del pl_module, stage
        if self.already_saved or not trainer.is_global_zero:
            return
        path = Path(trainer.default_root_dir) / self.config_filename
        text = self.parser.dump(self.config, skip_none=False)
        with self._writes.attempt(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.already_saved = True
