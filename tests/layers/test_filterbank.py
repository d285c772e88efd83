"""The filterbank gives a wave back, splits by frequency, and keeps levels."""

import math

import pytest
import torch

from vits.layers.filterbank import PseudoQmf


@pytest.mark.parametrize("n_bands", [2, 4, 8])
def test_analysis_and_synthesis_give_the_wave_back(n_bands):
    bank = PseudoQmf(n_bands)
    wave = torch.randn(2, 1, 4096 * n_bands)
    bands = bank.analysis(wave)
    assert bands.shape == (2, n_bands, 4096)
    back = bank.synthesis(bands)
    assert back.shape == wave.shape
    inside = slice(24 * n_bands, -24 * n_bands)  # the ends lack the samples before and after
    error = (back - wave)[..., inside].square().mean()
    assert 10 * math.log10(wave[..., inside].square().mean() / error) > 60


def test_a_tone_lands_in_its_band_with_its_level():
    bank, n = PseudoQmf(4), 16384
    for band in range(4):
        frequency = (band + 0.5) / 8  # cycles a sample
        wave = torch.sin(2 * math.pi * frequency * torch.arange(n)).view(1, 1, n)
        powers = bank.analysis(wave)[0, :, 100:-100].square().mean(1)
        assert powers.argmax() == band
        assert powers[band] == pytest.approx(0.5, rel=0.02)
        others = powers.sum() - powers[band]
        assert others < 1e-6
