"""The inverse transform equals torch's, gives whole frames, and undoes the forward transform."""

import pytest
import torch
from torch.nn import functional

from vits.layers.inverse_spectrogram import InverseSpectrogram


def random_spectrum(n_fft, n_frames):
    spectrum = torch.randn(2, n_fft // 2 + 1, n_frames, dtype=torch.complex128)
    spectrum[:, 0].imag = spectrum[:, -1].imag = 0
    return spectrum


@pytest.mark.parametrize(("n_fft", "hop"), [(16, 4), (64, 16), (1024, 256), (12, 6)])
def test_it_equals_torch_istft(n_fft, hop):
    spectrum = random_spectrum(n_fft, 12)
    inverse = InverseSpectrogram(n_fft, hop)
    mine = inverse(spectrum.abs(), spectrum.angle())[:, 0]
    assert mine.shape == (2, 12 * hop)
    window = inverse.window.double()
    theirs = torch.istft(spectrum, n_fft, hop, window=window, center=True)
    # theirs begins in the middle of frame 0, mine half a hop before it
    shift = hop // 2
    torch.testing.assert_close(mine[:, shift:][:, : theirs.shape[1]], theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("n_fft", "hop"), [(16, 4), (1024, 256)])
def test_it_undoes_the_transform_of_a_wave(n_fft, hop):
    wave = torch.randn(2, 20 * hop, dtype=torch.float64)
    inverse = InverseSpectrogram(n_fft, hop)
    padding = (n_fft - hop) // 2
    spectrum = torch.stft(
        functional.pad(wave, (padding, padding)),
        n_fft,
        hop,
        window=inverse.window.double(),
        center=False,
        return_complex=True,
    )
    torch.testing.assert_close(inverse(spectrum.abs(), spectrum.angle())[:, 0], wave)


def test_it_stays_float32_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        wave = InverseSpectrogram(16, 4)(torch.ones(1, 9, 3).bfloat16(), torch.zeros(1, 9, 3))
    assert wave.dtype == torch.float32
