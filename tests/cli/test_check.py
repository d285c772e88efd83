"""`vits check`, end to end."""

import json

import numpy as np
import pytest

from vits.cli import main
from vits.data.prepared.dataset import PreparedDataset


@pytest.fixture
def corpus(write_tones, change_rows, tmp_path):
    """Forty rows; row 38 repeats the recording of row 0."""

    def edit(rows):
        for key in ("text", "phonemes", "ids", "samples", "offset"):
            rows[38][key] = rows[0][key]

    return change_rows(write_tones(tmp_path / "prepared", 40), edit)


def check(*arguments):
    return main(["check", *map(str, arguments)])


def test_findings_are_printed_and_written(corpus, tmp_path, capsys):
    out, report = tmp_path / "clean", tmp_path / "report.json"
    assert check(corpus, "-o", out, "--json", report) == 0
    shown = capsys.readouterr()
    assert "left out row38: same audio: the same recording as row0" in shown.out
    assert f"{out}: 39 of 40 utterances" in shown.out
    assert shown.err == ""
    assert len(PreparedDataset(out)) == 39
    findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    kinds = {(f["id"], f["fault"], f["left_out"]) for f in findings}
    assert kinds == {("row38", "same audio", True), ("row38", "same text", False)}


def test_without_an_output_nothing_is_written(corpus, tmp_path):
    assert check(corpus) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prepared"]


def test_the_faults_to_exclude_can_be_chosen(corpus, tmp_path):
    assert check(corpus, "-o", tmp_path / "clean", "--exclude", "noise", "clipping") == 0
    assert len(PreparedDataset(tmp_path / "clean")) == 40


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--min-snr", 80], "noise"),
        (["--max-silence", 0.01], "silence"),
        (["--max-loudness", 0.001], "loudness"),
        (["--max-rate-deviation", 0.1], "speaking rate"),
        (["--max-speaker-deviation", 0.1], "wrong speaker"),
    ],
)
def test_every_limit_has_a_flag(corpus, capsys, flags, words):
    assert check(corpus, *flags) == 0
    assert words in capsys.readouterr().out


def test_the_limit_of_clipping_has_a_flag(corpus, capsys):
    waves = np.fromfile(corpus / "audio.i16", dtype="<i2")
    waves.clip(-5000, 5000).tofile(corpus / "audio.i16")
    assert check(corpus) == 0
    assert "clipping" in capsys.readouterr().out
    assert check(corpus, "--max-clipped", 1) == 0
    assert "clipping" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "vits prepare"),
        (["prepared", "-o", "prepared"], "corpus itself"),
        (["prepared", "--voice", "nowhere"], "voice nowhere does not exist"),
        (["prepared", "--exclude", "everything"], "invalid choice"),
        (["prepared", "--max-rate-deviation", "-1"], "max_rate_deviation"),
    ],
)
def test_mistakes_are_one_line(corpus, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(corpus.parent)
    assert check(*arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
