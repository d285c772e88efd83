"""A single score for choosing the best of several checkpoints."""

import math
from typing import NamedTuple

from vits.evaluation.results import Summary

__all__ = ["CER_LIMIT", "MCD_LIMIT", "MOS_LIMIT", "RATIO_LIMIT", "Score", "score"]

CER_LIMIT = 0.1
"""Character error rate above that of the recordings (0 without recordings) that counts as 1."""

MCD_LIMIT = 6.0
"""Mel-cepstral distortion (dB) that counts as 1."""

MOS_LIMIT = 1.0
"""Naturalness points below the recordings that count as 1."""

RATIO_LIMIT = math.log(1.1)
"""Log ratio of pitch or speaking rate that counts as 1: a deviation of 10 %."""


class Score(NamedTuple):
    """Distance of a voice from its recordings: 0 is equal, lower is better.

    Attributes:
        value: mean of the terms that were measured; infinite if there are none.
        intelligibility: excess character error rate, in units of ``CER_LIMIT``.
        naturalness: points below the recordings, in units of ``MOS_LIMIT``; None without them.
        spectrum: mel-cepstral distortion, in units of ``MCD_LIMIT``.
        pitch: abs(ln f0_ratio), in units of ``RATIO_LIMIT``.
        rate: abs(ln rate_ratio), in units of ``RATIO_LIMIT``.
    """

    value: float
    intelligibility: float | None
    naturalness: float | None
    spectrum: float | None
    pitch: float | None
    rate: float | None


def score(voice: Summary, recordings: Summary | None = None) -> Score:
    """Return the mean of five distances, each relative to a limit.

    The limits are fixed, so the score of a voice does not depend on the other voices.
    """
    errors = voice.character_error_rate
    recorded_errors = recordings.character_error_rate if recordings else None
    opinion, recorded_opinion = voice.naturalness, recordings.naturalness if recordings else None
    terms = (
        None if errors is None else max(0.0, errors - (recorded_errors or 0.0)) / CER_LIMIT,
        None
        if opinion is None or recorded_opinion is None
        else max(0.0, recorded_opinion - opinion) / MOS_LIMIT,
        None if voice.mcd is None else voice.mcd / MCD_LIMIT,
        None if not voice.f0_ratio else abs(math.log(voice.f0_ratio)) / RATIO_LIMIT,
        None if not voice.rate_ratio else abs(math.log(voice.rate_ratio)) / RATIO_LIMIT,
    )
    known = [term for term in terms if term is not None]
    return Score(sum(known) / len(known) if known else math.inf, *terms)
