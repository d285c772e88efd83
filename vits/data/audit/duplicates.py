"""The same recording under two names, whatever its level and the silence around it."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import fft

from vits.audio import loudness

__all__ = ["POINTS", "envelope", "same_audio", "similarity"]

POINTS = 32
"""Points of an envelope."""

_ALIKE = 0.8  # correlation of envelopes worth a look at the waves; copies have 0.95 and more
_FLOOR = 1e-4  # of the energy, so that the noise in a pause does not count
_SECONDS = 0.1  # lengths of speech of one recording differ by less, cut as they may be
_BLOCK = 512


def envelope(wave: np.ndarray, sample_rate: int) -> tuple[float, np.ndarray]:
    """Describe the course of the level through the speech of a recording.

    Args:
        wave: (L,) floating point.
        sample_rate: samples per second (Hz).

    Returns:
        Length of the speech (s), and its log power at ``POINTS`` places with mean 0 and length 1
        (all 0 for digital silence).
    """
    start, end = loudness.trim(wave, sample_rate, margin_seconds=0.0)
    part = np.square(wave[start:end], dtype=np.float64)
    if len(part) < POINTS:
        return len(part) / sample_rate, np.zeros(POINTS)
    edges = np.linspace(0, len(part), POINTS, endpoint=False).astype(np.int64)
    course = np.log(np.add.reduceat(part, edges) + _FLOOR * part.sum())
    course -= course.mean()
    return len(part) / sample_rate, course / (np.linalg.norm(course) + 1e-12)


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest correlation of two waves over all shifts, in [0, 1].

    Two takes of one sentence by one speaker stay below 0.5, a copy has 1 whatever its level.

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
    """Find the pairs of rows that are one recording.

    Only rows whose speech has about the same length and the same course are compared by their
    waves, so that a corpus of many rows takes little more than its sorting.

    Args:
        seconds: length of the speech of each row (s).
        envelopes: (N, POINTS), see ``envelope``.
        wave: gives the wave (L,) of a row.
        least: correlation of the waves from which on they are one recording.

    Returns:
        ``(first, second, correlation)`` with first < second, sorted.
    """
    lengths = np.asarray(seconds)
    order = np.argsort(lengths, kind="stable")
    ranked = lengths[order]
    found = []
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
                found.append((min(one, other), max(one, other), value))
    return sorted(found)
