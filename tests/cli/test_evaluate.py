"""`vits evaluate`, end to end."""

import json
import os
import sys
import types

import numpy as np
import pytest
import soundfile
import torch

from vits.cli import main
from vits.config import FrontendConfig
from vits.synthesis import bundle_checkpoint, write_voice
from vits.text import Frontend


class FixedRecogniser:
    """Recogniser with a constant result."""

    def transcribe(self, samples, sample_rate):
        return "good night"


class FixedPredictor:
    """Predictor of naturalness with a constant result."""

    def rate(self, samples, sample_rate):
        return 3.25


@pytest.fixture(autouse=True)
def recogniser_module(monkeypatch):
    module = types.ModuleType("recognisers")
    module.FixedRecogniser = FixedRecogniser
    module.FixedPredictor = FixedPredictor
    monkeypatch.setitem(sys.modules, "recognisers", module)


@pytest.fixture
def write_checkpoint(make_bundle, checkpoint_values):
    def write(path, seed):
        bundle = make_bundle(seed=seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(checkpoint_values(bundle, step=seed), path)
        os.utime(path, (seed, seed))
        return path

    return write


@pytest.fixture
def checkpoint(write_checkpoint, tmp_path):
    return write_checkpoint(tmp_path / "run" / "checkpoints" / "step-1.ckpt", 1)


@pytest.fixture
def sentences(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("good night.\nsleep well.\n", encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus" / "wavs").mkdir(parents=True)
    noise = np.random.default_rng(1).normal(0, 0.1, 6000)
    soundfile.write(tmp_path / "corpus" / "wavs" / "x.wav", noise, 16000)
    (tmp_path / "corpus" / "metadata.csv").write_text("x|good night.\n", encoding="utf-8")
    return tmp_path / "corpus"


@pytest.fixture
def evaluate(capsys, steady_pitch):
    def run(*arguments, recogniser="recognisers:FixedRecogniser", naturalness="none"):
        command = ["evaluate", *map(str, arguments)]
        command += ["--recogniser", recogniser, "--naturalness", naturalness]
        status = main(command)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_a_checkpoint_is_evaluated_on_texts(evaluate, checkpoint, sentences, tmp_path):
    status, out, err = evaluate(checkpoint, sentences, "-o", tmp_path / "report")
    assert (status, err) == (0, "")
    assert "step-1" in out
    assert "50.0 %" in out  # two of four words
    assert str(tmp_path / "report" / "report.html") in out
    assert (tmp_path / "report" / "report.html").is_file()
    assert "recordings" not in out.partition("\n")[0]
    assert "naturalness" not in out


def test_naturalness_is_a_row_of_the_table(evaluate, checkpoint, sentences):
    status, out, _ = evaluate(checkpoint, sentences, naturalness="recognisers:FixedPredictor")
    assert status == 0
    (row,) = [line for line in out.splitlines() if line.startswith("naturalness")]
    assert float(row.split()[-1]) == 3.25


def test_with_json_nothing_else_is_printed(evaluate, checkpoint, corpus):
    status, out, _ = evaluate(checkpoint, corpus, "--json", "--limit", "1")
    found = json.loads(out)
    assert status == 0
    assert found["recordings"]["summary"]["word_error_rate"] == 0
    assert found["voices"][0]["summary"]["mcd"] > 0
    assert found["best"] == "step-1"


def test_a_voice_is_compared_with_another(evaluate, checkpoint, sentences, tmp_path):
    folder = write_voice(tmp_path / "ada", bundle_checkpoint(checkpoint))
    status, out, _ = evaluate(folder, sentences, "--against", checkpoint)
    assert status == 0
    assert out.partition("\n")[0].split() == ["ada", "step-1"]
    assert "best: ada" in out  # the same voice: the first of equals


def test_voices_with_the_same_name_are_listed_by_their_paths(
    evaluate, checkpoint, write_checkpoint, sentences, tmp_path, monkeypatch
):
    other = write_checkpoint(tmp_path / "other" / "step-1.ckpt", 3)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status, out, err = evaluate(checkpoint, sentences, "--against", other, "--limit", "1")
    assert status == 0
    assert out.partition("\n")[0].split() == [str(checkpoint), str(other)]
    assert "1/1" in err  # a progress bar on a terminal


def test_there_is_no_best_voice_without_scores(
    evaluate, checkpoint, write_checkpoint, sentences, tmp_path
):
    other = write_checkpoint(tmp_path / "step-3.ckpt", 3)
    arguments = (checkpoint, sentences, "--against", other, "--limit", "1")
    status, out, _ = evaluate(*arguments, recogniser="none")
    assert status == 0
    assert "best:" not in out
    assert out.splitlines()[-1].split()[-2:] == ["–", "–"]
    found = json.loads(evaluate(*arguments, "--json", recogniser="none")[1])
    assert found["best"] is None
    assert found["voices"][0]["score"]["value"] is None


def test_the_best_checkpoint_of_a_run_is_named(
    evaluate, checkpoint, write_checkpoint, corpus, tmp_path
):
    write_checkpoint(checkpoint.with_name("step-2.ckpt"), 2)
    os.link(checkpoint.with_name("step-2.ckpt"), checkpoint.with_name("last.ckpt"))
    run, report = tmp_path / "run", tmp_path / "report"
    status, out, _ = evaluate(run, corpus, "--checkpoints", "-o", report)
    assert status == 0
    assert out.partition("\n")[0].split() == ["recordings", "step-1", "step-2"]
    found = json.loads((report / "figures.json").read_text())
    scores = {voice["name"]: voice["score"]["value"] for voice in found["voices"]}
    assert found["best"] == min(scores, key=scores.get)
    assert len(list(report.glob("audio/*/0000.wav"))) == 2  # the recordings and the best


def test_bad_input_is_one_line_and_status_2(evaluate, checkpoint, sentences, tmp_path):
    bigram = ("--language-model", "bigram")
    (tmp_path / "empty").mkdir()
    for arguments, word in (
        ((tmp_path / "nowhere", sentences), "nowhere"),
        ((checkpoint, tmp_path / "nowhere.txt"), "nowhere.txt"),
        ((checkpoint, sentences, "-o", tmp_path), "no earlier report"),
        ((checkpoint, sentences, *bigram), "--sentences"),
        ((checkpoint, sentences, *bigram, "--sentences", sentences), "has its own language model"),
        ((checkpoint, sentences, "--checkpoints"), "is not a folder"),
        ((tmp_path / "run" / "checkpoints", sentences, "--f-min", "500"), "pitch range"),
        ((checkpoint, sentences, "--speaker", "bob"), "bob"),
        ((checkpoint, sentences, "--against", tmp_path / "no voice"), "no voice"),
        ((checkpoint, sentences, "--against", tmp_path / "empty"), "neither a voice"),
        ((tmp_path / "empty", sentences, "--checkpoints"), "contains no *.ckpt"),
        ((checkpoint, sentences, *bigram[:1], "own", "--sentences", sentences), "together"),
    ):
        status, out, err = evaluate(*arguments)
        assert (status, out) == (2, ""), arguments
        assert err.count("\n") == 1
        assert word in err


def test_pocketsphinx_rejects_other_languages(evaluate, checkpoint, sentences, monkeypatch):
    import vits.cli.evaluate as command

    real = command._load

    def german(*args):
        voice = real(*args)
        config = FrontendConfig(backend="graphemes", language="de")
        monkeypatch.setattr(voice, "_frontend", Frontend(config, voice.frontend.symbols))
        return voice

    monkeypatch.setattr(command, "_load", german)
    status, _, err = evaluate(checkpoint, sentences, recogniser="pocketsphinx")
    assert status == 2
    assert "English only, the voice speaks de" in err


def test_help_explains_the_manifest(capsys):
    assert main(["evaluate", "--help"]) == 0
    out = capsys.readouterr().out
    assert "MANIFEST is a folder" in out
    assert "--checkpoints" in out


def test_stages_need_a_prepared_folder_and_one_voice(evaluate, checkpoint, sentences):
    status, _, err = evaluate(checkpoint, sentences, "--stages")
    assert (status, err.count("\n")) == (2, 1)
    assert "needs a prepared folder" in err
    status, _, err = evaluate(checkpoint, sentences, "--stages", "--against", checkpoint)
    assert status == 2
    assert "leave out --checkpoints, --against" in err
