"""A run that is asked to stop saves the current step, and resumes bit for bit."""

import signal

import pytest
import pytorch_lightning as pl
import torch

from vits.config import OptimizerConfig, TrainingConfig
from vits.errors import CheckpointError, Preempted
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import Checkpoints, Ema, Preemption
from vits.training.checkpoints.checkpoint_io import VerifiedCheckpointIO, read_checkpoint
from vits.training.preemption.signals import StopRequest


class Ask(pl.Callback):
    """Asks a run to stop at a hook of a step, as a signal would."""

    def __init__(self, request, hook, step):
        def ask(trainer, *_):
            if trainer.global_step == step:
                request.requested = True

        setattr(self, hook, ask)


@pytest.fixture
def fit(config, data, make_trainer, tmp_path):
    """Train 4 steps with validations at 2 and 4; return the last checkpoint."""

    def run(name, *callbacks, request=None, checkpoints=True, resume=None, steps=4):
        torch.manual_seed(0)
        datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
        recipe = TrainingConfig(optimizer=OptimizerConfig(decay=0.5, decay_steps=2))
        folder = tmp_path / name
        saving = [Checkpoints(every_n_steps=100)] if checkpoints else []
        trainer = make_trainer(
            steps,
            default_root_dir=folder,
            callbacks=[
                Ema(0.9),
                *callbacks,
                Preemption(request or StopRequest(), "vits fit --resume auto"),
                *saving,
            ],
            enable_checkpointing=checkpoints,
            plugins=[VerifiedCheckpointIO()],
            val_check_interval=2,
        )
        module = VitsModule(config, recipe, datamodule.dataset_info)
        trainer.fit(module, datamodule, ckpt_path=resume, weights_only=True)
        return read_checkpoint(folder / "checkpoints" / "last.ckpt")

    return run


def differing(one, other, path=""):
    """Return the paths of differing values, comparing tensors bit for bit."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return [d for k in keys for d in differing(one.get(k), other.get(k), f"{path}.{k}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=True)
        return [d for i, pair in enumerate(pairs) for d in differing(*pair, f"{path}.{i}")]
    same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
    return [] if same else [path]


WHOLE = {}  # the run without a stop, trained once


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "step"),
    [
        ("on_train_batch_start", 0),
        ("on_train_batch_end", 2),  # the step that a validation follows
        ("on_validation_batch_start", 2),
        ("on_validation_epoch_end", 2),
        ("on_validation_end", 2),
    ],
)
def test_the_step_is_saved_and_the_run_resumes_bit_for_bit(fit, tmp_path, hook, step):
    if not WHOLE:
        WHOLE.update(fit("whole"))
    request = StopRequest()
    with pytest.raises(Preempted) as stop:
        fit("halves", Ask(request, hook, step), request=request)
    saved = tmp_path / "halves" / "checkpoints" / "last.ckpt"
    at = {"on_train_batch_start": 1, "on_validation_end": 3}.get(hook, 2)
    assert f"stopped at step {at}, saved as {saved.parent}/step-000000{at}.ckpt" in str(stop.value)
    assert str(stop.value).endswith("; resume with: vits fit --resume auto")
    assert read_checkpoint(saved)["global_step"] == at
    resumed = fit("halves", resume=saved)
    for part in ("state_dict", "optimizer_states", "lr_schedulers", "vits", "callbacks"):
        assert differing(WHOLE[part], resumed[part]) == []


def test_a_finished_run_does_not_stop(fit):
    request = StopRequest()
    assert fit("done", Ask(request, "on_train_batch_start", 3), request=request)["global_step"] == 4


def test_a_stop_without_checkpoints_is_an_error(fit):
    request = StopRequest()
    with pytest.raises(
        CheckpointError, match="stopped at step 1 without saving: checkpoints are off"
    ):
        fit("x", Ask(request, "on_train_batch_start", 0), request=request, checkpoints=False)


def test_a_stop_that_cannot_save_is_an_error(fit, monkeypatch):
    def refuse(self, checkpoint, path, storage_options=None):
        raise CheckpointError(f"cannot save {path}: No space left on device")

    monkeypatch.setattr(VerifiedCheckpointIO, "save_checkpoint", refuse)
    request = StopRequest()
    with pytest.raises(CheckpointError, match=r"0001.ckpt: No space left on device"):
        fit("x", Ask(request, "on_train_batch_start", 0), request=request)


def test_lightnings_signal_handling_is_disabled(fit):
    observed = {}

    class Look(pl.Callback):
        def on_train_batch_end(self, trainer, *_):
            observed["handler"] = signal.getsignal(signal.SIGTERM)
            # what Lightning would call in each step
            observed["broadcast"] = trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor()

    before = signal.getsignal(signal.SIGTERM)
    fit("x", Look(), steps=1)
    assert observed == {"handler": before, "broadcast": None}
    from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
    from pytorch_lightning.trainer.connectors.signal_connector import _SignalConnector

    # the two names that are replaced; another version of Lightning may rename them
    assert hasattr(_TrainingEpochLoop, "_broadcast_sigterm_tensor")
    assert hasattr(_SignalConnector, "register_signal_handlers")
