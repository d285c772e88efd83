"""Takes whose duration does not fit their text: a wrong transcript, or a cut recording."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["MIN_GROUP", "Deviation", "deviations", "speech_units"]

MIN_GROUP = 30
"""Takes needed for a median worth comparing with."""

_PAUSE = 4.0
_PAUSE_MARKS = frozenset(",;:.!?¡¿—–…-")
_PHONEME = frozenset(("Lu", "Ll", "Lt", "Lo", "Nd"))
_LEAST_DEVIATION = 0.05  # a corpus of equal durations (synthetic speech) would reject rounding


class Deviation(NamedTuple):
    """How far a take is from the rest.

    Attributes:
        score: robust standard deviations from the median.
        seconds: its seconds for each phoneme (s).
        median: the median of the takes it was compared with (s).
    """

    score: float
    seconds: float
    median: float


def speech_units(phonemes: str) -> float:
    """Count what takes time to say: phonemes, and a pause mark as 4 of them.

    Stress, length and combining marks count nothing. A least squares fit to 1,850 takes of two
    speakers gives 0.06 s for a letter and 0.22 to 0.29 s for a mark; without the marks, short
    sentences such as "Ah, indeed." look odd.

    Returns:
        At least 1.
    """
    sounds = sum(unicodedata.category(char) in _PHONEME for char in phonemes)
    pauses = sum(char in _PAUSE_MARKS for char in phonemes)
    return max(1.0, sounds + _PAUSE * pauses)


def deviations(
    seconds: Sequence[float], units: Sequence[float], speakers: Sequence[str]
) -> list[Deviation | None]:
    """Compare the logarithm of each take's seconds for each phoneme with the median.

    A take is compared with its speaker's where there are ``MIN_GROUP`` of them, otherwise with the
    whole corpus; where that is smaller too, the result is None.

    Args:
        seconds: length of each take's speech, greater than 0 (s).
        units: what was said in it (``speech_units``).
        speakers: who said it.
    """
    values = np.log(np.asarray(seconds, dtype=np.float64) / np.asarray(units, dtype=np.float64))
    names = np.asarray(speakers, dtype=object)
    results: list[Deviation | None] = [None] * len(values)
    for name in sorted(set(speakers)):
        own = np.flatnonzero(names == name)
        group = own if len(own) >= MIN_GROUP else np.arange(len(values))
        if len(group) < MIN_GROUP:
            continue
        median = float(np.median(values[group]))
        spread = 1.4826 * float(np.median(np.abs(values[group] - median)))
        for index in own:
            score = abs(float(values[index]) - median) / max(spread, _LEAST_DEVIATION)
            results[index] = Deviation(score, float(np.exp(values[index])), float(np.exp(median)))
    return results
