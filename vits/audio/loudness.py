"""Level measurement, level normalization and silence trimming."""

import math
from typing import NamedTuple

import numpy as np

from vits.errors import AudioError

__all__ = ["Level", "measure", "normalize_peak", "normalize_rms", "rms_dbfs", "trim"]

_CLIPPED = 32766 / 32768  # the two largest 16-bit values: converters differ in the largest
_FRAME_SECONDS = 0.02


class Level(NamedTuple):
    """Level of a wave.

    Attributes:
        peak: largest magnitude; not finite if any sample is not finite.
        rms_dbfs: mean power (dB), 0 for a full-scale square wave; -inf for digital silence.
        clipped: fraction of samples at or beyond full scale, in [0, 1].
    """

    peak: float
    rms_dbfs: float
    clipped: float


def measure(wave: np.ndarray) -> Level:
    """Measure the level of a mono wave.

    Args:
        wave: (L,) floating point, nominally in [-1, 1]; L at least 1.

    Raises:
        AudioError: the wave is empty or not (L,).
    """
    _check(wave)
    size = np.abs(wave)
    clipped = np.count_nonzero(size >= _CLIPPED) / len(wave)
    return Level(float(size.max()), rms_dbfs(wave), clipped)


def rms_dbfs(wave: np.ndarray) -> float:
    """Return the mean power 10 log10(mean(wave^2)) in dBFS; -inf for digital silence.

    Raises:
        AudioError: the wave is empty or not (L,).
    """
    _check(wave)
    power = float(np.mean(np.square(wave, dtype=np.float64)))
    return -math.inf if power == 0 else 10 * math.log10(power)


def normalize_peak(wave: np.ndarray, peak: float = 0.95) -> np.ndarray:
    """Scale a wave (L,) to the peak magnitude ``peak``; silence is returned unchanged.

    Raises:
        AudioError: the wave is empty or not (L,).
    """
    _check(wave)
    largest = float(np.abs(wave).max())
    return wave if largest == 0 else (wave * (peak / largest)).astype(wave.dtype)


def normalize_rms(wave: np.ndarray, dbfs: float = -23.0, peak: float = 0.99) -> np.ndarray:
    """Scale a wave (L,) to a mean power of ``dbfs``, or less if its peak would exceed ``peak``.

    Raises:
        AudioError: the wave is empty or not (L,).
    """
    level = rms_dbfs(wave)
    if level == -math.inf:
        return wave
    gain = 10 ** ((dbfs - level) / 20)
    gain = min(gain, peak / float(np.abs(wave).max()))
    return (wave * gain).astype(wave.dtype)


def trim(
    wave: np.ndarray, sample_rate: int, top_db: float = 40.0, margin_seconds: float = 0.05
) -> tuple[int, int]:
    """Locate the speech between leading and trailing silence.

    A 20 ms frame counts as speech if its power is within ``top_db`` of the loudest frame.

    Args:
        wave: (L,) floating point.
        sample_rate: samples per second (Hz).
        top_db: silence threshold below the loudest frame (dB), greater than 0.
        margin_seconds: silence to keep on each side (s).

    Returns:
        ``(start, end)``: the speech is ``wave[start:end]``; ``(0, 0)`` for digital silence.

    Raises:
        AudioError: the wave is empty or not (L,), or ``top_db`` is not positive.
    """
    _check(wave)
    if top_db <= 0:
        raise AudioError(f"top_db {top_db} must be greater than 0, e.g. 40")
    frame = max(1, round(_FRAME_SECONDS * sample_rate))
    starts = np.arange(0, len(wave), frame)
    sums = np.add.reduceat(np.square(wave, dtype=np.float64), starts)
    power = sums / np.minimum(frame, len(wave) - starts)
    if not power.max() > 0:
        return 0, 0
    speech = np.flatnonzero(power >= power.max() * 10 ** (-top_db / 10))
    margin = round(margin_seconds * sample_rate)
    start, end = int(starts[speech[0]]) - margin, int(starts[speech[-1]]) + frame + margin
    return max(0, start), min(len(wave), end)


def _check(wave: np.ndarray) -> None:
    """Raise AudioError unless the wave is mono and has at least one sample."""
    if wave.ndim != 1 or len(wave) == 0:
        raise AudioError(f"a wave of shape {wave.shape} must be (L,) with at least one sample")
