"""`vits create`, end to end in small: a tiny base and a few seconds of tones."""

import contextlib
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
import torch

from vits.cli import main
from vits.cli.creation import stages, training
from vits.cli.creation.plan import Plan
from vits.config import (
    AudioConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    HifiGanConfig,
)
from vits.evaluation import pitch
from vits.training.callbacks.curves import Curves
from vits.training.callbacks.pace import SETTLING_STEPS, Pace
from vits.training.callbacks.sample_synthesis import SampleSynthesis

RATE = 8000
AUDIO = AudioConfig(sample_rate=RATE, n_fft=256, win_length=256, hop_length=64, n_mels=20)


@pytest.fixture(scope="module")
def base(make_bundle, make_config, tmp_path_factory):
    """A voice folder of one speaker without discriminators."""
    from vits.models.vits import Vits
    from vits.synthesis import write_voice

    config = make_config(
        audio=AUDIO,
        segment_frames=8,
        duration_predictor=DeterministicDurationConfig(filter_channels=16),
        decoder=HifiGanConfig(
            resblock="2",
            resblock_kernel_sizes=(3,),
            resblock_dilations=((1,),),
            upsample_rates=(8, 8),
            upsample_kernel_sizes=(16, 16),
            initial_channels=16,
        ),
        discriminator=DiscriminatorConfig(
            periods=(2,),
            period_channels=(4, 4),
            scale_channels=(4, 4, 4, 4, 4, 4),
            scale_groups=(1, 1, 1, 1, 1, 1),
        ),
    )
    folder = tmp_path_factory.mktemp("base") / "voice"
    return write_voice(folder, make_bundle(generator=Vits(config)))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Ten seconds in which each letter is a tone of its own."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "wavs").mkdir()
    lines = []
    for number in range(12):
        word = "".join(rng.choice(list("abcdefgh"), 8))
        parts = [np.zeros(400)]
        for letter in word:
            seconds = np.arange(int(rng.integers(500, 800))) / RATE
            parts.append(0.3 * np.sin(2 * np.pi * (250 + 200 * ord(letter) % 1600) * seconds))
        wave = np.concatenate([*parts, np.zeros(400)]) + rng.normal(0, 0.002)
        soundfile.write(folder / "wavs" / f"{number}.wav", wave, RATE)
        lines.append(f"{number}|{word}\n")
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder


STAGES = ["prepare", "check", "pace", "train", "evaluate", "bundle"]


class Result(NamedTuple):
    """Status of a command, its output lines, and the last line of its errors."""

    status: int
    lines: list[str]
    error: str

    @property
    def stages(self):
        """The first line of each stage by its name."""
        return {line.split()[0]: line for line in reversed(self.lines)}

    @property
    def done_before(self):
        return [name for name, line in self.stages.items() if "(done before)" in line][::-1]


def run_create(folder, source, base, *arguments):
    """Create ``me`` in a folder."""
    out, err = io.StringIO(), io.StringIO()
    words = ["create", str(source), "-o", str(folder / "me"), "--base", str(base), *arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    return Result(status, out.getvalue().splitlines(), (err.getvalue().splitlines() or [""])[-1])


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Leave out what takes time and is tested elsewhere: plots, judges and the search for pitch."""

    def steady_pitch(wave, hop_length, **options):
        return np.full(1 + len(wave) // hop_length, 100.0), None, None

    def plan(seconds, pace, *, new_discriminators):
        return Plan(steps=6, validate_every=2, patience=2, warmup_steps=1, decay_steps=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pitch, "require", lambda name: SimpleNamespace(pyin=steady_pitch))
        patch.setattr(stages, "judges", lambda language: ("none", "none"))
        patch.setattr(training, "plan_run", plan)
        patch.setattr(training, "MAX_STEPS", 6)
        patch.setattr(training, "TIMED_STEPS", SETTLING_STEPS + 1)
        patch.setattr(SampleSynthesis, "on_validation_epoch_end", lambda *_: None)
        patch.setattr(Curves, "_draw", lambda *_: None)
        patch.setattr("vits.evaluation.report.plots.draw", lambda *_: b"")
        yield


@pytest.fixture(scope="module")
def whole(recordings, base, tmp_path_factory):
    """A creation in one piece: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, run_create(folder, recordings, base)


@pytest.fixture
def begun(whole, tmp_path):
    """The work folder that a kill before the training leaves."""
    work = tmp_path / "me.work"
    shutil.copytree(whole[0] / "me.work", work, ignore=shutil.ignore_patterns("runs", "report"))
    journal = json.loads((work / "journal.json").read_bytes())
    journal["stages"] = {name: journal["stages"][name] for name in STAGES[:3]}
    (work / "journal.json").write_text(json.dumps(journal))
    return work


@pytest.fixture
def create(recordings, base, tmp_path):
    return lambda *words, source=recordings: run_create(tmp_path, source, base, *words)


@pytest.fixture
def no_evaluation(monkeypatch):
    """Let the evaluation be done without doing it."""

    def evaluate(creation, checkpoint, language):
        key = str(checkpoint), checkpoint.stat().st_mtime_ns
        return creation.done("evaluate", key) or creation.finish("evaluate", "left out")

    monkeypatch.setattr(stages, "evaluate", evaluate)


def crash(monkeypatch, owner, name, when=lambda *_: True):
    """Let a function raise before it does anything, once, like a kill there."""
    function, calls = getattr(owner, name), []

    def replacement(*arguments, **options):
        if not calls and when(*arguments):
            calls.append(1)
            raise InterruptedError("killed")
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, replacement)


def voice_of(folder):
    from vits.synthesis import read_voice

    return read_voice(folder / "me")


@pytest.mark.slow
def test_every_stage_is_done_once(whole, recordings, base):
    folder, result = whole
    assert (result.status, result.error) == (0, "")
    assert [line.split()[0] for line in result.lines[: len(STAGES)]] == STAGES
    assert result.done_before == []
    assert "6 steps" in result.stages["train"]
    assert "spectra" in result.stages["evaluate"]
    assert result.lines[-1] == f"next      vits say 'Hello.' -o hello.wav --voice {folder / 'me'}"
    assert 'href="report/report.html"' in (folder / "me.work" / "index.html").read_text()
    again = run_create(folder, recordings, base)
    assert (again.status, again.done_before) == (0, STAGES)


@pytest.mark.slow
def test_a_creation_stopped_by_time_and_killed_twice_makes_the_voice_of_one_in_a_piece(
    create, whole, begun, tmp_path, monkeypatch, no_evaluation
):
    monkeypatch.setattr(training, "reserve", lambda seconds: seconds)  # no time is left for it
    short = create("--minutes", "1")
    assert (short.status, short.done_before) == (0, STAGES[:3])
    assert "1 steps" in short.stages["train"]
    assert "ended by the time" in short.stages["train"]
    assert any("run the same command with more --minutes" in line for line in short.lines)
    assert voice_of(tmp_path).card.training_steps == 1

    monkeypatch.setattr(training, "reserve", lambda seconds: 0.0)
    crash(monkeypatch, Pace, "on_train_batch_end", lambda _, trainer, *__: trainer.global_step == 3)
    crash(monkeypatch, stages, "evaluate")
    for _ in range(2):
        killed = create("--minutes", "9")
        assert (killed.status, killed.done_before) == (2, STAGES[:3])
        assert voice_of(tmp_path).card.training_steps == 1
    assert "6 steps" in killed.stages["train"]
    finished = create("--minutes", "9")
    assert (finished.status, finished.done_before) == (0, STAGES[:4])
    expected = voice_of(whole[0]).generator.state_dict()
    resumed = voice_of(tmp_path).generator.state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in expected.items())


def test_other_recordings_start_a_run_of_their_own(
    create, recordings, whole, begun, tmp_path, monkeypatch
):
    runs = []

    def finetune(creation, stage, words, pace):
        runs.append(dict(zip(words[::2], words[1::2], strict=True)))
        raise InterruptedError("killed")

    monkeypatch.setattr(training, "_finetune", finetune)
    monkeypatch.setattr(training, "measure_pace", lambda *_: 1.0)
    mine = tmp_path / "mine"
    shutil.copytree(recordings, mine)
    table = (mine / "metadata.csv").read_text().splitlines()
    (mine / "metadata.csv").write_text("\n".join(table[:-1]) + "\n", encoding="utf-8")
    assert create().status == 2
    other = create(source=mine)
    assert (other.status, other.done_before) == (2, [])
    assert "11 utterances" in other.stages["prepare"]
    folders = [Path(run["--trainer.default_root_dir"]) for run in runs]
    assert [folder.parent for folder in folders] == [begun / "runs"] * 2
    assert folders[0] != folders[1]
    assert [run["--checkpoint.patience"] for run in runs] == ["2", "2"]


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda me, work: (me.mkdir(), (me / "notes").touch()), "choose another folder with -o"),
        (lambda me, work: (work.mkdir(), (work / "journal.json").write_text("{")), "remove it"),
    ],
)
def test_an_output_of_others_is_an_error_and_stays(create, tmp_path, prepare, words):
    prepare(tmp_path / "me", tmp_path / "me.work")
    before = sorted(tmp_path.rglob("*"))
    result = create()
    assert (result.status, result.lines) == (2, [])
    assert result.error.startswith("vits: error: ")
    assert words in result.error
    assert sorted(tmp_path.rglob("*")) == before


def test_recordings_that_do_not_exist_are_an_error(create, tmp_path):
    result = create(source=tmp_path / "absent")
    assert result.status == 2
    assert result.error.startswith("vits: error: ")
    assert "absent" in result.error


@pytest.mark.parametrize("minutes", ["0", "-3", "nan", "inf", "soon"])
def test_minutes_must_be_a_positive_number(create, minutes):
    assert create("--minutes", minutes).status == 2
