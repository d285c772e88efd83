"""Fades at the edges of a sentence: no click at its start, silence at its end."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from vits.synthesis.runtime.engine import Samples

__all__ = ["FADE_IN_SECONDS", "FADE_OUT_SECONDS", "fade_edges"]

# A plosive at the very start keeps its burst; the end of a final mark is silent anyway.
FADE_IN_SECONDS = 0.002
FADE_OUT_SECONDS = 0.02


def fade_edges(waves: Iterable[Samples], length: int, sample_rate: int) -> Iterator[Samples]:
    """Fade a sentence in and out; a sample's gain depends only on its place in the sentence.

    The gain of the fade-in is a raised cosine, that of the fade-out its cube: the last 10 ms lose
    28 dB, the 10 ms before them 3 dB.

    Args:
        waves: the samples of the sentence, in chunks.
        length: their total number.
        sample_rate: samples per second (Hz).

    Yields:
        Chunks of the same lengths.
    """
    n_in = min(round(FADE_IN_SECONDS * sample_rate), length // 4)
    n_out = min(round(FADE_OUT_SECONDS * sample_rate), length // 4)
    start = 0
    for wave in waves:
        end = start + len(wave)
        if start < n_in or end > length - n_out:
            place = np.arange(start, end, dtype=np.float64)
            rise = _raised_cosine((place + 0.5) / max(n_in, 1))
            fall = _raised_cosine((length - place - 0.5) / max(n_out, 1)) ** 3
            wave = wave * (rise * fall).astype(np.float32)
        yield wave
        start = end


def _raised_cosine(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gain at positions from 0 (silent) to 1 (full) and beyond."""
    return 0.5 - 0.5 * np.cos(np.pi * position.clip(0.0, 1.0))
