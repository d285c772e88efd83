"""Spectral distances of two waves along a dynamic time warping path."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.audio.loudness import trim
from vits.audio.mel import MelSpectrogram
from vits.audio.resample import resample_samples
from vits.config import AudioConfig

__all__ = [
    "ANALYSIS",
    "ORDER",
    "Spectrum",
    "analyse",
    "cepstral_distortion",
    "dtw",
    "mel_cepstra",
    "mel_distance",
    "to_analysis",
]

ANALYSIS = AudioConfig(sample_rate=16000, n_fft=1024, win_length=640, hop_length=160)
"""Common analysis of all waves, so that voices of different sample rates can be compared:
16 kHz, a frame every 10 ms, 80 mel bands up to 8 kHz."""

ORDER = 13
"""Number of mel-cepstral coefficients that are compared, without the zeroth (the energy)."""

STEPS = ((1, 1), (0, 1), (1, 0))
"""Steps of a warping path, in order of preference."""

_DECIBELS = 10 / np.log(10)


class Spectrum(NamedTuple):
    """Spectrum of a wave.

    Attributes:
        mel: (T, M) float32, natural logarithm of mel magnitudes.
        cepstra: (T, ORDER) float64.
    """

    mel: NDArray[np.float32]
    cepstra: NDArray[np.float64]


def to_analysis(
    samples: NDArray[np.floating], sample_rate: int, *, keep_silence: bool = False
) -> NDArray[np.float32]:
    """Resample a wave (L,) to 16 kHz and trim the silence at both ends to 50 ms.

    Digital silence is not trimmed. A wave shorter than one window is padded with silence.

    Args:
        samples: (L,) in [-1, 1], L at least 1.
        sample_rate: of the samples (Hz).
        keep_silence: do not trim.
    """
    resampled = resample_samples(samples, sample_rate, ANALYSIS.sample_rate).numpy()
    start, end = (0, 0) if keep_silence else trim(resampled, ANALYSIS.sample_rate)
    speech = resampled[start:end] if end > start else resampled
    return np.pad(speech, (0, max(0, ANALYSIS.n_fft - len(speech))))


def analyse(wave: NDArray[np.float32]) -> Spectrum:
    """Compute the spectrum of a wave (L,) at 16 kHz, L at least ``ANALYSIS.n_fft``."""
    with torch.inference_mode():
        log_mel = MelSpectrogram(ANALYSIS)(torch.from_numpy(wave)[None, None])
    mel: NDArray[np.float32] = log_mel[0].T.contiguous().numpy()
    return Spectrum(mel, mel_cepstra(mel))


def mel_cepstra(mel: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute the cosine transform of log-mel bands, without its zeroth coefficient.

    c_d = 2/M * sum_k mel_k cos(pi d (k + 1/2) / M), so that mel is c_0 + sum_d c_d cos(...).

    Args:
        mel: (T, M).

    Returns:
        (T, ORDER).
    """
    bands = mel.shape[-1]
    angles = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(1, ORDER + 1))
    return mel.astype(np.float64) @ (2 / bands * np.cos(angles))


def dtw(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the cheapest monotonic path through two sequences (dynamic time warping).

    Steps (1, 1), (0, 1) and (1, 0), Euclidean distances, all weights 1. Of equally cheap paths it
    takes the one with the earlier of these steps, seen from the end, like librosa. librosa's first
    call compiles for half a minute; this takes a tenth of a second.

    Source: Sakoe and Chiba 1978, "Dynamic programming algorithm optimization for spoken word
    recognition".

    Args:
        first: (T1, C), T1 at least 1.
        second: (T2, C), T2 at least 1.

    Returns:
        (N, 2) pairs of frames, from (0, 0) to (T1 - 1, T2 - 1).
    """
    from scipy.spatial.distance import cdist

    steps = _cheapest_steps(np.asarray(cdist(first, second), np.float64))
    pairs = [(len(first) - 1, len(second) - 1)]
    while pairs[-1] != (0, 0):
        i, j = pairs[-1]
        back = STEPS[steps[i, j]]
        pairs.append((i - back[0], j - back[1]))
    return np.array(pairs[::-1], dtype=np.intp)


def _cheapest_steps(cost: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return for each pair the index of the best step to it, computed by diagonals i + j."""
    n_first, n_second = cost.shape
    # padded at the start, where no path comes from
    total = np.full((n_first + 1, n_second + 1), np.inf)
    total[0, 0] = 0.0
    steps = np.zeros(cost.shape, np.int8)
    for diagonal in range(n_first + n_second - 1):
        i = np.arange(max(0, diagonal - n_second + 1), min(diagonal, n_first - 1) + 1)
        j = diagonal - i
        before = np.stack([total[i, j], total[i + 1, j], total[i, j + 1]])
        steps[i, j] = best = before.argmin(0)
        total[i + 1, j + 1] = cost[i, j] + before[best, np.arange(len(i))]
    return steps


def cepstral_distortion(
    first: NDArray[np.floating], second: NDArray[np.floating], path: NDArray[np.intp]
) -> float:
    """Mel-cepstral distortion (dB), the mean over the pairs of a path.

    MCD = 10 / ln 10 * sqrt(2 * sum_d (c_d - c'_d)^2)

    Source: Kubichek 1993, "Mel-cepstral distance measure for objective speech quality
    assessment"; the cepstra are those of a mel filterbank, as in ``mel_cepstra``, not of an
    all-pass warped spectrum, so the values are comparable with each other but not with papers.

    Args:
        first: (T1, ORDER).
        second: (T2, ORDER).
        path: (N, 2), see ``dtw``.
    """
    difference = first[path[:, 0]] - second[path[:, 1]]
    return float(_DECIBELS * np.sqrt(2 * np.square(difference).sum(-1)).mean())


def mel_distance(
    first: NDArray[np.floating], second: NDArray[np.floating], path: NDArray[np.intp]
) -> float:
    """Mean absolute difference of log-mel bands (T, M) over the pairs of a path."""
    return float(np.abs(first[path[:, 0]] - second[path[:, 1]]).mean())
