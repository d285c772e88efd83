"""Pitch tracking, and the distance of two pitch tracks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.errors import ConfigError
from vits.evaluation.evaluators.packages import require
from vits.evaluation.metrics import ANALYSIS

__all__ = ["PitchDistance", "PitchRange", "compare_pitch", "track_pitch"]


class PitchRange(NamedTuple):
    """Range of the fundamental frequency (Hz)."""

    f_min: float = 65.0
    f_max: float = 400.0


class PitchDistance(NamedTuple):
    """Distance of two pitch tracks along a warping path.

    Attributes:
        squares: sum of squared differences of ln F0 over pairs that are voiced in both.
        voiced: number of those pairs.
        disagreeing: number of pairs in which only one is voiced.
        pairs: number of all pairs.
    """

    squares: float
    voiced: int
    disagreeing: int
    pairs: int


def track_pitch(wave: NDArray[np.float32], pitch_range: PitchRange) -> NDArray[np.float64]:
    """Track the fundamental frequency with probabilistic YIN (librosa).

    Source: Mauch and Dixon 2014, "pYIN: a fundamental frequency estimator using probabilistic
    threshold distributions".

    Args:
        wave: (L,) at 16 kHz.
        pitch_range: range of the fundamental frequency.

    Returns:
        (L // 160,) Hz, a frame every 10 ms; NaN where unvoiced.

    Raises:
        ConfigError: the range is empty, or exceeds what windows of 64 ms at 16 kHz resolve.
        MissingExtraError: librosa is not installed.
    """
    low, high = pitch_range
    if not 2 * ANALYSIS.sample_rate / ANALYSIS.n_fft < low < high < ANALYSIS.sample_rate / 4:
        raise ConfigError(
            f"pitch range {low:g} to {high:g} Hz must rise and lie between 31.25 and 4000 Hz; "
            "65 to 400 Hz covers most voices"
        )
    f0, _, _ = require("librosa").pyin(
        wave,
        fmin=low,
        fmax=high,
        sr=ANALYSIS.sample_rate,
        frame_length=ANALYSIS.n_fft,
        hop_length=ANALYSIS.hop_length,
    )
    return f0[: len(wave) // ANALYSIS.hop_length]


def compare_pitch(
    first: NDArray[np.floating], second: NDArray[np.floating], path: NDArray[np.intp]
) -> PitchDistance:
    """Compare two tracks (T1,) and (T2,), NaN where unvoiced, along a path (N, 2)."""
    one, other = first[path[:, 0]], second[path[:, 1]]
    voiced = ~np.isnan(one) & ~np.isnan(other)
    squares = np.square(np.log(one[voiced] / other[voiced])).sum()
    disagreeing = int(np.count_nonzero(np.isnan(one) != np.isnan(other)))
    return PitchDistance(float(squares), int(voiced.sum()), disagreeing, len(path))
