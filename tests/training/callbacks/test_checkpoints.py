"""When a run is saved, and which checkpoints are kept."""

import math
from typing import ClassVar

import pytest
import pytorch_lightning as pl
import torch

from vits.config import TrainingConfig
from vits.errors import CheckpointError, ConfigError, TrainingWarning
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import Checkpoints, Ema, Preemption
from vits.training.checkpoints.checkpoint_io import (
    VerifiedCheckpointIO,
    newest_valid,
    read_checkpoint,
)
from vits.training.preemption.signals import StopRequest


class Idle(VitsModule):
    """Takes empty optimizer steps: which files are kept does not depend on the losses."""

    def training_step(self, batch, batch_idx):
        del batch, batch_idx
        _, optimizer = self.optimizers()
        optimizer.step()


class Scored(Idle):
    """Validates to given numbers, step by step."""

    scores: ClassVar = {}

    def validation_step(self, batch, batch_idx):
        self.log("val/mel", self.scores[self.global_step], batch_size=1)


class Validated(pl.Callback):
    """Records the steps of validations."""

    def __init__(self):
        self.steps = []

    def on_validation_end(self, trainer, pl_module):
        self.steps.append(trainer.global_step)


class Stop(pl.Callback):
    """Aborts a run at a hook, like a crash."""

    def __init__(self, hook, step):
        def raise_at(trainer, *_):
            if trainer.global_step == step:
                raise InterruptedError

        setattr(self, hook, raise_at)


@pytest.fixture
def fit(config, data, make_trainer):
    def run(steps, *callbacks, module=Idle, resume=None, **options):
        torch.manual_seed(0)
        datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
        model = module(config, TrainingConfig(), datamodule.dataset_info)
        trainer = make_trainer(
            steps,
            callbacks=list(callbacks),
            enable_checkpointing=True,
            plugins=[VerifiedCheckpointIO()],
            **options,
        )
        trainer.fit(model, datamodule, ckpt_path=resume, weights_only=True)
        return model

    return run


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run" / "checkpoints"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def steps(*numbers):
    return [f"step-{number:07d}.ckpt" for number in numbers]


def test_the_newest_are_kept(fit, folder):
    fit(5, Checkpoints(every_n_steps=2, keep_last=2))
    assert names(folder) == ["last.ckpt", *steps(4, 5)]
    assert (folder / "last.ckpt").samefile(folder / "step-0000005.ckpt")
    assert read_checkpoint(folder / "step-0000004.ckpt")["global_step"] == 4


def test_without_steps_and_clock_only_the_end_is_saved(fit, folder):
    fit(3, Checkpoints(every_n_steps=None))
    assert names(folder) == ["last.ckpt", *steps(3)]


def test_the_best_by_validation_are_kept(fit, folder, monkeypatch):
    scores = {1: 5.0, 2: 2.0, 3: 3.0, 4: math.nan, 5: 4.0}
    monkeypatch.setattr(Scored, "scores", scores)
    kept = Checkpoints(every_n_steps=1, keep_last=1, keep_best=2)
    fit(5, kept, module=Scored, val_check_interval=1)
    assert kept.best == [(2.0, 2), (3.0, 3)]
    assert names(folder) == ["best.ckpt", "last.ckpt", *steps(2, 3, 5)]
    assert (folder / "best.ckpt").samefile(folder / "step-0000002.ckpt")


def test_keep_best_false_keeps_no_best(fit, folder, monkeypatch):
    monkeypatch.setattr(Scored, "scores", {1: 5.0, 2: 2.0, 3: 3.0})
    kept = Checkpoints(every_n_steps=1, keep_last=1, keep_best=False)
    fit(3, kept, module=Scored, val_check_interval=1)
    assert names(folder) == ["last.ckpt", *steps(3)]


def test_the_best_is_saved_with_the_trained_weights_and_the_moved_average(fit, folder):
    ema = Ema(0.5)
    model = fit(2, ema, Checkpoints(every_n_steps=None), module=VitsModule, val_check_interval=2)
    best = read_checkpoint(folder / "best.ckpt")
    name = "text_encoder.embedding.weight"
    trained = model.generator.text_encoder.embedding.weight
    assert torch.equal(best["state_dict"][f"generator.{name}"], trained)
    assert torch.equal(best["vits"]["ema"][name], ema.average[name])
    assert not torch.equal(ema.average[name], trained)


@pytest.mark.parametrize(("minutes", "saved"), [(1e-9, [1, 2, 3]), (60.0, [3]), (None, [3])])
def test_the_clock_saves(fit, folder, minutes, saved):
    checkpoints = Checkpoints(every_n_steps=None, every_minutes=minutes, keep_last=None)
    fit(3, Preemption(StopRequest(), ""), checkpoints)
    assert names(folder) == ["last.ckpt", *steps(*saved)]


def refuse(monkeypatch, step):
    """Let the save of a step fail, as on a full disk."""
    write = VerifiedCheckpointIO.save_checkpoint

    def save(self, checkpoint, path, storage_options=None):
        if checkpoint["global_step"] == step:
            raise CheckpointError(f"cannot save {path}: No space left on device")
        write(self, checkpoint, path, storage_options)

    monkeypatch.setattr(VerifiedCheckpointIO, "save_checkpoint", save)


def test_a_full_disk_is_a_warning_and_the_next_save_tries_again(fit, folder, monkeypatch):
    refuse(monkeypatch, step=2)
    with pytest.warns(TrainingWarning) as messages:
        fit(3, Checkpoints(every_n_steps=1, keep_last=1))
    (line,) = [str(warning.message) for warning in messages if warning.category is TrainingWarning]
    assert line.endswith(
        "0002.ckpt: No space left on device; training continues, the next save tries again"
    )
    assert names(folder) == ["last.ckpt", *steps(3)]


def test_the_previous_checkpoint_is_kept_until_the_next_save(fit, folder, monkeypatch):
    refuse(monkeypatch, step=2)
    with pytest.warns(TrainingWarning), pytest.raises(InterruptedError):
        fit(9, Checkpoints(every_n_steps=1, keep_last=1), Stop("on_train_batch_start", 2))
    assert names(folder) == ["last.ckpt", *steps(1)]
    assert newest_valid(folder, pytest.fail) == folder / "step-0000001.ckpt"


def test_a_full_disk_at_the_end_is_an_error(fit, folder, monkeypatch):
    refuse(monkeypatch, step=3)
    with pytest.raises(CheckpointError, match="No space left"):
        fit(3, Checkpoints(every_n_steps=1, keep_last=1))
    assert names(folder) == ["last.ckpt", *steps(2)]


def test_a_full_disk_at_the_best_is_a_warning(fit, folder, monkeypatch):
    refuse(monkeypatch, step=2)
    kept = Checkpoints(every_n_steps=None)
    with pytest.warns(TrainingWarning, match="No space left"):
        fit(3, kept, val_check_interval=2)
    assert kept.best == []
    assert names(folder) == ["last.ckpt", *steps(3)]


def test_a_run_stopped_before_a_validation_runs_it_first(fit, folder):
    with pytest.raises(InterruptedError):
        fit(
            4,
            *(Ema(0.9), Checkpoints(every_n_steps=1)),
            Stop("on_validation_start", 2),
            module=VitsModule,
            val_check_interval=2,
        )
    assert names(folder) == ["last.ckpt", *steps(1, 2)]
    kept, validated = Checkpoints(every_n_steps=1), Validated()
    fit(
        4,
        Ema(0.9),
        validated,
        kept,
        module=VitsModule,
        val_check_interval=2,
        resume=folder / "last.ckpt",
    )
    assert validated.steps == [2, 4]
    resumed = read_checkpoint(folder / "last.ckpt")
    uninterrupted = Checkpoints(every_n_steps=1)
    fit(4, Ema(0.9), uninterrupted, module=VitsModule, val_check_interval=2)
    assert kept.best == uninterrupted.best
    for name, value in read_checkpoint(folder / "last.ckpt")["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


def test_files_of_later_steps_are_kept(fit, folder):
    fit(2, Checkpoints())
    (folder / "step-0000002.ckpt").rename(folder / "step-0000009.ckpt")
    later = (folder / "step-0000009.ckpt").read_bytes()
    later = later.replace(b"step 000000000002", b"step 000000000009")
    (folder / "step-0000009.ckpt").write_bytes(later)
    fit(3, Checkpoints(every_n_steps=1, keep_last=1))
    assert names(folder) == ["last.ckpt", *steps(3, 9)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every_n_steps": 0}, "checkpoint.every_n_steps 0 must be positive, or null"),
        ({"every_minutes": -1.0}, "checkpoint.every_minutes -1.0 must be positive"),
        ({"keep_last": 0}, "checkpoint.keep_last 0 must be positive"),
        ({"patience": 0}, "checkpoint.patience 0 must be positive, or null"),
        ({"keep_best": -1}, "checkpoint.keep_best -1 must not be negative"),
    ],
)
def test_invalid_options_are_errors(options, words):
    with pytest.raises(ConfigError, match=words):
        Checkpoints(**options)


def test_a_run_of_prior_segments_only_is_monitored_by_them(fit, folder):
    class Speaking(Scored):
        monitor = "val/spoken"

        def validation_step(self, batch, batch_idx):
            self.log("val/mel", float(self.global_step), batch_size=1)
            self.log("val/spoken", -float(self.global_step), batch_size=1)

    checkpoints = Checkpoints(every_n_steps=None, keep_last=1)
    fit(2, checkpoints, module=Speaking, val_check_interval=1)
    assert checkpoints.best == [(-2.0, 2)]
    assert (folder / "best.ckpt").samefile(folder / "step-0000002.ckpt")
