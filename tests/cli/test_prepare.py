"""`vits prepare`, end to end."""

import json

import numpy as np
import pytest
import soundfile

from vits.cli import main
from vits.config import AudioConfig, FrontendConfig, from_dict
from vits.data.prepare.options import RecordingLimits

RATE = 22050


@pytest.fixture
def corpus(tmp_path):
    """Five rows in LJSpeech's layout: one recording is missing, one is silent."""
    root = tmp_path / "corpus"
    (root / "wavs").mkdir(parents=True)
    noise = np.random.default_rng(0).standard_normal(RATE)
    for i in range(4):
        soundfile.write(root / f"wavs/clip{i}.wav", (0 if i == 3 else 0.1) * noise, RATE)
    lines = [f"clip{i}|Chapter {i}.|Chapter {word}.\n" for i, word in enumerate("abcde")]
    (root / "metadata.csv").write_text("".join(lines))
    (root / "val.csv").write_text(lines[0])
    return root


def run(*arguments):
    return main(["prepare", *map(str, arguments)])


def test_the_report_counts_all_rows_and_lists_the_rejected(corpus, tmp_path, capsys):
    assert run(corpus, "-o", tmp_path / "out", "--backend", "graphemes") == 0
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["input", "5", "rows"] in lines
    assert ["rejected", "2", "rows"] in lines
    assert any(line[:3] == ["kept", "3", "rows,"] for line in lines)
    assert ["missing", "1"] in lines
    assert ["silent", "1"] in lines
    assert "rejected clip4: missing: no such file" in shown.out
    assert shown.err == ""  # no progress bar without a terminal
    rejected = (tmp_path / "out/rejected.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in rejected] == ["clip3", "clip4"]


def test_the_defaults_are_those_of_the_dataclasses(corpus, tmp_path):
    assert run(corpus, "-o", tmp_path / "out", "--backend", "graphemes") == 0
    info = json.loads((tmp_path / "out/dataset.json").read_text())
    assert AudioConfig(**info["audio"]) == AudioConfig()
    assert RecordingLimits(**info["preparation"]["limits"]) == RecordingLimits()
    read = from_dict(FrontendConfig, info["frontend"]["config"])
    assert read == FrontendConfig(backend="graphemes")
    assert info["frontend"]["symbols"] == ["_", *sorted(set("chapter a. chapter b. ") | set("cde"))]


@pytest.mark.parametrize(
    ("flags", "place", "value"),
    [
        (["--sample-rate", 16000], "audio.sample_rate", 16000),
        (["--n-fft", 2048], "audio.n_fft", 2048),
        (["--win-length", 800], "audio.win_length", 800),
        (["--hop-length", 200], "audio.hop_length", 200),
        (["--n-mels", 40], "audio.n_mels", 40),
        (["--f-min", 50], "audio.f_min", 50.0),
        (["--f-max", 8000], "audio.f_max", 8000.0),
        (["--trim", 35], "preparation.trim_db", 35.0),
        (["--loudness", -25], "preparation.loudness_dbfs", -25.0),
        (["--segment-frames", 16], "preparation.limits.segment_frames", 16),
        (["--min-seconds", 0.5], "preparation.limits.min_seconds", 0.5),
        (["--max-seconds", 9], "preparation.limits.max_seconds", 9.0),
        (["--max-clipped", 0.1], "preparation.limits.max_clipped", 0.1),
        (["--silence", -50], "preparation.limits.silence_dbfs", -50.0),
        (["--max-deviation", 5], "preparation.limits.max_deviation", 5.0),
        (["--allow-upsampling"], "preparation.limits.allow_upsampling", True),
        (["--unknown", "drop"], "preparation.unknown", "drop"),
        (["--language", "nl"], "frontend.config.language", "nl"),
        (["--no-normalize"], "frontend.config.normalize", False),
        (["--no-blanks"], "frontend.config.blanks", False),
    ],
)
def test_every_flag_reaches_the_prepared_folder(corpus, tmp_path, flags, place, value):
    (tmp_path / "symbols.json").write_text(json.dumps(["_", *"abcdefghijklmnopqrstuvwxyz ."]))
    symbols = ["--backend", "graphemes", "--symbols", tmp_path / "symbols.json"]
    assert run(corpus, "-o", tmp_path / "out", *symbols, *flags) == 0
    found = json.loads((tmp_path / "out/dataset.json").read_text())
    for key in place.split("."):
        found = found[key]
    assert found == value
    assert type(found) is type(value)


def test_stress_marks_can_be_removed(corpus, tmp_path):
    assert run(corpus, "-o", tmp_path / "out", "--no-stress") == 0
    found = json.loads((tmp_path / "out/dataset.json").read_text())
    assert found["frontend"]["config"]["stress"] is False


def test_table_limit_lexicon_and_phonemes(corpus, tmp_path, capsys):
    (tmp_path / "words.tsv").write_text("chapter\tabc\n", encoding="utf-8")
    flags = ["--lexicon", tmp_path / "words.tsv", "--limit", 1]
    assert run(corpus, "-o", tmp_path / "out", "--table", "metadata.csv", *flags) == 0
    (row,) = map(json.loads, (tmp_path / "out/manifest.jsonl").read_text().splitlines())
    assert row["phonemes"].startswith("abc ")
    assert "input" in capsys.readouterr().out
    assert run(corpus, "-o", tmp_path / "val", "--table", "val.csv") == 0
    assert "1 rows" in capsys.readouterr().out


def test_a_shard_reports_missing_chunks_and_the_last_one_assembles(corpus, tmp_path, capsys):
    out = tmp_path / "out"
    flags = ["--backend", "graphemes"]
    assert run(corpus, "-o", out, *flags, "--shard", "2/2") == 0  # one chunk: nothing to do
    assert "1 of 1 chunks are missing" in capsys.readouterr().out
    assert run(corpus, "-o", out, *flags, "--merge") == 2
    assert "1 of 1 chunks are missing" in capsys.readouterr().err
    assert run(corpus, "-o", out, *flags, "--shard", "1/2") == 0
    assert f"prepared: {out}" in capsys.readouterr().out
    assert (out / "dataset.json").exists()


def test_the_progress_bar_can_be_forced(corpus, tmp_path, capsys):
    assert run(corpus, "-o", tmp_path / "out", "--backend", "graphemes", "--progress") == 0
    assert "5/5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format", "vctk"], "has no folder wav48…; it must have exactly one"),
        (["--table", "no.csv"], "has no no.csv"),
        (["--shard", "3/2"], "shard '3/2' must be I/N"),
        (["--hop-length", "0"], "hop_length 0 must be greater than 0"),
        (["--trim", "-3"], "trim_db -3.0 must be greater than 0"),
        (["--language", "klingon"], "klingon"),
        (["--symbols", "no.json"], "symbols no.json does not exist"),
        (["--lexicon", "no.tsv"], "no.tsv does not exist"),
        (["--limit", "0"], "0 must be at least 1"),
        (["--workers", "none"], "--workers"),
    ],
)
def test_an_error_is_one_line_and_status_2(corpus, tmp_path, capsys, flags, message):
    assert run(corpus, "-o", tmp_path / "out", *flags) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[1]", '["_", ""]', "[]"])
def test_an_invalid_symbol_file_is_rejected(corpus, tmp_path, capsys, content):
    (tmp_path / "s.json").write_text(content)
    assert run(corpus, "-o", tmp_path / "out", "--symbols", tmp_path / "s.json") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_folder_of_the_corpus_is_not_accepted_as_output(corpus, capsys):
    assert run(corpus, "-o", corpus) == 2
    assert "is the folder of the corpus" in capsys.readouterr().err
    assert run(corpus / "metadata.csv", "-o", corpus) == 2


def test_unknown_symbols_come_with_advice(corpus, tmp_path, capsys):
    with (corpus / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write("clip2b|[[abc☃]]|[[abc☃]]\n")
    (corpus / "wavs/clip2.wav").rename(corpus / "wavs/clip2b.wav")
    assert run(corpus, "-o", tmp_path / "out") == 0
    shown = capsys.readouterr().out
    assert "unknown symbols" in shown
    assert "U+2603" in shown
    assert "--unknown extend" in shown


def test_speaker_vectors_are_computed_once(corpus, tmp_path, capsys, speaker_graph):
    for i in range(3):
        noise = np.random.default_rng(i).standard_normal(2 * RATE)
        soundfile.write(corpus / f"wavs/clip{i}.wav", 0.1 * noise, RATE)
    words = (corpus, "-o", tmp_path / "out", "--backend", "graphemes")
    assert run(*words) == 0
    before = (tmp_path / "out/manifest.jsonl").read_bytes()
    for _ in range(2):
        assert run(*words, "--speaker-vectors", speaker_graph) == 0
        assert "speaker vectors: 3 of onnx:" in capsys.readouterr().out
    info = json.loads((tmp_path / "out/dataset.json").read_text())
    assert info["speaker_vectors"]["size"] == 6
    assert (tmp_path / "out/manifest.jsonl").read_bytes() == before
    assert run(*words, "--speaker-vectors", "x") == 2
    assert "speaker encoder 'x' must be" in capsys.readouterr().err
