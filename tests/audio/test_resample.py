import math

import numpy as np
import pytest
import torch

from vits.audio.resample import resample
from vits.errors import AudioError

PAIRS = [(48000, 22050), (44100, 22050), (22050, 16000), (16000, 22050), (24000, 48000)]


def tone(frequency, rate, seconds=0.5, dtype=torch.float32):
    time = torch.arange(round(rate * seconds), dtype=torch.float64) / rate
    return (0.5 * torch.sin(2 * math.pi * frequency * time)).to(dtype)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_tone_keeps_its_frequency(old, new):
    out = resample(tone(1000, old), old, new)
    edge = new // 20  # the filter sees zeros before the start and after the end
    expected = tone(1000, new)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out[edge:-edge], expected[edge:-edge], atol=1e-4, rtol=0)


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("length", [1, 7, 1000, 4801])
def test_length_is_exact(old, new, length):
    out = resample(torch.ones(2, 3, length), old, new)
    assert out.shape == (2, 3, math.ceil(length * new / old))


def test_frequencies_above_the_new_nyquist_are_removed():
    out = resample(tone(12000, 48000), 48000, 16000)
    assert out.abs().mean() < 1e-3


def test_equal_rates_return_the_wave_itself():
    wave = torch.randn(5)
    assert resample(wave, 22050, 22050) is wave


def test_float64_stays_float64():
    out = resample(tone(1000, 44100, dtype=torch.float64), 44100, 22050)
    assert out.dtype == torch.float64
    single = resample(tone(1000, 44100), 44100, 22050)
    np.testing.assert_allclose(out.numpy(), single.numpy(), atol=1e-6)


@pytest.mark.parametrize("rates", [(0, 22050), (22050, -1), (0, 0), (44100.5, 22050)])
def test_invalid_rates_are_errors(rates):
    with pytest.raises(AudioError, match="positive integers"):
        resample(torch.ones(10), *rates)


def test_ratio_with_a_huge_filter_is_an_error():
    with pytest.raises(AudioError, match="common divisor"):
        resample(torch.ones(10), 44101, 22051)
