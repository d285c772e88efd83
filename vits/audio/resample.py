"""Change of sample rate."""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.errors import AudioError

__all__ = ["resample"]

_WIDTH = 64
_ROLLOFF = 0.9475937167399596
_BETA = 14.769656459379492
_LARGEST_KERNEL = 1 << 26  # values: 256 MB of float32


def resample(wave: Tensor, from_rate: int, to_rate: int) -> Tensor:
    """Change the sample rate with a Kaiser-windowed sinc filter.

    The settings are those of resampy's ``kaiser_best``, in torchaudio's terms. Peaks may come out
    slightly above those of the input.

    Args:
        wave: (..., L) floating point.
        from_rate: its sample rate (Hz).
        to_rate: the wanted sample rate (Hz).

    Returns:
        (..., ceil(L * to_rate / from_rate)); ``wave`` itself when the rates are equal.

    Raises:
        AudioError: a rate is not a positive whole number, or their ratio needs a filter that does
            not fit in memory.
    """
    if from_rate == to_rate and from_rate > 0:
        return wave
    _check_rates(from_rate, to_rate)
    change = _resampler(from_rate, to_rate, wave.dtype == torch.float64, str(wave.device))
    return change(wave)


@lru_cache(maxsize=4)  # a corpus has one or two rates, and the filter costs more than its use
def _resampler(from_rate: int, to_rate: int, double: bool, device: str) -> nn.Module:
    """Build the filter of a pair of rates."""
    change = import_torchaudio().transforms.Resample(
        from_rate,
        to_rate,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=_WIDTH,
        rolloff=_ROLLOFF,
        beta=_BETA,
        dtype=torch.float64 if double else None,  # None: made in float64, kept in float32
    )
    return change.to(device)


def _check_rates(from_rate: int, to_rate: int) -> None:
    """Require whole positive rates whose filter bank stays small."""
    if not all(isinstance(rate, int) and rate > 0 for rate in (from_rate, to_rate)):
        raise AudioError(f"sample rates {from_rate} and {to_rate} must be positive whole numbers")
    common = math.gcd(from_rate, to_rate)
    old, new = from_rate // common, to_rate // common
    taps = 2 * math.ceil(_WIDTH * old / (min(old, new) * _ROLLOFF)) + old
    if new * taps > _LARGEST_KERNEL:
        raise AudioError(
            f"resampling {from_rate} Hz to {to_rate} Hz needs a filter of {new} x {taps} values; "
            "choose rates with a larger common divisor"
        )
