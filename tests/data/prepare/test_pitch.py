"""Pitch of recordings: F0 of known waves in the middle of frames, and the prepared folder."""

import json

import numpy as np
import pytest
import soundfile
import torch

from vits.config import AudioConfig
from vits.data.audit.clean import write_clean
from vits.data.audit.findings import Finding
from vits.data.audit.options import Fault
from vits.data.audit.report import AuditReport, Coverage
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pipeline import prepare
from vits.data.prepare.pitch import measure_pitch
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.manifest import Row
from vits.data.prepared.stored_pitch import check_pitch_digest


def voice(seconds, rate, low=120.0, high=240.0):
    """Return pulses that rise in pitch, and F0 of every sample."""
    f0 = low * (high / low) ** (np.arange(round(seconds * rate)) / (seconds * rate))
    phase = 2 * np.pi * np.cumsum(f0 / rate)
    wave = sum(np.sin(k * phase) / k for k in range(1, 12))
    return 0.2 * wave, f0


@pytest.mark.parametrize(("rate", "hop"), [(16000, 256), (22050, 256), (8000, 80)])
def test_f0_is_that_of_the_middle_of_each_frame(rate, hop):
    wave, f0 = voice(2.0, rate)
    audio = AudioConfig(sample_rate=rate, n_fft=4 * hop, win_length=4 * hop, hop_length=hop)
    rows = measure_pitch((32767 * wave).astype(np.int16), audio)
    assert rows.shape == (len(wave) // hop, 2)
    assert rows.dtype == np.int16
    inside = slice(round(0.1 * rate / hop), -round(0.1 * rate / hop))
    middle = f0[hop // 2 :: hop][: len(rows)]
    error = rows[inside, 0] - 1200 * np.log2(middle)[inside]
    assert np.abs(error).max() < 30  # cents; a frame late would be off by ten everywhere
    assert abs(np.median(error)) < 5
    assert (rows[inside, 1] > 800).all()


@pytest.fixture
def folder(toy, tmp_path):
    """Two rows: a voice between silences, and noise."""
    wave, _ = voice(0.8, toy.rate)
    silence = np.zeros(toy.rate // 5)
    rows = []
    for name, samples in (
        ("voice", np.concatenate([silence, wave, silence])),
        ("noise", toy.noise(0.8)),
    ):
        soundfile.write(tmp_path / f"{name}.wav", samples, toy.rate)
        rows.append(Row(id=name, audio=str(tmp_path / f"{name}.wav"), text="some words"))
    config = PrepareConfig(audio=toy.audio, limits=toy.limits, pitch=True)
    prepare(rows, tmp_path / "out", config, toy.frontend())
    return tmp_path / "out"


def test_the_folder_keeps_pitch_beside_the_waves(toy, folder):
    data = PreparedDataset(folder)
    assert data.pitched
    assert data.info["pitch"]["estimator"] == "swift-f0"
    assert (folder / "pitch.i16").stat().st_size == 4 * data.frames.sum()
    contour = data[0].pitch
    assert contour.shape == (2, data.frames[0])
    voiced = contour[1] > 0
    edge = int(0.2 * toy.rate / toy.audio.hop_length)
    assert voiced[edge + 5 : -edge - 5].all()
    assert not voiced[: edge - 5].any()
    first = int(voiced.nonzero()[0])
    assert torch.equal(contour[0, :first], contour[0, first].expand(first))  # interpolated
    assert data[1].pitch[1].mean() < 0.1


def test_without_the_option_the_folder_is_as_before(toy, folder, tmp_path):
    rows = [Row(**{k: PreparedDataset(folder).row(0)[k] for k in ("id", "audio", "text")})]
    prepare(rows, folder, toy.config, toy.frontend())
    info = json.loads((folder / "dataset.json").read_text())
    assert "pitch" not in info
    assert "pitch" not in info["preparation"]
    assert not (folder / "pitch.i16").exists()
    assert PreparedDataset(folder)[0].pitch is None


def test_a_checked_copy_keeps_the_pitch_of_its_rows(folder, tmp_path):
    data, coverage = PreparedDataset(folder), Coverage(symbols=0, unused=[], rare={})
    why = {"value": 1.0, "limit": 0.0, "reason": "noisy", "left_out": True}
    noisy = Finding(row=1, id="noise", fault=Fault.NOISE, **why)
    report = AuditReport(rows=2, findings=[noisy], measured={}, coverage=coverage, notes=[])
    write_clean(data, report, tmp_path / "clean")
    copy = PreparedDataset(tmp_path / "clean")
    check_pitch_digest(copy.folder, copy.info)
    assert len(copy) == 1
    assert torch.equal(copy[0].pitch, data[0].pitch)
