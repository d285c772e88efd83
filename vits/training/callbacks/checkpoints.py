"""Checkpoint saving: when a run is saved, and which checkpoints are kept."""

import math
import time
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from vits.errors import CheckpointError, ConfigError, TrainingWarning
from vits.training.callbacks.early_stopping import EarlyStopping
from vits.training.checkpoints.checkpoint_io import link_checkpoint, remove_partial, step_of
from vits.training.module import VitsModule
from vits.training.preemption.signals import notify

__all__ = ["Checkpoints", "folder_of", "path_of", "will_validate"]


class Checkpoints(Checkpoint):
    """Saves a run at intervals of steps or time, and keeps the newest and the best checkpoints.

    Files are ``checkpoints/step-0001000.ckpt`` in the run folder; ``last.ckpt`` and ``best.ckpt``
    link to the newest and to the best by ``VitsModule.monitor``. An old file is removed once the
    new one is safe. A failed save during training is a warning, and the next save tries again; a
    failed save at the end of a run is an error.

    Args:
        every_n_steps: steps between saves; None: no saves by steps.
        every_minutes: minutes between saves, by the clock of the first rank; None: no saves by
            time.
        keep_last: number of newest checkpoints to keep; None: all.
        keep_best: number of best checkpoints to keep as well; true: one, false: none.
        patience: end the run after this many validations in a row that did not lower
            ``VitsModule.monitor``; None: never.

    Raises:
        ConfigError: a value is out of range.
    """

    def __init__(
        self,
        every_n_steps: int | None = 1000,
        every_minutes: float | None = None,
        keep_last: int | None = 5,
        keep_best: bool | int = True,
        patience: int | None = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("every_n_steps", every_n_steps),
            ("every_minutes", every_minutes),
            ("keep_last", keep_last),
            ("patience", patience),
        ):
            if value is not None and value <= 0:
                raise ConfigError(f"checkpoint.{name} {value} must be positive, or null")
        if keep_best < 0:
            raise ConfigError(f"checkpoint.keep_best {keep_best} must not be negative")
        self.every_n_steps, self.every_minutes = every_n_steps, every_minutes
        self.keep_last, self.keep_best = keep_last, int(keep_best)
        self.early_stopping = None if patience is None else EarlyStopping(patience)
        self.best: list[tuple[float, int]] = []  # (value, step), the best first
        self._saved = self._validated = -1
        self._owes_validation = False
        self._clock = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """Return the best steps, whether the step was saved before its validation, and the losses.

        The losses are kept only if there is a patience.
        """
        best = [list(pair) for pair in self.best]
        state: dict[str, Any] = {"best": best, "owes_validation": self._owes_validation}
        if self.early_stopping is not None:
            state["early_stopping"] = self.early_stopping.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state."""
        self.best = [(float(value), int(step)) for value, step in state_dict["best"]]
        self._owes_validation = bool(state_dict["owes_validation"])
        if self.early_stopping is not None:
            self.early_stopping.load_state_dict(state_dict.get("early_stopping", []))

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Remove incomplete files; run a validation that the stopped run still owes.

        Raises:
            ConfigError: there is a patience, but no validation.
        """
        assert isinstance(pl_module, VitsModule)
        self._clock = time.monotonic()
        if trainer.is_global_zero:
            remove_partial(folder_of(trainer), notify)
        if self.early_stopping is not None:
            self.early_stopping.start(trainer, pl_module.monitor)
        if self._owes_validation:
            _validate(trainer)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Save if the step is due; save the last step after its validation."""
        del pl_module, outputs, batch, batch_idx
        step = trainer.global_step
        if step == trainer.max_steps:
            if not will_validate(trainer):
                self.save(trainer, required=True)
        elif self.every_n_steps is not None and step % self.every_n_steps == 0:
            self.save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the step if it is one of the best or the last."""
        assert isinstance(pl_module, VitsModule)
        if trainer.sanity_checking:
            return
        step = self._validated = trainer.global_step
        value = float(trainer.callback_metrics.get(pl_module.monitor, math.nan))
        warming = pl_module.is_warming(step)
        if self.early_stopping is not None and not warming:  # saved with the step
            self.early_stopping.after_validation(trainer, pl_module.monitor, value)
        before = self.best
        if math.isfinite(value):
            others = [pair for pair in before if pair[1] != step]
            self.best = sorted([*others, (value, step)])[: self.keep_best]  # saved with the step
        is_best, is_last = (value, step) in self.best, step == trainer.max_steps
        if (is_best or is_last) and not self.save(trainer, required=is_last):
            self.best = before
        elif is_best and trainer.is_global_zero:
            self._link_best(folder_of(trainer))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the last step of a run that ends before ``max_steps``."""
        del pl_module
        self.save(trainer, required=True)

    def is_due(self, trainer: pl.Trainer) -> bool:
        """Return whether a save by time is due; always False on ranks other than the first."""
        if self.every_minutes is None or not trainer.is_global_zero:
            return False
        return time.monotonic() - self._clock >= 60 * self.every_minutes

    def save(
        self, trainer: pl.Trainer, *, required: bool = False, loops: dict[str, Any] | None = None
    ) -> bool:
        """Save the current step, unless it is saved already; must be called on all ranks.

        Args:
            trainer: the trainer, at the end of a step or of a validation.
            required: raise an error on all ranks if saving fails.
            loops: state of Lightning's loops to save instead of the current one.

        Returns:
            Whether the step is saved, as far as this rank knows.

        Raises:
            CheckpointError: saving failed and is required.
        """
        step, error = trainer.global_step, None
        self._owes_validation = self._validated != step and will_validate(trainer)
        if self._saved != step:
            try:
                self._write(trainer, loops)
                self._saved = step
            except CheckpointError as failure:
                error = failure
        self._clock = time.monotonic()
        if required and trainer.strategy.broadcast(error is not None):
            raise error or CheckpointError("the first rank could not save the run; see its message")
        if error is not None:
            warnings.warn(
                f"{error}; training continues, the next save tries again",
                TrainingWarning,
                stacklevel=2,
            )
        return error is None

    def _write(self, trainer: pl.Trainer, loops: dict[str, Any] | None) -> None:
        """Write the checkpoint, link ``last.ckpt`` and remove old files."""
        # Trainer.save_checkpoint would leave the other ranks at a barrier if the first one fails
        state = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
        if loops is not None:
            state["loops"] = loops
        path = path_of(trainer)
        trainer.strategy.save_checkpoint(state, path)
        if trainer.is_global_zero:
            link_checkpoint(path, "last.ckpt")
            self._prune(path.parent, trainer.global_step)

    def _link_best(self, folder: Path) -> None:
        """Link ``best.ckpt`` to the best step that has a file."""
        for _, step in self.best:
            path = folder / _name(step)
            if path.exists():
                try:
                    link_checkpoint(path, "best.ckpt")
                except CheckpointError as error:
                    warnings.warn(str(error), TrainingWarning, stacklevel=2)
                return

    def _prune(self, folder: Path, step: int) -> None:
        """Remove old files; files of later steps belong to another run and are kept."""
        files = sorted(path for path in folder.glob("step-*.ckpt") if step_of(path) <= step)
        newest = set(files if self.keep_last is None else files[-self.keep_last :])
        best = {_name(step) for _, step in self.best}
        for path in files:
            if path not in newest and path.name not in best:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    warnings.warn(
                        f"cannot remove the old checkpoint {path}: {error.strerror}; training "
                        "continues",
                        TrainingWarning,
                        stacklevel=2,
                    )


def folder_of(trainer: pl.Trainer) -> Path:
    """Return the checkpoint folder of a run."""
    return Path(trainer.default_root_dir) / "checkpoints"


def path_of(trainer: pl.Trainer) -> Path:
    """Return the checkpoint path of the current step."""
    return folder_of(trainer) / _name(trainer.global_step)


def will_validate(trainer: pl.Trainer) -> bool:
    """Return whether a validation follows this step."""
    loop = trainer.fit_loop
    assert loop._data_fetcher is not None
    return loop.epoch_loop._should_check_val_fx(loop._data_fetcher)


def _validate(trainer: pl.Trainer) -> None:
    """Run the validation of the step of a checkpoint, which Lightning would skip."""
    validation = trainer.fit_loop.epoch_loop.val_loop
    validation.restarting = False
    trainer.validating = True
    validation.run()
    trainer.training = True


def _name(step: int) -> str:
    """Return the file name of a step."""
    return f"step-{step:07d}.ckpt"
