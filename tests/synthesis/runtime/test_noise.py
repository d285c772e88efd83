"""Noise without torch equals torch's."""

import numpy as np
import pytest
import torch

from vits.synthesis.runtime.noise import TorchNoise, torch_randn


@pytest.mark.parametrize("seed", [0, 5, 2**40 + 77, 2**63 - 1])
@pytest.mark.parametrize("length", [1, 3, 7, 8, 9, 31, 64, 333])
def test_the_noise_is_torchs(seed, length):
    generator = torch.Generator().manual_seed(seed)
    expected = torch.randn((1, 2, length), generator=generator).numpy()
    noise = torch_randn(seed, (1, 2, length))
    assert noise.dtype == np.float32
    np.testing.assert_allclose(noise, expected, rtol=0, atol=2e-6)  # rounding of log and cos


def test_the_noise_is_standard_normal():
    noise = torch_randn(3, (100_000,))
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 1) < 0.02


def test_what_is_drawn_next_is_torchs_as_well():
    generator, noise = torch.Generator().manual_seed(11), TorchNoise(11)
    for shape in ((1, 2, 5), (3,), (1, 1, 4), (1, 8, 40), (5,), (1, 96, 7), (1,), (1, 2, 33)):
        expected = torch.randn(shape, generator=generator).numpy()
        np.testing.assert_allclose(noise.normal(shape), expected, rtol=0, atol=2e-6)
