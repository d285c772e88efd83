import json
import subprocess
import sys

import pytest

from vits.benchmarking.compare import TEXTS
from vits.benchmarking.worker import PARTS, SEED, time_parts
from vits.cli import main
from vits.synthesis import load


@pytest.fixture(scope="module")
def voice(tiny_voice):
    return tiny_voice


@pytest.fixture(scope="module")
def exported(voice, tmp_path_factory):
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'vits[onnx]'")
    from vits.export.write import write
    from vits.synthesis import read_voice

    folder = tmp_path_factory.mktemp("bench") / "exported"
    write(read_voice(voice), folder, "onnx")
    return folder


def test_precisions_are_compared_side_by_side(voice, capsys, tmp_path):
    out = tmp_path / "figures.json"
    flags = ["--texts", "short", "--rounds", "1", "--precision", "plain", "fp32"]
    assert main(["bench", str(voice), *flags, "--json", str(out)]) == 0
    plain, fast = json.loads(out.read_text(encoding="utf-8"))
    assert (plain["precision"], fast["precision"]) == ("plain", "fp32")
    assert (plain["ratio"], plain["snr"]) == (1, None)
    assert fast["snr"] is None or fast["snr"] > 100  # None: the very same samples
    assert fast["seconds"] == plain["seconds"]
    printed = capsys.readouterr().out
    assert f"[1] {voice}, plain: loaded" in printed
    assert f"[2] {voice}, fp32: loaded" in printed


def test_two_voices_are_measured_side_by_side(voice, exported, tmp_path, capsys):
    out = tmp_path / "figures.json"
    flags = ["--texts", "short", "--rounds", "1", "--json", str(out)]
    assert main(["bench", str(voice), str(exported), *flags]) == 0
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["voice"], row["text"]) for row in rows] == [
        (str(folder), "short") for folder in (voice, exported)
    ]
    ours, graphs = rows
    assert ours["ratio"] == ours["cpu_ratio"] == 1
    for row in rows:
        assert row["threads"] == row["rounds"] == 1
        assert row["seconds"] == pytest.approx(load(voice)(TEXTS[row["text"]], seed=SEED).seconds)
        assert min(row["factor"], row["cpu_factor"], row["ratio"], row["first_chunk"]) > 0
        assert row["start_cpu_seconds"] > row["load_cpu_seconds"] > 0
        assert row["load_seconds"] > 0
        assert list(row["parts"]) == list(PARTS)
        assert min(row["parts"][name] for name in ("text encoder", "prior flow", "decoder")) > 0
    if sys.platform == "linux":
        assert ours["peak_bytes"] > graphs["peak_bytes"] > 10_000_000  # one of them has torch
    printed = capsys.readouterr().out
    assert f"[2] {exported}, graph: loaded in" in printed
    assert printed.count("text encoder") == 2
    assert "real-time" in printed


def test_the_parts_add_up_and_the_voice_stays_what_it_was(voice):
    loaded = load(voice)
    expected = loaded("hello.", seed=1).samples
    parts = time_parts(loaded, voice, TEXTS["medium"])
    assert parts["decoder"] > 0
    assert parts["duration predictor"] > 0
    assert min(parts.values()) >= 0
    assert (loaded("hello.", seed=1).samples == expected).all()
    assert "forward" not in vars(loaded._engine.model.decoder)


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--rounds", "0"], "must be at least 1"),
        (["--threads", "1", "0"], "must be at least 1"),
        (["--json", "nowhere/figures.json"], "create it first"),
        (["--texts", "endless"], "invalid choice"),
    ],
)
def test_values_out_of_range_are_one_line(voice, capsys, flags, fault):
    assert main(["bench", str(voice), *flags]) == 2
    error = capsys.readouterr().err
    assert fault in error
    assert error.count("\n") == 1


def test_a_damaged_voice_is_one_line(tmp_path, capsys):
    for name in ("model.onnx", "voice.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert main(["bench", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "format None must be 1" in error
    assert error.count("\n") == 1


def test_a_process_that_dies_is_named(voice, monkeypatch, capsys):
    plain = subprocess.Popen

    def dying(command, **options):
        return plain([command[0], "-c", "pass"], **options)

    monkeypatch.setattr(subprocess, "Popen", dying)
    assert main(["bench", str(voice)]) == 2
    assert "ended; try it with vits say" in capsys.readouterr().err
