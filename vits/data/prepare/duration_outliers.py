"""Duration outliers: utterances too long or too short for their text.

They usually have a wrong transcript or a truncated recording.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["MIN_GROUP", "Deviation", "deviations", "speech_units"]

MIN_GROUP = 30
"""Smallest number of utterances for a reliable median."""

_PAUSE = 4.0
_PAUSE_MARKS = frozenset(",;:.!?¡¿—–…-")
_PHONEME = frozenset(("Lu", "Ll", "Lt", "Lo", "Nd"))
_LEAST_DEVIATION = 0.05  # otherwise rounding is an outlier in speech of constant rate (synthetic)


class Deviation(NamedTuple):
    """Deviation of an utterance's speaking rate from the median.

    Attributes:
        score: distance from the median in robust standard deviations, at least 0.
        seconds: duration per phoneme of the utterance (s).
        median: median duration per phoneme of the reference group (s).
    """

    score: float
    seconds: float
    median: float


def speech_units(phonemes: str) -> float:
    """Return the expected duration of a phoneme string, in phonemes; a pause mark counts as 4.

    Stress, length and combining marks count as 0. A least-squares fit to 1,850 utterances of two
    speakers gives 0.06 s per letter and 0.22 to 0.29 s per pause mark; without the pause marks,
    short sentences such as "Ah, indeed." would be outliers.

    Returns:
        The number of units, at least 1.
    """
    sounds = sum(unicodedata.category(char) in _PHONEME for char in phonemes)
    pauses = sum(char in _PAUSE_MARKS for char in phonemes)
    return max(1.0, sounds + _PAUSE * pauses)


def deviations(
    seconds: Sequence[float], units: Sequence[float], speakers: Sequence[str]
) -> list[Deviation | None]:
    """Compare the log duration per phoneme of each utterance with the median.

    The reference group is the utterances of the same speaker if there are at least ``MIN_GROUP``,
    otherwise the whole corpus. The result is None if the corpus is smaller than that as well.

    Args:
        seconds: speech duration of each utterance, greater than 0 (s).
        units: expected duration of each utterance in phonemes (``speech_units``).
        speakers: speaker of each utterance.
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
