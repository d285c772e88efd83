"""Speaker check: describes the sound of a recording and compares it with its speaker."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import fft

from vits.data.prepare.duration_outliers import MIN_GROUP

__all__ = ["SoundClasses", "SpeakerSimilarity", "compare_speakers", "log_pitch", "loud_cepstra"]

_CEPSTRA = 40
_LOUD = 4.0  # nats of magnitude below the loudest tenth (35 dB): louder frames count as speech
_CLASSES = 16
_SOFT = 2.0  # temperature of the soft assignment to sound classes (squared deviations)
_ROUNDS = 20
_MOST_FRAMES = 40_000
_F0_HZ = (60.0, 400.0)
_VOICED = 0.5  # smallest normalized autocorrelation of a voiced frame
_KEPT = 0.9  # fraction of a speaker's rows for fitting, which excludes rows of other speakers
_SHRINK = 5.0  # weight of the diagonal covariance in rows per dimension; 40 rows need it
_RATIO = 40.0  # 2 log of the likelihood ratio by which another speaker must fit better: 1 in 5e8


class SpeakerSimilarity(NamedTuple):
    """How well the sound of a row fits its speaker.

    Attributes:
        deviation: distance from the other rows of the speaker, in robust standard deviations.
        nearer: name of another speaker that fits far better; None if there is none.
    """

    deviation: float
    nearer: str | None


class SoundClasses:
    """Clusters of the sounds of a corpus, used to remove the phonetic content.

    The cepstra of a short sentence depend more on its phonemes than on its speaker. So each frame
    is compared with the k-means centroids of the whole corpus, and only its difference from the
    nearest ones is used.
    """

    def __init__(self, frames: np.ndarray, seed: int = 1234) -> None:
        """Cluster frames (N, C) into at most 16 kinds; at most 40,000 of them are used."""
        rng = np.random.default_rng(seed)
        frames = frames[rng.permutation(len(frames))[:_MOST_FRAMES]]
        self._scale = frames.std(axis=0) + 1e-3
        scaled = frames / self._scale
        self._centroids = scaled[:_CLASSES].copy()
        for _ in range(_ROUNDS):
            nearest = self._distances(scaled).argmin(axis=1)
            for index in np.unique(nearest):
                self._centroids[index] = scaled[nearest == index].mean(axis=0)

    def describe(self, frames: np.ndarray) -> np.ndarray:
        """Return the mean difference (C,) of frames (N, C) from their nearest centroids."""
        scaled = frames / self._scale
        distances = self._distances(scaled)
        weights = np.exp((distances.min(axis=1, keepdims=True) - distances) / (2 * _SOFT))
        weights /= weights.sum(axis=1, keepdims=True)
        return (scaled - weights @ self._centroids).mean(axis=0)

    def _distances(self, scaled: np.ndarray) -> np.ndarray:
        """Return squared distances (N, K) of frames from the centroids."""
        cross = scaled @ self._centroids.T
        return np.square(scaled).sum(1)[:, None] - 2 * cross + np.square(self._centroids).sum(1)


def loud_cepstra(log_mel: np.ndarray) -> np.ndarray:
    """Return cepstra 1 to 40 of the loud frames (N, C), without the level (coefficient 0).

    Args:
        log_mel: (M, T) natural logarithm of mel magnitudes.
    """
    level = log_mel.mean(axis=0)
    loud = level >= np.percentile(level, 90) - _LOUD
    cepstra = np.asarray(fft.dct(log_mel[:, loud], axis=0, norm="ortho"))
    return cepstra[1 : _CEPSTRA + 1].T


def compare_speakers(prints: np.ndarray, speakers: Sequence[str]) -> list[SpeakerSimilarity | None]:
    """Compare each row with the distribution of its own speaker and of the other speakers.

    The distribution of a speaker is a Gaussian with shrunk covariance, fitted to the 90 % of the
    rows nearest to their median. The cube root of the squared Mahalanobis distance is close to
    normal; ``deviation`` is its distance from the median in robust standard deviations.

    Args:
        prints: (N, D) descriptions of the rows; the last column is ``log_pitch``, which may be NaN.
        speakers: speaker of each row.

    Returns:
        One result per row; None for a speaker with fewer than ``MIN_GROUP`` rows.
    """
    prints = prints.copy()
    pitch = prints[:, -1]
    known = np.isfinite(pitch)
    pitch[~known] = np.median(pitch[known]) if known.any() else 0.0
    names = np.asarray(speakers, dtype=object)
    groups = {name: np.flatnonzero(names == name) for name in sorted(set(speakers))}
    groups = {name: rows for name, rows in groups.items() if len(rows) >= MIN_GROUP}
    fitted = {name: _Distribution(prints[rows]) for name, rows in groups.items()}
    squared = {name: model.squared(prints) for name, model in fitted.items()}
    results: list[SpeakerSimilarity | None] = [None] * len(prints)
    for name, rows in groups.items():
        own = squared[name][rows] + fitted[name].log_volume
        roots = np.cbrt(squared[name][rows])
        middle = np.median(roots)
        spread = 1.4826 * np.median(np.abs(roots - middle)) + 1e-9
        others = {n: squared[n][rows] + fitted[n].log_volume for n in groups if n != name}
        for i, row in enumerate(rows):
            best = min(others, key=lambda n: others[n][i], default=None)
            nearer = best is not None and own[i] - others[best][i] > _RATIO
            deviation = float((roots[i] - middle) / spread)
            results[row] = SpeakerSimilarity(deviation, best if nearer else None)
    return results


class _Distribution:
    """A robust Gaussian, fitted to the rows nearest to their median."""

    def __init__(self, rows: np.ndarray) -> None:
        self._center = np.median(rows, axis=0)
        self._scale = 1.4826 * np.median(np.abs(rows - self._center), axis=0) + 1e-3
        scaled = (rows - self._center) / self._scale
        near = np.argsort(np.square(scaled).mean(axis=1))[: max(2, int(_KEPT * len(rows)))]
        self._mean = scaled[near].mean(axis=0)
        covariance = np.cov(scaled[near].T)
        shrink = 1 / (1 + len(near) / (_SHRINK * len(covariance)))
        covariance = (1 - shrink) * covariance + shrink * np.diag(np.diag(covariance) + 1e-3)
        self._inverse = np.linalg.inv(covariance)
        self.log_volume = float(np.linalg.slogdet(covariance)[1] + 2 * np.log(self._scale).sum())

    def squared(self, rows: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of each row (N,)."""
        difference = (rows - self._center) / self._scale - self._mean
        return np.einsum("nd,de,ne->n", difference, self._inverse, difference)


def log_pitch(wave: np.ndarray, sample_rate: int) -> float:
    """Return the logarithm of the median pitch (Hz) of the voiced frames; NaN if there are none.

    Args:
        wave: (L,) floating point.
        sample_rate: of the wave (Hz).
    """
    size, step = round(0.04 * sample_rate), round(0.02 * sample_rate)
    if len(wave) < size:
        return float("nan")
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::step]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = np.square(frames).sum(axis=1)
    frames = frames[power >= 1e-2 * power.max()]  # within 20 dB of the loudest: mostly vowels
    spectrum = np.abs(np.asarray(fft.rfft(frames, 2 * size, axis=1))) ** 2
    correlation = np.asarray(fft.irfft(spectrum, axis=1))[:, :size]
    shortest, longest = (int(sample_rate / hz) for hz in reversed(_F0_HZ))
    lags = np.arange(shortest, min(longest, size - 1))
    # compensate for the smaller number of products at longer lags
    values = correlation[:, lags] / (correlation[:, :1] + 1e-12) / (1 - lags / size)
    highest = values.max(axis=1, keepdims=True)
    voiced = highest[:, 0] >= _VOICED
    if not voiced.any():
        return float("nan")
    peaks = np.pad(values[:, 1:-1], ((0, 0), (1, 1)), constant_values=-1.0)
    peaks[:, 1:-1][(values[:, 1:-1] < values[:, :-2]) | (values[:, 1:-1] < values[:, 2:])] = -1.0
    first = (peaks >= 0.9 * highest).argmax(axis=1)  # the period rather than a multiple of it
    best = np.where(peaks.max(axis=1) >= 0.9 * highest[:, 0], first, values.argmax(axis=1))
    return float(np.median(np.log(sample_rate / lags[best[voiced]])))
