"""The spectrogram discriminator: its spectrum, what it is blind to, its gradients at silence."""

import math

import pytest
import torch

from vits.models.spectrogram_discriminator import SpectrogramDiscriminator


@pytest.mark.parametrize("n_fft", [64, 256])
def test_a_tone_stands_in_its_bin(n_fft: int):
    judge = SpectrogramDiscriminator(n_fft, 4)
    wave = torch.sin(2 * math.pi * 10 / n_fft * torch.arange(1024))[None, None]
    magnitude = judge.magnitude(wave)
    assert magnitude.shape == (1, n_fft // 2 + 1, 1024 // (n_fft // 4) + 1)
    inside = magnitude[0, :, 2:-2]
    assert (inside.argmax(0) == 10).all()
    # half the window's sum, n_fft / 2, for an amplitude of 1
    torch.testing.assert_close(
        inside[10], torch.full_like(inside[10], n_fft / 4), rtol=1e-3, atol=0
    )


def test_frames_stay_apart_and_bins_are_halved():
    judge = SpectrogramDiscriminator(64, 4)
    output = judge(torch.randn(3, 1, 640))
    shapes = [tuple(feature.shape) for feature in output.features]
    assert shapes == [(3, 4, n, 41) for n in (17, 9, 5, 3, 3)] + [(3, 1, 3, 41)]
    assert output.score.shape == (3, 3 * 41)


def test_it_hears_no_sign_but_it_hears_loudness():
    judge = SpectrogramDiscriminator(64, 4)
    wave = torch.randn(1, 1, 640)
    torch.testing.assert_close(judge(-wave).score, judge(wave).score)
    assert not torch.allclose(judge(2 * wave).score, judge(wave).score)


def test_silence_has_a_finite_gradient():
    judge = SpectrogramDiscriminator(64, 4)
    wave = torch.zeros(1, 1, 640, requires_grad=True)
    judge(wave).score.square().sum().backward()
    assert wave.grad is not None
    assert wave.grad.isfinite().all()


def test_the_spectrum_is_float32_under_autocast():
    judge = SpectrogramDiscriminator(64, 4)
    wave = torch.randn(1, 1, 640)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        magnitude = judge.magnitude(wave.bfloat16())
        assert judge(wave).score.dtype == torch.bfloat16
    assert magnitude.dtype == torch.float32
    torch.testing.assert_close(magnitude, judge.magnitude(wave.bfloat16().float()))
