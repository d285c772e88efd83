"""``vits fit``: a real run, going on with it, and what it refuses, each in one line."""

import errno
import os
import re
import shutil
import signal
import socket
import sys
import threading

import jsonargparse
import numpy as np
import pytest
import torch
import yaml
from matplotlib.figure import Figure
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.data import DataLoader

from vits.cli import main
from vits.config import to_dict
from vits.errors import DataError, Preempted
from vits.training import VitsModule, command
from vits.training.callbacks import sample_synthesis
from vits.training.callbacks.curves import Curves, read_history
from vits.training.run_folder import lock


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
        "checkpoint": {"every_n_steps": 2},
    }
    path.write_text(yaml.safe_dump(settings))

    def fit(*arguments):
        status = main(["fit", "-c", str(path), *arguments])
        return status, capfd.readouterr().err.strip().splitlines()[-1:]

    return fit


def load(path):
    return torch.load(path, weights_only=True)


@pytest.fixture
def unseen(monkeypatch):
    """Draw nothing: pictures take longer than the steps between them."""
    monkeypatch.setattr(Curves, "_draw", lambda self, trainer: None)
    for name in ("mel_figure", "alignment_figure"):
        monkeypatch.setattr(sample_synthesis, name, lambda *_: Figure(figsize=(1, 1)))


def test_a_run_and_going_on_with_it_is_the_uninterrupted_run(run, unseen, tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert run("--trainer.default_root_dir", str(whole))[0] == 0
    assert run("--trainer.default_root_dir", str(halves), "--trainer.max_steps", "2")[0] == 0
    again = ("--trainer.default_root_dir", str(halves), "--resume", "auto")
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
    assert len(list((folder / "samples").glob("*.wav"))) == 2
    assert list(folder.glob("events.out.tfevents.*"))
    kept = load(folder / "checkpoints/last.ckpt")
    assert kept["vits"]["format"] == 1
    assert kept["vits"]["data"]["utterances"] == 10
    assert kept["vits"]["ema"].keys() == {
        key.removeprefix("generator.") for key in kept["state_dict"] if key.startswith("generator.")
    }


def test_the_newest_checkpoints_are_kept(quick, tmp_path):
    arguments = ("--checkpoint.every_n_steps", "1", "--checkpoint.keep_last", "2")
    assert quick(*arguments, "--checkpoint.keep_best", "false")[0] == 0
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept == ["last.ckpt", "step-0000003.ckpt", "step-0000004.ckpt"]


@pytest.fixture
def quick(run, unseen, tmp_path, capfd):
    """A run without validations and pictures; its standard error but for its precision."""
    options = ("--trainer.val_check_interval", "99", "--trainer.enable_progress_bar", "false")

    def fit(*arguments):
        status = main(["fit", "-c", str(tmp_path / "config.yaml"), *options, *arguments])
        lines = capfd.readouterr().err.strip().splitlines()
        precision = "vits: precision 32-true: the default on a CPU"
        assert status != 0 or lines.count(precision) == 1
        return status, [line for line in lines if line != precision]

    return fit


@pytest.fixture
def signals():
    """Put the signals back that a process on its way out ignores."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_stops_a_run_and_auto_goes_on_with_it(quick, signals, tmp_path, monkeypatch):
    step = VitsModule.training_step

    def hit(self, batch, batch_idx):
        if self.global_step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(VitsModule, "training_step", hit)
        status, lines = quick()
    assert status == 75
    folder = tmp_path / "run" / "checkpoints"
    command = f"vits fit -c {tmp_path}/config.yaml --trainer.val_check_interval 99"
    (line,) = [line for line in lines if line.startswith("vits: ")]
    saved = int(line.split()[4].rstrip(","))
    assert line.startswith(
        f"vits: stopped at step {saved}, saved as {folder}/step-000000{saved}.ckpt"
    )
    assert f"; resume with: {command}" in line
    assert line.endswith("--resume auto")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    damaged = folder / "step-0000004.ckpt"
    damaged.write_bytes(b"half")
    status, lines = quick("--resume", "auto")
    assert status == 0
    (line,) = [line for line in lines if line.startswith("vits: ")]
    assert line == f"vits: skipped {damaged}: it is damaged, incomplete or not a checkpoint"
    assert load(folder / "last.ckpt")["global_step"] == 4


def test_the_command_line_wins_over_a_checkpoint_and_says_so(quick, tmp_path):
    assert quick("--trainer.max_steps", "2")[0] == 0
    arguments = ("--model.training.optimizer.learning_rate", "1e-5", "--data.max_frames", "500")
    status, lines = quick("--resume", "auto", *arguments)
    assert status == 0
    assert [line for line in lines if line.startswith("vits: ")] == [
        "vits: model.training.optimizer.learning_rate: 0.0002 in the checkpoint, 1e-05 now",
        "vits: data.max_frames: 600 in the checkpoint, 500 now",
    ]
    last = load(tmp_path / "run" / "checkpoints" / "last.ckpt")
    for optimizer in last["optimizer_states"]:
        assert optimizer["param_groups"][0]["lr"] == 1e-5
    assert last["vits"]["training"]["optimizer"]["learning_rate"] == 1e-5


def test_a_model_of_another_shape_is_refused_with_its_keys(quick):
    assert quick("--trainer.max_steps", "1")[0] == 0
    status, lines = quick("--resume", "auto", "--model.config.hidden_channels", "32")
    assert status == 2
    assert "model.config.hidden_channels: 24 in the checkpoint, 32 now" in lines[-1]


def test_an_old_run_is_not_written_over(run, tmp_path):
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "step-0000002.ckpt").touch()
    status, line = run()
    assert status == 2
    assert "already has checkpoints: add --resume auto" in line[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model.config.n_layers_q", "3"), "--model.config.n_layers_q"),
        (("--model.config.audio.hop_length", "32"), "hop_length 32 must equal the product of"),
        (("--trainer.max_steps", "many"), "trainer.max_steps"),
        (("--data.train", "/nowhere"), "/nowhere is not a folder; make it with"),
        (("--data.max_frames", "10"), "more than max_frames 10"),
        (("--model.training.optimizer.learning_rate", "0"), "optimizer.learning_rate 0"),
        (("--resume", "/nowhere.ckpt"), "/nowhere.ckpt does not exist"),
        (("--ckpt_path", "last"), "give --resume auto or --resume PATH"),
        (("--ckpt_path=last",), "give --resume auto or --resume PATH"),
        (("--trainer.precision", "16-mixed"), "16-mixed needs a loss scale, which is not"),
        (("--trainer.precision", "bf16-true"), "bf16-true keeps the weights in bfloat16, which"),
        (("--checkpoint.keep_last", "0"), "checkpoint.keep_last 0 must be positive"),
        (("-c", "/nowhere.yaml"), "/nowhere.yaml"),
        (("--trainer.max_epochs", "3"), "trainer.max_epochs 3 has no effect"),
        (("--trainer.min_epochs", "3"), "trainer.min_epochs 3 has no effect"),
        (("--trainer.max_step", "3"), "--trainer.max_step"),
        (("--data.n_val", "3"), "--data.n_val"),
        (("--data.n_validation", "12"), "data.n_validation 12 must be less than the 12 utterances"),
        (("--trainer.accelerator", "tpu"), "--trainer.accelerator tpu"),
        (("--trainer.accelerator", "nothing"), "--trainer.accelerator nothing"),
        (("--trainer.devices", "0"), "--trainer.devices 0"),
        (("--trainer.strategy", "nothing"), "--trainer.strategy nothing"),
        (("--trainer.profiler", "nothing"), "--trainer.profiler nothing"),
        (("--trainer.max_time", "5 minutes"), "--trainer.max_time 5 minutes"),
        (("--trainer.logger", "WandbLogger"), "wandb"),
        (("--trainer.logger", "CometLogger"), "comet"),
        (("--trainer.overfit_batches", "-1"), "--trainer.overfit_batches -1"),
        (("--trainer.limit_train_batches", "1.5"), "--trainer.limit_train_batches 1.5"),
        (("--trainer.gradient_clip_val", "1"), "--trainer.gradient_clip_val 1"),
        (("--trainer.accumulate_grad_batches", "2"), "--trainer.accumulate_grad_batches 2"),
        (("--trainer.precision", "64-mixed"), "64-mixed"),
        (("--trainer.benchmark", "perhaps"), "trainer.benchmark"),
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
    status, line = run("--resume", str(path))
    assert status == 2
    assert "broken.ckpt is damaged, incomplete or not a checkpoint" in line[0]


@pytest.mark.parametrize(("environment", "asked"), [("2", True), ("2", False), (None, True)])
def test_a_failed_collective_waits_for_the_reason(monkeypatch, environment, asked):
    """A launcher ends the other ranks when one was stopped; its signal comes a moment later."""
    monkeypatch.setattr(command, "GRACE_S", 0.5)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if environment:
        monkeypatch.setenv("WORLD_SIZE", environment)

    def train(request, resume_command):
        request.defer_to_step_end()
        if asked:
            threading.Timer(0.1, setattr, (request, "requested", True)).start()
        raise RuntimeError("connection closed by peer")

    is_stop = asked and environment is not None
    with pytest.raises(RuntimeError, match="another rank" if is_stop else "by peer") as caught:
        command.run_training(["vits", "fit"], train)
    assert isinstance(caught.value, Preempted) == is_stop


@pytest.mark.filterwarnings("default::vits.errors.TrainingWarning")
def test_writes_that_are_not_checkpoints_may_fail(run, unseen, tmp_path, capfd, monkeypatch):
    def fail(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr(RecordWriter, "write", fail)
    for name in ("history.csv", "config.yaml"):
        (folder / name).symlink_to("/dev/full")
    (folder / ".history.csv").mkdir()  # where a new history is written
    (folder / "samples").write_text("not a folder")
    assert main(["fit", "-c", str(tmp_path / "config.yaml")]) == 0
    assert load(folder / "checkpoints/last.ckpt")["global_step"] == 4
    shown = capfd.readouterr().err
    messages = re.findall(r"vits: warning: (cannot write .*)", shown)
    for name in ("history.csv", "config.yaml", "events.out.tfevents", "samples/0-"):
        assert any(m.startswith(f"cannot write {folder / name}") for m in messages), name
    assert len({m.split(";")[0] for m in messages}) == len(messages)  # each file once
    assert f"{folder}/config.yaml (1)" in shown
    assert "Traceback" not in shown


def test_a_second_run_in_the_folder_is_refused(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(lock.fcntl, "lockf", refuse)
    (tmp_path / "run").mkdir()
    owner = f"process {os.getppid()} on {socket.gethostname()} since 2026-01-01 10:00:00"
    (tmp_path / "run" / "run.lock").write_text(owner)
    for arguments in ((), ("--resume", "auto")):
        status, lines = quick(*arguments)
        assert status == 2
        assert f"is in use by {owner}" in lines[-1]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.lock"]


def refuse(*_):
    raise OSError(errno.EAGAIN, "held")


def test_the_end_of_a_run_is_explained(run, unseen, tmp_path, capfd):
    path = str(tmp_path / "config.yaml")
    options = ("--trainer.val_check_interval", "99", "--trainer.enable_progress_bar", "false")
    assert main(["fit", "-c", path, *options, "--trainer.max_steps", "1"]) == 0
    bundle = f"make a voice of it with: vits bundle {tmp_path / 'run'} -o DIR"
    assert capfd.readouterr().out == f"finished at step 1; {bundle}\n"
    assert main(["fit", "-c", path, *options, "--trainer.max_steps", "1", "--resume", "auto"]) == 0
    shown = capfd.readouterr()
    assert "the run is finished: " in shown.err
    assert "to go on, raise trainer.max_steps" in shown.err
    limit = ("--trainer.max_time", "00:00:00:00")
    assert main(["fit", "-c", path, *options, "--resume", "auto", *limit]) == 0
    shown = capfd.readouterr().out
    assert "of 4, because trainer.max_time is over; go on with: vits fit" in shown
    assert "--resume auto and a longer trainer.max_time; make a voice" in shown


def test_other_recordings_of_the_same_size_are_reported(quick, data, tmp_path):
    assert quick("--trainer.max_steps", "1")[0] == 0
    changed = tmp_path / "changed"
    shutil.copytree(data, changed)
    audio = np.fromfile(changed / "audio.i16", dtype="<i2")
    (audio // 2).astype("<i2").tofile(changed / "audio.i16")
    status, lines = quick("--resume", "auto", "--data.train", str(changed))
    assert status == 0
    (line,) = [line for line in lines if line.startswith("vits: ")]
    assert line.startswith("vits: training content: ")


class Broken:
    def __getitem__(self, index):
        raise DataError(f"audio of {index} is too short")

    def __len__(self):
        return 2


def test_an_error_of_a_loader_process_is_one_line():
    def train(request, resume_command):
        next(iter(DataLoader(Broken(), num_workers=1)))

    with pytest.raises(DataError, match=r"^audio of 0 is too short$"):
        command.run_training(["vits", "fit"], train)


def test_an_error_below_this_library_is_a_bug():
    def train(request, resume_command):
        to_dict(3)

    with pytest.raises(TypeError):
        command.run_training(["vits", "fit"], train)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that leaves a mark when it is imported; the parser's settings are put back."""
    (tmp_path / "marking.py").write_text(
        "import pathlib, pytorch_lightning as pl\n"
        f"pathlib.Path({str(tmp_path / 'mark')!r}).touch()\n"
        "class Mark(pl.Callback):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = jsonargparse._common.parsing_settings
    for name in ("import_path_verdicts", "import_paths_enforced"):
        monkeypatch.setitem(settings, name, settings[name])
    monkeypatch.delitem(sys.modules, "marking", raising=False)
    return tmp_path / "mark"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--trainer.callbacks", "marking.Mark"),
        ("--trainer.callbacks+=marking.Mark",),
        ("--trainer.logger", "marking.Mark"),
        ("--trainer.logger.class_path", "marking.Mark"),
        ("--trainer.plugins", "[{class_path: marking.Mark}]"),
        ("-c", "trainer: {callbacks: [{class_path: marking.Mark}]}"),
        ("--trainer", "{profiler: {class_path: marking.Mark}}"),
        ("--trainer.callbacks", "{class_path: LambdaCallback, init_args: {setup: marking.Mark}}"),
    ],
)
def test_a_configuration_imports_only_what_is_allowed(run, module, arguments):
    status, line = run(*arguments)
    assert status == 2
    assert "'marking.Mark' is not of a package that a configuration may name" in line[0]
    assert line[0].endswith("add --allow-imports")
    assert not module.exists()


def test_allowed_imports_are_imported(run, module, monkeypatch):
    verdicts = {"jsonargparse": False}
    monkeypatch.setitem(jsonargparse._common.parsing_settings, "import_path_verdicts", verdicts)
    stop = ("--trainer.max_epochs", "1", "--allow-imports")
    status, line = run("--trainer.callbacks", "marking.Mark", *stop)
    assert status == 2
    assert "trainer.max_epochs 1 has no effect" in line[0]
    assert module.exists()
    monkeypatch.setitem(jsonargparse._common.parsing_settings, "import_path_verdicts", verdicts)
    status, line = run("--trainer.callbacks", "EarlyStopping", "--trainer.max_epochs", "1")
    assert "is not of a package" not in line[0]
