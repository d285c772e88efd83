"""Preemption: saves and stops a run at the end of a step after a signal, on all ranks together."""

import copy
from typing import Any

import pytorch_lightning as pl

from vits.errors import CheckpointError, Preempted
from vits.training.callbacks.checkpoints import Checkpoints, path_of, will_validate
from vits.training.callbacks.ema import Ema
from vits.training.preemption.consensus import Consensus
from vits.training.preemption.signals import StopRequest

__all__ = ["Preemption"]


class Preemption(pl.Callback):
    """Saves and stops the run when any rank was asked to stop.

    At the end of each training step and of each validation batch, all ranks exchange their requests
    (``Consensus``). If any rank was asked to stop, all ranks save this step and raise
    ``Preempted``. The same exchange carries the request for a save by time of ``Checkpoints``.

    This callback must come after those whose state belongs to the step, such as the moving average.

    Args:
        request: stop request set by signals.
        resume_command: command that resumes the run, for the message.
    """

    def __init__(self, request: StopRequest, resume_command: str) -> None:
        super().__init__()
        self.request, self.resume_command = request, resume_command
        self.consensus: Consensus | None = None
        self.checkpoints: Checkpoints | None = None
        self._loops: dict[str, Any] = {}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Set up the exchange between the ranks and disable Lightning's signal handling."""
        del pl_module, stage
        # Lightning's handler broadcasts inside the signal handler, which hangs if only one rank
        # receives the signal; it also broadcasts in each step, through the device.
        trainer._signal_connector.register_signal_handlers = _nothing
        trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor = _nothing
        self.checkpoints = next(
            (c for c in _callbacks(trainer) if isinstance(c, Checkpoints)), None
        )
        self.consensus = Consensus(
            distributed=trainer.world_size > 1,
            deferred=trainer.strategy.root_device.type != "cpu",
        )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Exchange the requests; stop or save if requested."""
        del outputs, batch, batch_idx
        self.request.defer_to_step_end()
        self._loops = {}
        if trainer.global_step == trainer.max_steps:
            return  # the run is finished: it validates and saves anyway
        self._exchange(trainer, pl_module)
        if will_validate(trainer):  # the loop state to save if stopped during the validation
            self._loops = copy.deepcopy(trainer._checkpoint_connector._get_loops_state_dict())

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Stop during a validation if requested; the resumed run repeats the validation."""
        del outputs, batch, batch_idx, dataloader_idx
        if self._loops:
            self._exchange(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop after the sample synthesis, which takes a while, if requested."""
        if self._loops:
            self._exchange(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Finish the exchange."""
        del trainer, pl_module
        if self.consensus is not None:
            self.consensus.close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Mark this rank as exiting, for the launcher's watcher thread."""
        del trainer, pl_module, exception
        self.request.exiting = True

    def _exchange(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Exchange the requests of all ranks and act on them."""
        assert self.consensus is not None
        checkpoints = self.checkpoints
        save_due = checkpoints is not None and checkpoints.is_due(trainer)
        stop, save = self.consensus.exchange(self.request.requested, save_due)
        if stop:
            self._stop(trainer, module)
        elif save and checkpoints is not None and not trainer.validating:
            checkpoints.save(trainer)

    def _stop(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Save the step in the state at its end, and raise ``Preempted``."""
        self.request.exiting = True
        step = trainer.global_step
        if self.checkpoints is None:
            raise CheckpointError(f"stopped at step {step} without saving: checkpoints are off")
        for callback in _callbacks(trainer):
            if isinstance(callback, Ema):
                callback.on_validation_end(trainer, module)  # the trained weights, not the average
        self.checkpoints.save(trainer, required=True, loops=self._loops or None)
        message = f"stopped at step {step}, saved as {path_of(trainer)}"
        message += f"; resume with: {self.resume_command}"
        raise Preempted(message if trainer.is_global_zero else "")


def _callbacks(trainer: pl.Trainer) -> list[pl.Callback]:
    """Return the callbacks of the trainer."""
    return trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]  # set dynamically


def _nothing() -> None:
    """Replace Lightning's handling of signals by nothing."""
