"""``vits fit``: a real run, going on with it, and what it refuses, each in one line."""

import pytest
import torch
import yaml

from vits.cli import main
from vits.config import to_dict
from vits.training.callbacks.curves import read_history


@pytest.fixture
def run(tmp_path, config, data, capfd):
    """Run ``vits fit`` on a small configuration file; return exit status and standard error."""
    path = tmp_path / "config.yaml"
    settings = {
        "trainer": {
            "accelerator": "cpu",
            "max_steps": 4,
            "val_check_interval": 2,
            "default_root_dir": str(tmp_path / "run"),
            "log_every_n_steps": 1,
        },
        "model": {"config": to_dict(config)},
        "data": {"train": str(data), "n_validation": 2, "max_frames": 600, "workers": 0},
        "checkpoint": {"every_n_train_steps": 2},
    }
    path.write_text(yaml.safe_dump(settings))

    def fit(*arguments):
        status = main(["fit", "-c", str(path), *arguments])
        return status, capfd.readouterr().err.strip().splitlines()[-1:]

    return fit


def load(path):
    return torch.load(path, weights_only=True)


def test_a_run_and_going_on_with_it_is_the_uninterrupted_run(run, tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert run("--trainer.default_root_dir", str(whole))[0] == 0
    assert run("--trainer.default_root_dir", str(halves), "--trainer.max_steps", "2")[0] == 0
    again = ("--trainer.default_root_dir", str(halves), "--ckpt_path", "last")
    assert run(*again)[0] == 0
    first, second = (load(folder / "checkpoints/last.ckpt") for folder in (whole, halves))
    assert first["global_step"] == second["global_step"] == 4
    for name, value in first["state_dict"].items():
        assert torch.equal(value, second["state_dict"][name]), name
    for name, value in first["vits"]["ema"].items():
        assert torch.equal(value, second["vits"]["ema"][name]), name
    one, other = (read_history(folder / "history.csv") for folder in (whole, halves))
    assert one["val/mel"] == other["val/mel"]
    assert one["val/mel"][0] == [2, 4]


def test_a_run_leaves_what_it_promises(run, tmp_path):
    assert run()[0] == 0
    folder = tmp_path / "run"
    assert (folder / "history.csv").exists()
    assert (folder / "curves.png").exists()
    assert len(list((folder / "listening").glob("*.wav"))) == 2
    assert list(folder.glob("events.out.tfevents.*"))
    kept = load(folder / "checkpoints/last.ckpt")
    assert kept["vits"]["format"] == 1
    assert kept["vits"]["data"]["utterances"] == 10
    assert kept["vits"]["ema"].keys() == {
        key.removeprefix("generator.") for key in kept["state_dict"] if key.startswith("generator.")
    }


def test_the_newest_checkpoints_are_kept(run, tmp_path):
    assert run("--checkpoint.every_n_train_steps", "1", "--checkpoint.save_top_k", "2")[0] == 0
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept == ["last.ckpt", "step=0000003.ckpt", "step=0000004.ckpt"]


def test_an_old_run_is_not_written_over(run, tmp_path):
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "step=0000002.ckpt").touch()
    status, line = run()
    assert status == 2
    assert "already holds checkpoints: add --ckpt_path last" in line[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model.config.n_layers_q", "3"), "--model.config.n_layers_q"),
        (("--model.config.audio.hop_length", "32"), "hop_length 32 must equal the product of"),
        (("--trainer.max_steps", "many"), "trainer.max_steps"),
        (("--data.train", "/nowhere"), "/nowhere is not a folder; make it with"),
        (("--data.max_frames", "10"), "more than max_frames 10"),
        (("--model.training.learning_rate", "0"), "learning_rate 0"),
        (("--ckpt_path", "/nowhere.ckpt"), "/nowhere.ckpt"),
        (("-c", "/nowhere.yaml"), "/nowhere.yaml"),
    ],
)
def test_wrong_input_is_one_line(run, arguments, words):
    status, line = run(*arguments)
    assert status == 2
    assert line[0].startswith("vits: error: ")
    assert words in line[0]


@pytest.mark.parametrize("key", ["hidden_channel", "decoder"])
def test_an_unknown_key_in_a_file_is_named(run, tmp_path, key):
    path = tmp_path / "more.yaml"
    extra = {key: 3} if key != "decoder" else {key: {"upsample": [4, 4]}}
    path.write_text(yaml.safe_dump({"model": {"config": extra}}))
    status, line = run("-c", str(path))
    assert status == 2
    assert ("hidden_channel" if key != "decoder" else "upsample") in line[0]


@pytest.mark.parametrize("content", [b"", b"garbage" * 99, b"PK\x03\x04" + bytes(500)])
def test_a_corrupt_checkpoint_is_one_line(run, tmp_path, content):
    path = tmp_path / "broken.ckpt"
    path.write_bytes(content)
    status, line = run("--ckpt_path", str(path))
    assert status == 2
    assert "broken.ckpt is damaged, half-written or no checkpoint" in line[0]
