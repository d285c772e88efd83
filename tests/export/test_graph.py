"""Parts of the exported graph."""

import pytest
import torch

from vits.export.graph import TraceableInverse
from vits.layers.inverse_spectrogram import InverseSpectrogram


@pytest.mark.parametrize(("n_fft", "hop"), [(64, 16), (8, 2), (20, 10), (1024, 256)])
def test_plain_inverse_is_the_inverse_transform(n_fft, hop):
    inverse = InverseSpectrogram(n_fft, hop)
    magnitude, phase = torch.rand(2, n_fft // 2 + 1, 7), 20 * torch.randn(2, n_fft // 2 + 1, 7)
    expected = inverse(magnitude.double(), phase.double())
    found = TraceableInverse(inverse)(magnitude, phase)
    assert found.shape == expected.shape
    # float32: rounding of the angles (up to 20 * 4 rad) and of a sum over n_fft / 2 + 1 bins
    torch.testing.assert_close(
        found.double(), expected, atol=1e-5 * expected.abs().max().item(), rtol=0
    )
