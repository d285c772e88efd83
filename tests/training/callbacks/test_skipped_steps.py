"""Skipped steps are counted and listed; too many restore a checkpoint, then stop the run."""

import csv
import warnings

import pytest
import pytorch_lightning as pl
import torch

from vits.errors import NumericsError, TrainingWarning
from vits.training.callbacks import Checkpoints, Ema, SkippedSteps
from vits.training.checkpoints.checkpoint_io import VerifiedCheckpointIO, read_checkpoint


class Poison(pl.Callback):
    """Spoils the waves of some steps."""

    def __init__(self, steps, value=float("nan")):
        self.steps, self.value, self.names = steps, value, []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        del pl_module, batch_idx
        if trainer.global_step in self.steps:
            batch.wave[0, 0, 300:400] = self.value
            self.names.extend(batch.names)


class Spoil(pl.Callback):
    """Spoils the weights themselves after a step: every step from then on is bad."""

    def __init__(self, steps):
        self.steps = steps

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        del batch, batch_idx
        if trainer.global_step in self.steps:
            with torch.no_grad():
                pl_module.generator.decoder.pre.weight[0, 0, 0] = float("inf")


@pytest.fixture
def run(make_run, tmp_path):
    def go(steps, *callbacks, **recipe):
        skips = SkippedSteps()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", TrainingWarning)
            made = make_run(
                steps,
                callbacks=[Ema(0.9), *callbacks, skips, Checkpoints(every_n_steps=3)],
                plugins=[VerifiedCheckpointIO()],
                **recipe,
            )
        messages = [str(w.message) for w in caught if issubclass(w.category, TrainingWarning)]
        return made[1], skips, messages

    return go


def test_a_healthy_run_skips_nothing(run, tmp_path):
    _, skips, messages = run(3)
    assert (skips.total, skips.streak, messages) == (0, 0, [])
    assert not (tmp_path / "run/skipped.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_the_count_is_exact_and_the_utterances_are_listed(run, tmp_path, value):
    poison = Poison({3, 7, 8, 13}, value)
    module, skips, messages = run(15, poison)
    assert skips.total == 4
    assert all(p.isfinite().all() for p in module.parameters())
    assert len(messages) == 4
    assert messages[0].startswith("skipped step 4: ")
    with (tmp_path / "run/skipped.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["utterance"] for row in rows] == poison.names
    assert {row["step"] for row in rows} == {"4", "8", "9", "14"}


def test_damaged_weights_are_restored_from_the_checkpoint(run, tmp_path):
    module, skips, messages = run(9, Spoil({4}), max_skipped_steps=3)
    assert skips.total == 3
    assert "restored the weights of" in messages[-1]
    assert "step-0000003.ckpt" in messages[-1]
    assert all(p.isfinite().all() for p in module.parameters())
    assert module.trainer.global_step == 9
    last = read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")
    assert last["vits"]["skips"]["total"] == 3
    assert all(value.isfinite().all() for value in last["vits"]["ema"].values())


def test_a_second_restore_of_the_same_checkpoint_stops_the_run(run):
    with pytest.raises(NumericsError, match=r"again after restoring .*step-"):
        run(30, Spoil(range(4, 30)), max_skipped_steps=2)


def test_without_a_checkpoint_the_run_stops(make_run):
    with (
        pytest.warns(TrainingWarning, match="skipped step"),
        pytest.raises(NumericsError, match="there is no earlier checkpoint"),
    ):
        make_run(20, callbacks=[Spoil({1}), SkippedSteps()], max_skipped_steps=2)
