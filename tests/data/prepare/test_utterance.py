"""Preparation of single rows."""

import json

import numpy as np
import pytest
import soundfile

from vits.audio import files
from vits.config import FrontendConfig
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepare.utterance import prepare_utterance
from vits.data.prepared.manifest import Row
from vits.synthesis.script.sentences import read_sentences
from vits.text.frontend import Frontend
from vits.text.symbols import PAD, SymbolTable


def test_stereo_of_a_higher_rate_becomes_mono_of_the_target_rate(toy, tmp_path):
    time_axis = np.arange(2 * toy.rate) / (2 * toy.rate)
    tone = 0.4 * np.sin(2 * np.pi * 440 * time_axis)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0.5 * tone], axis=1), 2 * toy.rate)
    row = Row(id="a", audio=str(tmp_path / "a.wav"), text="a tone")
    prepare([row], tmp_path / "out", toy.config, toy.frontend())
    wave = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2") / 32768
    expected = 0.3 * np.sin(2 * np.pi * 440 * np.arange(toy.rate) / toy.rate)
    assert len(wave) == toy.rate
    assert np.abs(wave - expected)[100:-100].max() < 1e-3


def test_trim_and_loudness(toy, tmp_path):
    wave = np.concatenate([1e-4 * toy.noise(1), toy.noise(1, 1), 1e-4 * toy.noise(1)])
    soundfile.write(tmp_path / "a.wav", wave, toy.rate, subtype="FLOAT")
    row = Row(id="a", audio=str(tmp_path / "a.wav"), text="a noise")
    config = PrepareConfig(audio=toy.audio, limits=toy.limits, trim_db=40.0, loudness_dbfs=-30.0)
    prepare([row], tmp_path / "out", config, toy.frontend())
    kept = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2") / 32768
    assert len(kept) / toy.rate == pytest.approx(1.1, abs=0.05)
    assert 10 * np.log10(np.mean(kept**2)) == pytest.approx(-30, abs=0.1)


def test_a_peak_above_full_scale_is_scaled_not_clipped(toy, tmp_path):
    wave = toy.noise(0.8)
    wave[100] = 1.6
    soundfile.write(tmp_path / "a.wav", wave, toy.rate, subtype="FLOAT")
    prepare(
        [Row(id="a", audio=str(tmp_path / "a.wav"), text="a noise")],
        tmp_path / "out",
        toy.config,
        toy.frontend(),
    )
    kept = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2")
    assert np.abs(kept[:100] - files.to_pcm16(wave[:100] / 1.6)).max() <= 1
    assert kept[100] == 32767


def test_unknown_symbols_can_be_dropped_and_are_counted(toy, corpus, tmp_path):
    row = next(row for row in corpus[0] if row.id == "unknown")
    config = PrepareConfig(audio=toy.audio, limits=toy.limits, unknown="drop")
    report = prepare([row], tmp_path, config, toy.frontend()).report
    assert report.kept == 1
    assert report.dropped_symbols == {"☃": 2}
    assert "☃ 2" in report.text()


def test_the_extended_table_does_not_depend_on_chunks(toy, corpus, tmp_path):
    rows, _ = corpus
    limits = RecordingLimits(segment_frames=8, max_seconds=4.0, max_deviation=0.0)
    config = PrepareConfig(audio=toy.audio, limits=limits, unknown="extend")
    for n, size in ((1, 3), (2, 50)):
        prepare(rows, tmp_path / str(n), config, toy.frontend("ba "), chunk_rows=size)
    assert toy.contents(tmp_path / "1") == toy.contents(tmp_path / "2")
    kept = toy.lines(tmp_path / "1/manifest.jsonl")
    table = json.loads((tmp_path / "1/dataset.json").read_text())["frontend"]["symbols"]
    used = set("".join(row["text"] for row in kept))
    assert "☃" in used
    assert table[:4] == [PAD, "b", "a", " "]
    assert table[4:] == sorted(table[4:])
    assert used <= set(table)
    own = Frontend.from_dict({**toy.frontend().to_dict(), "symbols": table})
    assert all(tuple(row["ids"]) == own.encode(row["text"]).ids for row in kept)


def test_a_flac_cut_in_the_middle_is_rejected(toy, tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, toy.noise(2), toy.rate)
    path.write_bytes(path.read_bytes()[:8000])
    rows = [*toy.good_rows(tmp_path / "wavs", 1), Row(id="a", audio=str(path), text="cut")]
    assert toy.run(rows, tmp_path / "out").report.rejected == {"unreadable": 1}


def test_a_text_is_read_as_in_speaking(toy, tmp_path):
    soundfile.write(tmp_path / "a.wav", toy.noise(9), toy.rate)
    limits = RecordingLimits(segment_frames=8, max_seconds=10.0)
    config = PrepareConfig(audio=toy.audio, limits=limits)
    for language, text in (
        ("en-us", "On 3/4/2020 Dr. Smith (FBI) paid $3.50 for 5 kg."),
        ("en-us", "Part II: it's 9am-5pm; see www.example.com"),
        ("de", "Am 3. Oktober um 14:30 Uhr z. B. -5 °C."),
    ):
        table = SymbolTable.default().extended("".join(map(chr, range(0x250, 0x330))))
        frontend = Frontend(FrontendConfig(language=language), table)
        row = Row(id="a", audio=str(tmp_path / "a.wav"), text=text)
        prepared = prepare_utterance(row, config, frontend)
        (spoken,) = read_sentences(frontend, text)
        assert prepared.phonemes == spoken.encoding.phonemes
        assert "".join(prepared.phonemes.split())
