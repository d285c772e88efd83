"""A second run that trains only what the voice says, on the durations that its first run found."""

import shutil

import pytest
import torch

from vits.cli import main
from vits.synthesis import bundle_checkpoint, read_voice, write_voice
from vits.synthesis.bundle.weights import is_compact, make_compact

RECIPE = (
    *("--model.training.alignment.source", "data"),
    *("--model.training.prior_segments.share", "1"),
    *("--model.training.loss_weights.kl", "0", "--model.training.freeze", "posterior"),
)


@pytest.fixture
def corpus(duo_corpus, tmp_path):
    return shutil.copytree(duo_corpus, tmp_path / "corpus")


def boxes(path):
    weights = torch.load(path, weights_only=True)["state_dict"]
    return {name: value for name, value in weights.items() if name.startswith("generator.")}


def goes_on_exactly(tune, arguments, folder):
    """Train four steps, and the last two once more from the checkpoint of the second."""
    root, steps = "--trainer.default_root_dir", ("--trainer.max_steps", 4)
    saves = ("--checkpoint.every_n_steps", 2, "--checkpoint.keep_last", 2)
    whole, part = (folder / name / "checkpoints" for name in ("whole", "part"))
    assert tune(*arguments, *steps, *saves, root, whole.parent)[0] == 0
    part.mkdir(parents=True)
    shutil.copy(whole / "step-0000002.ckpt", part)
    status, _, line = tune(*arguments, *steps, "--resume", "auto", root, part.parent)
    assert status == 0, line
    one, other = (boxes(path / "last.ckpt") for path in (whole, part))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_align_then_train_then_go_on(duo, corpus, tune, tuned, tmp_path):
    status, _, line = tune(duo.checkpoint, corpus, *RECIPE)
    assert status == 2
    assert line.endswith("compute them with: vits align VOICE FOLDER")
    assert main(["align", str(duo.checkpoint), str(corpus)]) == 0
    status, shown, line = tune(duo.checkpoint, corpus, *RECIPE)
    assert status == 0, line
    assert "posterior encoder: left out (alignment.source 'data', prior_segments.share 1)" in shown
    assert f"take {duo.checkpoint}" in shown
    before, after = torch.load(duo.checkpoint, weights_only=True)["vits"]["ema"], boxes(tuned)
    moved = {
        name.split(".")[0]
        for name, value in before.items()
        if not torch.equal(value, after[f"generator.{name}"])
    }
    assert moved >= {"text_encoder", "prior_flow", "decoder", "duration_predictor"}
    assert "posterior_encoder" not in moved

    again = tmp_path / "again"
    again.mkdir()
    start = shutil.copy(tuned, again / "base.ckpt")
    further = ("--trainer.default_root_dir", again)
    status, shown, line = tune(start, corpus, *further)
    assert status == 0, line  # by the same recipe
    assert "to begin another run take the voice that this one came from" in shown


def test_a_run_goes_on_exactly(duo, corpus, tune, tmp_path):
    assert main(["align", str(duo.checkpoint), str(corpus)]) == 0
    goes_on_exactly(tune, (duo.checkpoint, corpus, *RECIPE), tmp_path)


@pytest.fixture
def compact(duo, tmp_path):
    bundle = read_voice(duo.voice)
    make_compact(bundle.generator)
    return write_voice(tmp_path / "compact", bundle)


def test_a_compact_voice_learns_from_its_speech(compact, corpus, tune, tuned):
    status, _, line = tune(compact, corpus)
    assert status == 2
    assert line.endswith("compute them with: vits align VOICE FOLDER")
    assert main(["align", str(compact), str(corpus)]) == 0
    warmup = ("--model.training.adversarial.warmup_steps", 0)
    validated = ("--data.n_validation", 2, "--trainer.limit_val_batches", 1)
    status, shown, line = tune(
        compact, corpus, *warmup, *validated, "--trainer.val_check_interval", 1
    )
    assert status == 0, line
    assert "posterior encoder: none, the voice is compact" in shown
    values = torch.load(tuned, weights_only=True)
    assert not any("posterior_encoder" in name for name in values["state_dict"])
    before = read_voice(compact).generator.state_dict()
    moved = {
        name.split(".")[0]
        for name, value in before.items()
        if not torch.equal(value, values["state_dict"][f"generator.{name}"])
    }
    assert moved >= {"text_encoder", "prior_flow", "decoder", "duration_predictor"}
    assert is_compact(bundle_checkpoint(tuned).generator)
    history = (tuned.parents[1] / "history.csv").read_text()
    assert "val/spoken" in history
    assert "val/mel" not in history


def test_a_run_of_a_compact_voice_goes_on_exactly(compact, corpus, tune, tmp_path):
    assert main(["align", str(compact), str(corpus)]) == 0
    warmup = ("--model.training.adversarial.warmup_steps", 1)
    goes_on_exactly(tune, (compact, corpus, *warmup), tmp_path)


def test_a_recipe_that_listens_is_refused_for_a_compact_voice(compact, corpus, tune):
    listens = ("--model.training.alignment.source", "search", "--model.training.freeze", "null")
    status, _, line = tune(compact, corpus, *listens)
    assert status == 2
    assert line.endswith("take the whole voice or its checkpoint")
