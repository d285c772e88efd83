"""Spectral envelope of voiced frames: power averaged over the distance of two harmonics."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["harmonic_envelope"]


def harmonic_envelope(power: Tensor, width: Tensor) -> Tensor:
    """Average a power spectrum over frequency, twice over a rectangle of one width.

    With the width F0 every rectangle holds one harmonic, so harmonics disappear and formants stay.
    Below 0 and above half the sample rate the spectrum is mirrored.

    Source: the first steps of CheapTrick (Morise 2015), "CheapTrick, a spectral envelope estimator
    for high-quality speech synthesis", Speech Communication 67, section 3; without its liftering.

    Args:
        power: (B, F, T), at least 0.
        width: (B, 1, T) bins, in [1, F / 2].

    Returns:
        (B, F, T).
    """
    return _average(_average(power, width), width)


def _average(power: Tensor, width: Tensor) -> Tensor:
    """Average over a rectangle around each bin, as a difference of interpolated integrals."""
    count = power.shape[1]
    reach = count // 4 + 1  # half of the largest width
    mirrored = functional.pad(power.mT, (reach, reach), mode="reflect").double()
    integral = functional.pad(mirrored.cumsum(2), (1, 0))  # up to the lower edge of each bin
    middle = torch.arange(count, device=power.device) + reach + 0.5
    half = width.mT.double() / 2
    upper, lower = (_at(integral, middle + sign * half) for sign in (1, -1))
    return ((upper - lower) / (2 * half)).mT.to(power.dtype)


def _at(integral: Tensor, position: Tensor) -> Tensor:
    """Interpolate (B, T, N) at positions (B, T, F)."""
    index = position.long().clamp(max=integral.shape[2] - 2)
    before, after = integral.gather(2, index), integral.gather(2, index + 1)
    return before + (position - index) * (after - before)
