"""When a run ends because its validation loss has stopped falling."""

import math
from typing import ClassVar

import pytest
import pytorch_lightning as pl
import torch

from vits.config import AdversarialConfig, TrainingConfig
from vits.errors import ConfigError
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import Checkpoints
from vits.training.callbacks.early_stopping import EarlyStopping, gains
from vits.training.checkpoints.checkpoint_io import VerifiedCheckpointIO, read_checkpoint


class Scored(VitsModule):
    """Validates to given numbers, step by step, and trains nothing."""

    scores: ClassVar[dict[int, float]] = {}

    def training_step(self, batch, batch_idx):
        del batch, batch_idx
        _, optimizer = self.optimizers()
        optimizer.step()

    def validation_step(self, batch, batch_idx):
        self.log("val/mel", self.scores[self.global_step], batch_size=1)


class CrashBeforeValidation(pl.Callback):
    """Ends a run after a step is saved and before it is validated, like a kill."""

    def __init__(self, step):
        self.step = step

    def on_validation_start(self, trainer, pl_module):
        if trainer.global_step == self.step:
            raise InterruptedError


@pytest.fixture
def fit(config, data, make_trainer, monkeypatch):
    def run(scores, steps, checkpoints, *others, resume=None, n_validation=2, **recipe):
        monkeypatch.setattr(Scored, "scores", dict(enumerate(scores, 1)))
        torch.manual_seed(0)
        datamodule = VitsDataModule(str(data), n_validation=n_validation, max_frames=600, workers=0)
        trainer = make_trainer(
            steps,
            callbacks=[*others, checkpoints],
            enable_checkpointing=True,
            plugins=[VerifiedCheckpointIO()],
            val_check_interval=1,
        )
        model = Scored(config, TrainingConfig(**recipe), datamodule.dataset_info)
        trainer.fit(model, datamodule, ckpt_path=resume, weights_only=True)
        return trainer.global_step

    return run


@pytest.mark.parametrize(
    ("scores", "patience", "end"),
    [
        ([5.0, 4.0, 4.0, 4.5, 3.0, 2.0], 2, 4),
        ([5.0, 4.0, 4.0, 4.5, 3.0, 2.0], 3, 6),
        ([5.0, math.nan, 4.0, math.inf, math.nan, 3.0], 2, 5),
        ([math.nan, math.nan, 1.0], 2, 2),
        ([5.0, 6.0, 7.0], None, 3),
    ],
)
def test_a_run_ends_after_as_many_validations_without_gain(fit, scores, patience, end):
    assert fit(scores, len(scores), Checkpoints(patience=patience)) == end


def test_a_resumed_run_ends_where_one_in_a_piece_does(fit, tmp_path):
    scores = [5.0, 4.0, 4.25, 4.5, 4.75, 5.0]
    folder = tmp_path / "run" / "checkpoints"
    for steps in (1, 3):
        resume = folder / "last.ckpt" if steps > 1 else None
        assert fit(scores, steps, Checkpoints(patience=3), resume=resume) == steps
    resumed = Checkpoints(patience=3)
    assert fit(scores, 6, resumed, resume=folder / "last.ckpt") == 5
    state = read_checkpoint(folder / "last.ckpt")["callbacks"]
    whole = Checkpoints(patience=3)
    assert fit(scores, 6, whole) == 5
    assert read_checkpoint(folder / "last.ckpt")["callbacks"] == state
    assert resumed.early_stopping is not None
    assert resumed.early_stopping.values == list(enumerate(scores[:5], 1))


def test_a_run_killed_before_its_last_validation_ends_there(fit, tmp_path):
    scores = [5.0, 6.0, 7.0, 8.0]
    with pytest.raises(InterruptedError):
        fit(scores, 4, Checkpoints(every_n_steps=1, patience=2), CrashBeforeValidation(3))
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    resumed = Checkpoints(every_n_steps=1, patience=2)
    assert fit(scores, 4, resumed, resume=last) == 3
    assert resumed.early_stopping is not None
    assert resumed.early_stopping.values == [(1, 5.0), (2, 6.0), (3, 7.0)]


def test_a_run_that_ended_goes_on_only_with_more_patience(fit, tmp_path, capsys):
    scores = [5.0, 6.0, 7.0, 4.0, 3.0]
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert fit(scores, 5, Checkpoints(patience=2)) == 3
    assert fit(scores, 5, Checkpoints(patience=2), resume=last) == 3
    assert "stopped at step 3" in capsys.readouterr().err
    assert fit(scores, 5, Checkpoints(patience=3), resume=last) == 5


def test_the_message_names_the_best_and_each_gain(fit, capsys):
    fit([5.0, 4.0, 4.5, 4.25], 4, Checkpoints(patience=2))
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "vits: stopped at step 4: 2 validations without gain in val/mel (checkpoint.patience 2); "
        "best 4.0000 at step 2",
        "vits: gain in val/mel per 100 steps: +100.0000 to step 2, -50.0000 to step 3, "
        "+25.0000 to step 4",
    ]


@pytest.mark.filterwarnings("ignore:Total length of `list` across ranks is zero")
def test_a_patience_without_validations_is_an_error(fit):
    with pytest.raises(ConfigError, match=r"checkpoint.patience 2 needs validations"):
        fit([], 2, Checkpoints(patience=2), n_validation=0)


def test_without_patience_the_state_is_as_before():
    assert Checkpoints().state_dict() == {"best": [], "owes_validation": False}
    Checkpoints().load_state_dict(Checkpoints(patience=2).state_dict())
    old = Checkpoints(patience=2)
    old.load_state_dict(Checkpoints().state_dict())
    assert old.early_stopping is not None
    assert old.early_stopping.values == []


def test_validations_of_the_warm_up_do_not_count(fit):
    warm_up = AdversarialConfig(start=1, warmup_steps=3)
    stopped = Checkpoints(patience=2)
    assert fit([4.0] * 9, 9, stopped, adversarial=warm_up) == 6
    assert stopped.early_stopping is not None
    assert [step for step, _ in stopped.early_stopping.values] == [1, 5, 6]


def test_equal_losses_are_no_gain():
    stopping = EarlyStopping(3)
    stopping.values = [(10, 2.0), (20, 2.0), (30, 2.0)]
    assert (stopping.best, stopping.stale) == ((10, 2.0), 2)


def test_gains_are_per_hundred_steps():
    assert gains([(50, 1.0), (250, 0.5), (300, 0.75)]) == [(250, 0.25), (300, -0.5)]
    assert gains([(50, 1.0)]) == []
