"""Envelope of harmonics: its definition by hand, and what it removes and keeps."""

import pytest
import torch

from vits.audio.harmonic_envelope import harmonic_envelope


def by_hand(power, width):
    """Integrate a step function over a rectangle around each bin, twice."""
    count = len(power)
    for _ in range(2):
        averaged = []
        for middle in range(count):
            total, lower, upper = 0.0, middle - width / 2, middle + width / 2
            for k in range(1 - count, 2 * count - 1):
                share = min(upper, k + 0.5) - max(lower, k - 0.5)
                index = abs(k) if k < count else 2 * (count - 1) - k
                total += max(0.0, share) * float(power[index])
            averaged.append(total / width)
        power = averaged
    return torch.tensor(power)


@pytest.mark.parametrize("width", [1.0, 3.3, 8.0])
def test_it_is_the_mean_over_two_rectangles(width):
    power = torch.rand(17, dtype=torch.float64)
    found = harmonic_envelope(power[None, :, None], torch.full((1, 1, 1), width))[0, :, 0]
    assert torch.allclose(found, by_hand(power, width).double())


def test_harmonics_of_each_frame_disappear():
    widths = torch.tensor([4.0, 8.0, 16.0])
    bins = torch.arange(129)[:, None]
    power = (bins % widths == 0).float() * widths  # one harmonic each so many bins
    flat = harmonic_envelope(power[None], widths[None, None])
    assert torch.allclose(flat, torch.ones(1, 129, 3), atol=1e-5)
