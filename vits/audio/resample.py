"""Sample rate conversion."""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.errors import AudioError

__all__ = ["resample", "resample_samples"]

_WIDTH = 64
_ROLLOFF = 0.9475937167399596
_BETA = 14.769656459379492
_LARGEST_KERNEL = 1 << 26  # values: 256 MB of float32


def resample(wave: Tensor, from_rate: int, to_rate: int) -> Tensor:
    """Resample a wave with a Kaiser-windowed sinc filter.

    The filter parameters equal resampy's ``kaiser_best``. Peaks of the result may slightly exceed
    those of the input.

    Args:
        wave: (..., L) floating point.
        from_rate: sample rate of ``wave`` (Hz).
        to_rate: sample rate of the result (Hz).

    Returns:
        (..., ceil(L * to_rate / from_rate)); ``wave`` itself if the rates are equal.

    Raises:
        AudioError: a rate is not a positive integer, or the filter would not fit in memory.
    """
    if from_rate == to_rate and from_rate > 0:
        return wave
    _check_rates(from_rate, to_rate)
    resampler = _resampler(from_rate, to_rate, wave.dtype == torch.float64, str(wave.device))
    return resampler(wave)


@lru_cache(maxsize=4)  # a corpus has one or two rates; building the filter is the slow part
def _resampler(from_rate: int, to_rate: int, double: bool, device: str) -> nn.Module:
    """Build the filter for a pair of sample rates."""
    resampler = import_torchaudio().transforms.Resample(
        from_rate,
        to_rate,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=_WIDTH,
        rolloff=_ROLLOFF,
        beta=_BETA,
        dtype=torch.float64 if double else None,  # None: computed in float64, stored in float32
    )
    return resampler.to(device)


def resample_samples(samples: NDArray[np.floating], from_rate: int, to_rate: int) -> Tensor:
    """Resample an array (L,) in float32; otherwise as ``resample``."""
    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    return resample(wave, from_rate, to_rate)


def _check_rates(from_rate: int, to_rate: int) -> None:
    """Check that both rates are positive integers with a filter bank of moderate size."""
    if not all(isinstance(rate, int) and rate > 0 for rate in (from_rate, to_rate)):
        raise AudioError(f"sample rates {from_rate} and {to_rate} must be positive integers")
    common = math.gcd(from_rate, to_rate)
    old, new = from_rate // common, to_rate // common
    taps = 2 * math.ceil(_WIDTH * old / (min(old, new) * _ROLLOFF)) + old
    if new * taps > _LARGEST_KERNEL:
        raise AudioError(
            f"resampling {from_rate} Hz to {to_rate} Hz needs a filter of {new} x {taps} values; "
            "choose rates with a larger common divisor"
        )
