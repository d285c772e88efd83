"""Distances of two waves' spectra: mel, mel cepstra, and the warping of their times."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.audio.loudness import trim
from vits.audio.mel import MelSpectrogram
from vits.audio.resample import resample
from vits.config import AudioConfig

__all__ = [
    "ANALYSIS",
    "ORDER",
    "Spectrum",
    "analyse",
    "cepstral_distortion",
    "mel_cepstra",
    "mel_distance",
    "to_analysis",
    "warp",
]

ANALYSIS = AudioConfig(sample_rate=16000, n_fft=1024, win_length=640, hop_length=160)
"""What every wave is looked at with, whatever its own rate, so that voices can be compared:
16 kHz, a frame each 10 ms, 80 mel bands up to 8 kHz."""

ORDER = 13
"""Mel-cepstral coefficients that are compared, without the zeroth, which is the energy."""

WALK = ((1, 1), (0, 1), (1, 0))
"""Steps of a walk through two sequences, the preferred one first."""

_DECIBELS = 10 / np.log(10)


class Spectrum(NamedTuple):
    """What one wave looks like.

    Attributes:
        mel: (T, M) float32, natural logarithm of mel magnitudes.
        cepstra: (T, ORDER) float64.
    """

    mel: NDArray[np.float32]
    cepstra: NDArray[np.float64]


def to_analysis(
    samples: NDArray[np.floating], sample_rate: int, *, whole: bool = False
) -> NDArray[np.float32]:
    """Bring a wave (L,) to 16 kHz and cut the silence off both ends, all but 50 ms.

    Digital silence stays as it is. A wave shorter than one window is lengthened by silence.

    Args:
        samples: (L,) in [-1, 1], L at least 1.
        sample_rate: of the samples (Hz).
        whole: leave the silence where it is.
    """
    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    changed = resample(wave, sample_rate, ANALYSIS.sample_rate).numpy()
    start, end = (0, 0) if whole else trim(changed, ANALYSIS.sample_rate)
    speech = changed[start:end] if end > start else changed
    return np.pad(speech, (0, max(0, ANALYSIS.n_fft - len(speech))))


def analyse(wave: NDArray[np.float32]) -> Spectrum:
    """Take the spectrum of a wave (L,) at 16 kHz, L at least ``ANALYSIS.n_fft``."""
    with torch.inference_mode():
        log_mel = MelSpectrogram(ANALYSIS)(torch.from_numpy(wave)[None, None])
    mel: NDArray[np.float32] = log_mel[0].T.contiguous().numpy()
    return Spectrum(mel, mel_cepstra(mel))


def mel_cepstra(mel: NDArray[np.floating]) -> NDArray[np.float64]:
    """Take the cosine transform of log-mel bands, without its zeroth coefficient.

    c_d = 2/M * sum_k mel_k cos(pi d (k + 1/2) / M), so that mel is c_0 + sum_d c_d cos(...).

    Args:
        mel: (T, M).

    Returns:
        (T, ORDER).
    """
    bands = mel.shape[-1]
    angles = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(1, ORDER + 1))
    return mel.astype(np.float64) @ (2 / bands * np.cos(angles))


def warp(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.intp]:
    """Find the cheapest monotonic walk through two sequences (dynamic time warping).

    Steps (1, 1), (0, 1) and (1, 0), Euclidean distances, all weights 1; of walks that cost the same
    the one with the earlier of these steps, seen from the end. So does librosa, whose compiled code
    takes half a minute to get ready the first time, for what takes a tenth of a second here.

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
        back = WALK[steps[i, j]]
        pairs.append((i - back[0], j - back[1]))
    return np.array(pairs[::-1], dtype=np.intp)


def _cheapest_steps(cost: NDArray[np.float64]) -> NDArray[np.int8]:
    """For each pair the step of ``WALK`` that leads there: one diagonal i + j after the other."""
    rows, columns = cost.shape
    # a row and a column before the first, where no walk comes from
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    steps = np.zeros(cost.shape, np.int8)
    for diagonal in range(rows + columns - 1):
        i = np.arange(max(0, diagonal - columns + 1), min(diagonal, rows - 1) + 1)
        j = diagonal - i
        before = np.stack([total[i, j], total[i + 1, j], total[i, j + 1]])
        steps[i, j] = best = before.argmin(0)
        total[i + 1, j + 1] = cost[i, j] + before[best, np.arange(len(i))]
    return steps


def cepstral_distortion(
    first: NDArray[np.floating], second: NDArray[np.floating], path: NDArray[np.intp]
) -> float:
    """Mel-cepstral distortion (dB), the mean over the pairs of a walk.

    MCD = 10 / ln 10 * sqrt(2 * sum_d (c_d - c'_d)^2)

    Source: Kubichek 1993, "Mel-cepstral distance measure for objective speech quality
    assessment"; the cepstra are those of a mel filterbank, as in ``mel_cepstra``, not of an
    all-pass warped spectrum, so the values compare with each other rather than with papers.

    Args:
        first: (T1, ORDER).
        second: (T2, ORDER).
        path: (N, 2), see ``warp``.
    """
    difference = first[path[:, 0]] - second[path[:, 1]]
    return float(_DECIBELS * np.sqrt(2 * np.square(difference).sum(-1)).mean())


def mel_distance(
    first: NDArray[np.floating], second: NDArray[np.floating], path: NDArray[np.intp]
) -> float:
    """Mean absolute difference of log-mel bands (T, M) over the pairs of a walk."""
    return float(np.abs(first[path[:, 0]] - second[path[:, 1]]).mean())
