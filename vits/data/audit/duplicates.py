"""Duplicate recordings, found regardless of level and surrounding silence."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import fft

from vits.audio import loudness

__all__ = ["POINTS", "envelope", "same_audio", "similarity"]

POINTS = 32
"""Number of points of an envelope."""

_ALIKE = 0.8  # smallest correlation of envelopes for comparing waves; copies have at least 0.95
_FLOOR = 1e-4  # fraction of the energy, so that noise in pauses does not count
_SECONDS = 0.1  # speech durations of copies differ by less, however they are trimmed
_BLOCK = 512


def envelope(wave: np.ndarray, sample_rate: int) -> tuple[float, np.ndarray]:
    """Compute the level contour of the speech in a recording.

    Args:
        wave: (L,) floating point.
        sample_rate: samples per second (Hz).

    Returns:
        Duration of the speech (s), and its log power (``POINTS``,) with mean 0 and norm 1 (all 0
        for digital silence).
    """
    start, end = loudness.trim(wave, sample_rate, margin_seconds=0.0)
    part = np.square(wave[start:end], dtype=np.float64)
    if len(part) < POINTS:
        return len(part) / sample_rate, np.zeros(POINTS)
    edges = np.linspace(0, len(part), POINTS, endpoint=False).astype(np.int64)
    contour = np.log(np.add.reduceat(part, edges) + _FLOOR * part.sum())
    contour -= contour.mean()
    return len(part) / sample_rate, contour / (np.linalg.norm(contour) + 1e-12)


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest normalized cross-correlation of two waves over all shifts, in [0, 1].

    It is 1 for a copy at any level, and below 0.5 for two recordings of one sentence by one
    speaker.

    Args:
        one: (L,) floating point.
        other: (M,) floating point.
    """
    size = fft.next_fast_len(len(one) + len(other), real=True)
    product = np.asarray(fft.rfft(one, size)) * np.conj(np.asarray(fft.rfft(other, size)))
    norm = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.abs(np.asarray(fft.irfft(product, size))).max()) / norm if norm > 0 else 0.0


def same_audio(
    seconds: Sequence[float],
    envelopes: np.ndarray,
    wave: Callable[[int], np.ndarray],
    least: float,
) -> list[tuple[int, int, float]]:
    """Find pairs of rows with the same recording.

    Waves are compared only if speech duration and envelope are similar, so that the cost of a
    large corpus is little more than sorting it.

    Args:
        seconds: speech duration of each row (s).
        envelopes: (N, POINTS); see ``envelope``.
        wave: returns the wave (L,) of a row.
        least: smallest correlation of the waves of a pair, in (0, 1].

    Returns:
        ``(first, second, correlation)`` with first < second, sorted.
    """
    lengths = np.asarray(seconds)
    order = np.argsort(lengths, kind="stable")
    ranked = lengths[order]
    pairs = []
    for begin in range(0, len(order), _BLOCK):
        rows = order[begin : begin + _BLOCK]
        stop = int(np.searchsorted(ranked, ranked[begin + len(rows) - 1] + _SECONDS, "right"))
        later = order[begin:stop]
        alike = envelopes[rows] @ envelopes[later].T >= _ALIKE
        for a, b in np.argwhere(alike):
            one, other = int(rows[a]), int(later[b])
            if b <= a or lengths[other] - lengths[one] > _SECONDS:
                continue
            value = similarity(wave(one), wave(other))
            if value >= least:
                pairs.append((min(one, other), max(one, other), value))
    return sorted(pairs)
