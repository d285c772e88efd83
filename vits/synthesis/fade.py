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
        n_rising, n_falling = min(end, n_in) - start, end - max(start, length - n_out)
        if n_rising > 0 or n_falling > 0:
            wave = np.array(wave, np.float32)
        if n_rising > 0:
            wave[:n_rising] *= _raised_cosine(start, n_rising, n_in).astype(np.float32)
        if n_falling > 0:
            fall = _raised_cosine(length - end, n_falling, n_out)[::-1] ** 3
            wave[-n_falling:] *= fall.astype(np.float32)
        yield wave
        start = end


def _raised_cosine(first: int, count: int, length: int) -> NDArray[np.float64]:
    """Return the gains of some samples, from ``first`` on, of a rise from 0 to 1."""
    place = np.arange(first, first + count, dtype=np.float64)
    return 0.5 - 0.5 * np.cos(np.pi * ((place + 0.5) / length))
