"""Stops a run at the end of a step when a signal asks for it, on all ranks together."""

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
    """Saves and leaves when any rank was asked to stop.

    At the end of each step, and of each batch of a validation, all ranks agree (``Consensus``); if
    one was asked to stop, they save that very step and raise ``Preempted``. The same message tells
    them when the clock of ``Checkpoints`` asks for a save.

    It comes after the callbacks whose state belongs to the step, such as the moving average.

    Args:
        request: what signals ask.
        resume_command: the command that goes on with the run, for the line that tells of it.
    """

    def __init__(self, request: StopRequest, resume_command: str) -> None:
        super().__init__()
        self.request, self.resume_command = request, resume_command
        self.agreement: Consensus | None = None
        self.checkpoints: Checkpoints | None = None
        self._loops: dict[str, Any] = {}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Open the channel between the ranks, and keep Lightning from answering signals itself."""
        del pl_module, stage
        # Its handler broadcasts from within the signal, which hangs where one rank gets it; and it
        # broadcasts in each step, through the device.
        trainer._signal_connector.register_signal_handlers = _nothing
        trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor = _nothing
        self.checkpoints = next(
            (c for c in _callbacks(trainer) if isinstance(c, Checkpoints)), None
        )
        self.agreement = Consensus(
            several=trainer.world_size > 1, late=trainer.strategy.root_device.type != "cpu"
        )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Agree; stop or save if that is the wish."""
        del outputs, batch, batch_idx
        self.request.defer_to_step_end()
        self._loops = {}
        if trainer.global_step == trainer.max_steps:
            return  # the run is done: it validates and saves itself, and needs no stopping
        self._agree(trainer, pl_module)
        if will_validate(trainer):  # what a stop during it has to save; Lightning changes it there
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
        """Stop within a validation as if it had not begun: the resumed run does it again."""
        del outputs, batch, batch_idx, dataloader_idx
        if self._loops:
            self._agree(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop after the listening, which takes a while."""
        if self._loops:
            self._agree(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the channel."""
        del trainer, pl_module
        if self.agreement is not None:
            self.agreement.close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Note that this rank is on its way out, for who watches over the others."""
        del trainer, pl_module, exception
        self.request.exiting = True

    def _agree(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert self.agreement is not None
        checkpoints = self.checkpoints
        clock = checkpoints is not None and checkpoints.is_due(trainer)
        stop, save = self.agreement.exchange(self.request.requested, clock)
        if stop:
            self._stop(trainer, module)
        elif save and checkpoints is not None and not trainer.validating:
            checkpoints.save(trainer)

    def _stop(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Save the step as its end was, and raise."""
        self.request.exiting = True
        step = trainer.global_step
        if self.checkpoints is None:
            raise CheckpointError(f"stopped at step {step} without saving: nothing is set to save")
        for callback in _callbacks(trainer):
            if isinstance(callback, Ema):
                callback.on_validation_end(trainer, module)  # the trained weights, not the average
        self.checkpoints.save(trainer, required=True, loops=self._loops or None)
        message = f"stopped at step {step}, saved as {path_of(trainer)}"
        message += f"; go on with: {self.resume_command}"
        raise Preempted(message if trainer.is_global_zero else "")


def _callbacks(trainer: pl.Trainer) -> list[pl.Callback]:
    return trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]  # set from afar


def _nothing() -> None:
    """Stand in for Lightning's handling of signals."""
