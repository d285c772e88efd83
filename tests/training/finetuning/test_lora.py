"""Fine-tuning by low rank: nothing before a step, exact when resumed, and an adapter at the end."""

import shutil
from pathlib import Path

import pytest
import soundfile
import torch
import yaml

from vits.cli import main
from vits.config import to_dict
from vits.models.low_rank import split_state
from vits.synthesis import bundle_checkpoint, load, read_voice
from vits.synthesis.bundle.adapter import Adapter
from vits.training import module as training_module

RANK = ("--lora", 2)
PREFIX = "generator."
FINISHED: dict[str, Path] = {}


def parts(path):
    """Split the generator of a checkpoint into the voice's weights and the differences."""
    state = torch.load(path, weights_only=True)["state_dict"]
    return split_state({n: value for n, value in state.items() if n.startswith(PREFIX)})


def equal(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_before_a_step_it_is_the_voice(duo, duo_corpus, tune, tuned):
    status, _, line = tune(duo.voice, duo_corpus, *RANK, "--trainer.max_steps", 0)
    assert status == 0, line
    before, after = read_voice(duo.voice), bundle_checkpoint(tuned)
    assert equal(before.generator.state_dict(), after.generator.state_dict())
    averages = torch.load(tuned, weights_only=True)["vits"]["ema"]
    assert equal(split_state(averages)[0], dict(before.generator.named_parameters()))


@pytest.fixture
def steps(duo, duo_corpus, tune, tmp_path_factory, monkeypatch):
    """Train four steps, once; return the folder of its checkpoints."""
    if "steps" in FINISHED:
        return FINISHED["steps"]
    lacking = set()
    update = training_module.VitsModule._update

    def watch(self, index, losses, metrics):
        if index == 1:
            lacking.update(
                name
                for name, p in self.generator.named_parameters()
                if p.requires_grad and p.grad is None
            )
        update(self, index, losses, metrics)

    monkeypatch.setattr(training_module.VitsModule, "_update", watch)
    root = tmp_path_factory.mktemp("lora") / "whole"
    status, _, line = tune(
        *(duo.checkpoint, duo_corpus, *RANK, "--trainer.max_steps", 4),
        *("--trainer.default_root_dir", root),
        *("--checkpoint.every_n_steps", 2, "--checkpoint.keep_last", 2),
    )
    assert status == 0, line
    assert lacking == set()  # as DDP needs, which waits for the gradient of every parameter
    FINISHED["steps"] = root / "checkpoints"
    return FINISHED["steps"]


@pytest.mark.slow
def test_only_differences_train_and_a_run_goes_on(duo, duo_corpus, steps, tune, tmp_path):
    weights, differences = parts(steps / "last.ckpt")
    before = read_voice(duo.voice).generator.state_dict()
    assert equal(before, {name.removeprefix(PREFIX): value for name, value in weights.items()})
    still = [
        f"{name}.{factor}"
        for name, factors in differences.items()
        for factor, value in factors.items()
        if factor != "down" and not value.any()
    ]
    assert still == []
    part = tmp_path / "part" / "checkpoints"
    part.mkdir(parents=True)
    shutil.copy(steps / "step-0000002.ckpt", part)
    resume = ("--resume", "auto", "--trainer.default_root_dir", part.parent)
    status, _, line = tune(duo.checkpoint, duo_corpus, "--lora=3", *resume)
    assert (status, "different model" in line) == (2, True), line
    status, _, line = tune(duo.checkpoint, duo_corpus, *resume, "--trainer.max_steps", 4)
    assert status == 0, line  # the rank is the run's
    one, other = (torch.load(folder / "last.ckpt", weights_only=True) for folder in (steps, part))
    assert equal(one["state_dict"], other["state_dict"])
    assert equal(one["vits"]["ema"], other["vits"]["ema"])


@pytest.mark.slow
def test_the_adapter_on_the_voice_is_the_voice_of_the_run(duo, duo_corpus, steps, tmp_path, tune):
    run, adapter = str(steps.parent), str(tmp_path / "me.safetensors")
    assert main(["bundle", run, "-o", str(tmp_path / "run"), "--name", "me"]) == 0
    assert main(["bundle", run, "-o", adapter, "--name", "me", "--licence", "MIT"]) == 0
    merge = ["merge", str(duo.voice), "-o", str(tmp_path / "merged"), adapter]
    assert main(merge) == 0
    of_run, merged = (read_voice(tmp_path / name) for name in ("run", "merged"))
    assert equal(of_run.generator.state_dict(), merged.generator.state_dict())
    base = read_voice(duo.voice)
    assert not equal(of_run.generator.state_dict(), base.generator.state_dict())
    assert Adapter.read(adapter).card.licence == "MIT"
    worn = load(duo.voice, adapter=adapter)("abc", speaker="anna", seed=5)
    assert (worn.samples == load(tmp_path / "run")("abc", speaker="anna", seed=5).samples).all()
    say = ["say", "abc", "-o", str(tmp_path / "abc.wav"), "--voice", str(duo.voice), "--seed", "5"]
    assert main([*say, "--adapter", adapter, "--speaker", "anna"]) == 0
    assert soundfile.info(tmp_path / "abc.wav").frames == len(worn.samples)
    # from the run another run may start, which trains weights
    status, shown, line = tune(steps / "last.ckpt", duo_corpus, "--trainer.max_steps", 0)
    assert status == 0, line
    assert "optimizers: new" in shown
    assert "discriminators: the checkpoint's" in shown


@pytest.mark.slow
def test_what_an_adapter_cannot_hold_is_one_line(duo, more, tune):
    status, _, line = tune(duo.voice, more, *RANK)
    assert status == 2
    assert "new symbols ('x', 'y', 'é') must not be in a run with lora_rank" in line
    assert "prepare the data with --like VOICE" in line


def test_a_new_model_has_no_adapter(config, duo_corpus, tmp_path, capfd):
    path = tmp_path / "fit.yaml"
    data = {"train": str(duo_corpus), "n_validation": 0}
    model = {"config": to_dict(config), "training": {"lora_rank": 2}}
    del model["config"]["n_symbols"]
    trainer = {"default_root_dir": str(tmp_path), "accelerator": "cpu"}
    path.write_text(yaml.safe_dump({"trainer": trainer, "data": data, "model": model}))
    assert main(["fit", "-c", str(path)]) == 2
    line = capfd.readouterr().err.strip().splitlines()[-1]
    assert "take `vits finetune VOICE DATA`" in line, line


def test_wrong_words_are_one_line(duo, tmp_path, capfd):
    voice, adapter = str(duo.voice), str(tmp_path / "me.safetensors")
    bundle = ["bundle", str(duo.checkpoint), "-o", adapter]
    merge = ["merge", voice, "-o", str(tmp_path / "merged")]
    for words, fault in (
        (bundle, "its run trained whole weights"),
        ([*bundle, "--compact"], "--compact has no effect on an adapter"),
        ([*bundle, "--noise-scale", "0.5"], "--noise-scale has no effect on an adapter"),
        ([*merge, adapter, "--weight", "1"], "--weight has no effect with the adapter"),
        ([*merge, adapter, "--minus", voice], "--minus has no effect with the adapter"),
        ([*merge, adapter], "me.safetensors does not exist"),
    ):
        assert main(words) == 2
        error = capfd.readouterr().err
        assert fault in error
        assert error.count("\n") == 1
