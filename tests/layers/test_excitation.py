"""Excitation: a sum of sines done by hand, its spectrum, its noise, and the phase of its frames."""

import math

import numpy as np
import pytest
import torch

from vits.config.pitch import AMPLITUDE, UNVOICED_NOISE
from vits.layers.excitation import ShortTimePhase, excite
from vits.layers.inverse_spectrogram import InverseSpectrogram

RATE, HOP = 16000, 256


def excitation(log_f0, voiced=None, noise=None):
    voiced = torch.ones_like(log_f0) if voiced is None else voiced
    length = log_f0.shape[2] * HOP
    noise = torch.zeros(1, 1, length, dtype=log_f0.dtype) if noise is None else noise
    return excite(log_f0, voiced, noise, sample_rate=RATE, hop_length=HOP)


def by_hand(log_f0):
    """Sum sines of all harmonics below half the sample rate, one after the other."""
    frames, samples = np.arange(len(log_f0)), np.arange(len(log_f0) * HOP)
    f0 = np.exp(np.interp(samples, (frames + 0.5) * HOP - 0.5, log_f0))
    phase = 2 * np.pi * np.cumsum(f0 / RATE)
    count = np.floor(RATE / 2 / f0)
    orders = range(1, int(count.max()) + 1)
    return AMPLITUDE * sum(np.sin(k * phase) * (k <= count) for k in orders)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-3)])
def test_it_is_a_sum_of_sines(dtype, tolerance):
    log_f0 = math.log(140) + 0.4 * torch.linspace(0, 6, 60, dtype=dtype).sin()[None, None]
    expected = by_hand(log_f0[0, 0].double().numpy())
    assert np.abs(excitation(log_f0)[0, 0].numpy() - expected).max() < tolerance


def test_its_spectrum_has_equal_harmonics_up_to_half_the_sample_rate():
    f0 = 250.0  # 64 samples: whole periods
    wave = excitation(torch.full((1, 1, 25), math.log(f0), dtype=torch.float64))[0, 0]
    spectrum = torch.fft.rfft(wave).abs() / len(wave) * 2
    step = round(f0 * len(wave) / RATE)
    harmonics = spectrum[step::step]
    assert len(harmonics) == 32
    assert torch.allclose(harmonics[:-1], torch.full((31,), AMPLITUDE, dtype=torch.float64))
    spectrum[step::step] = 0
    assert spectrum.max() < 1e-9


def test_the_phase_of_a_long_sentence_stays_exact():
    log_f0 = torch.full((1, 1, 1250), math.log(211.3))  # 20 s
    error = excitation(log_f0)[0, 0].numpy() - by_hand(log_f0[0, 0].double().numpy())
    assert np.abs(error[-HOP:]).max() < 0.02


def test_frames_without_voice_have_noise_only():
    log_f0, voiced = torch.full((1, 1, 40), 5.0), torch.zeros(1, 1, 40)
    noise = torch.randn(1, 1, 40 * HOP)
    assert torch.allclose(excitation(log_f0, voiced, noise), UNVOICED_NOISE * noise)
    voiced[..., 20:] = 1
    wave = excitation(log_f0, voiced, noise)[0, 0]
    assert wave[20 * HOP :].std() > 10 * wave[: 20 * HOP].std()


def test_phase_and_magnitude_of_a_wave_give_the_wave():
    wave = torch.randn(2, 1, 30 * 64, dtype=torch.float64)
    phase = ShortTimePhase(256, 64).double()(wave)
    assert phase.shape == (2, 129, 30)
    frames = torch.nn.functional.pad(wave[:, 0], (96, 96)).unfold(1, 256, 64)
    window = torch.hann_window(256, dtype=torch.float64)
    magnitude = torch.fft.rfft(frames * window).abs().mT
    rebuilt = InverseSpectrogram(256, 64).double()(magnitude, phase)
    assert torch.allclose(rebuilt[..., 256:-256], wave[..., 256:-256])
