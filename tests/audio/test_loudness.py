import math

import numpy as np
import pytest

from vits.audio import loudness
from vits.errors import AudioError

RATE = 16000


def tone(amplitude, seconds=1.0):
    time = np.arange(round(RATE * seconds)) / RATE
    return (amplitude * np.sin(2 * np.pi * 500 * time)).astype(np.float32)


def test_level_of_a_sine_is_exact():
    level = loudness.measure(tone(0.5))
    assert level.peak == pytest.approx(0.5, rel=1e-4)
    assert level.rms_dbfs == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=1e-3)
    assert level.clipped == 0


def test_clipped_fraction_counts_full_scale_of_both_signs():
    wave = np.array([0, 0.5, 1.0, -1.0, 32767 / 32768, 1.2, -0.9, 0], dtype=np.float32)
    assert loudness.measure(wave).clipped == 4 / 8


def test_silence_and_non_finite_samples_are_reported():
    assert loudness.measure(np.zeros(10)) == (0.0, -math.inf, 0.0)
    assert not math.isfinite(loudness.measure(np.array([0.1, np.nan, 0.2])).peak)


@pytest.mark.parametrize("amplitude", [0.01, 0.4, 1.0])
def test_normalization_reaches_its_target(amplitude):
    assert np.abs(loudness.normalize_peak(tone(amplitude), 0.8)).max() == pytest.approx(0.8)
    out = loudness.normalize_rms(tone(amplitude), -20)
    assert out.dtype == np.float32
    assert loudness.rms_dbfs(out) == pytest.approx(-20, abs=1e-3)


def test_rms_never_pushes_the_peak_over_its_limit():
    wave = np.zeros(1000, dtype=np.float32)
    wave[500] = 0.1
    assert np.abs(loudness.normalize_rms(wave, -20, peak=0.9)).max() == pytest.approx(0.9)


def test_silence_stays_silence():
    silence = np.zeros(100)
    assert not loudness.normalize_peak(silence).any()
    assert not loudness.normalize_rms(silence).any()


@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_trim_finds_the_speech(margin):
    wave = np.concatenate([np.zeros(5000), tone(0.5), np.zeros(3000)])
    wave += np.random.default_rng(0).normal(0, 1e-4, len(wave))
    start, end = loudness.trim(wave, RATE, top_db=40, margin_seconds=margin)
    frame = round(0.02 * RATE)
    assert 5000 - margin * RATE - frame <= start <= 5000 - margin * RATE
    assert 5000 + RATE + margin * RATE <= end <= 5000 + RATE + margin * RATE + frame


def test_trim_keeps_all_of_a_wave_without_silence():
    assert loudness.trim(tone(0.5), RATE) == (0, RATE)
    assert loudness.trim(np.ones(1), RATE) == (0, 1)


def test_trim_of_digital_silence_is_empty():
    assert loudness.trim(np.zeros(1000), RATE) == (0, 0)


def test_higher_top_db_keeps_more():
    wave = np.concatenate([tone(0.003), tone(0.5), tone(0.003)])  # 44 dB below
    assert loudness.trim(wave, RATE, top_db=60) == (0, len(wave))
    start, end = loudness.trim(wave, RATE, top_db=30)
    assert 0 < start < end < len(wave)


def test_invalid_arguments_are_errors():
    for function in (loudness.measure, loudness.rms_dbfs, loudness.normalize_peak):
        with pytest.raises(AudioError, match=r"\(0,\)"):
            function(np.zeros(0))
        with pytest.raises(AudioError, match=r"\(4, 2\)"):
            function(np.zeros((4, 2)))
    with pytest.raises(AudioError, match="top_db 0"):
        loudness.trim(np.ones(10), RATE, top_db=0)
