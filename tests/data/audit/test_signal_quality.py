"""Measurements of signals whose noise, clipping, silence and level are known."""

import math

import numpy as np
import pytest

from vits.data.audit.signal_quality import measure_signal
from vits.errors import AudioError

RATE = 16000


def speech(snr_db, seconds=3.0, level=0.2):
    """Bursts of a tone with pauses of a third of the time, in white noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    tone = level * np.sqrt(2) * np.sin(2 * np.pi * 200 * time) * (time % 0.6 >= 0.2)
    noise = np.random.default_rng(0).normal(0, level * 10 ** (-snr_db / 20), len(time))
    return (tone + noise).astype(np.float32)


@pytest.mark.parametrize("snr_db", [5, 15, 30, 50])
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_noise_is_measured_at_any_level(snr_db, gain):
    assert measure_signal(gain * speech(snr_db), RATE).snr_db == pytest.approx(snr_db, abs=2.0)


def test_digital_silence_does_not_count_as_noise():
    wave = np.concatenate([np.zeros(RATE, np.float32), speech(15)])
    assert measure_signal(wave, RATE).snr_db == pytest.approx(15, abs=2.0)


def test_silence_at_the_ends_and_length_of_speech():
    burst = speech(40)[: int(0.6 * RATE)][int(0.2 * RATE) :]  # 0.4 s without a pause
    quiet = np.random.default_rng(1).normal(0, 0.002, RATE).astype(np.float32)
    wave = np.concatenate([quiet[: RATE // 2], burst, quiet[: RATE // 5], burst, quiet])
    signal = measure_signal(wave, RATE)
    assert signal.lead_seconds == pytest.approx(0.5, abs=0.021)
    assert signal.trail_seconds == pytest.approx(1.0, abs=0.021)
    assert signal.speech_seconds == pytest.approx(0.8, abs=0.041)
    assert signal.level_dbfs == pytest.approx(20 * math.log10(0.2), abs=0.3)


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_clipping_is_found_even_after_lowering_the_level(gain):
    time = np.arange(RATE) / RATE
    wave = 1.2 * np.sin(2 * np.pi * 100 * time)
    clipped = np.abs(wave) >= 1
    wave = (gain * wave.clip(-1, 1)).astype(np.float32)
    assert measure_signal(wave, RATE).clipped == pytest.approx(clipped.mean(), abs=1e-3)


def test_a_sine_at_full_scale_is_not_clipped():
    wave = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    wave = (np.round(32767 * wave) / 32768).astype(np.float32)
    assert measure_signal(wave, RATE).clipped == 0


def test_digital_silence_has_no_speech():
    signal = measure_signal(np.zeros(RATE, np.float32), RATE)
    assert signal.speech_seconds == 0
    assert signal.level_dbfs == -math.inf


@pytest.mark.parametrize("shape", [(0,), (2, 100)])
def test_invalid_waves_are_errors(shape):
    with pytest.raises(AudioError, match="must be"):
        measure_signal(np.zeros(shape, np.float32), RATE)
