"""Noise without torch equals torch's."""

import numpy as np
import pytest
import torch

from vits.synthesis.runtime.noise import torch_randn


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
