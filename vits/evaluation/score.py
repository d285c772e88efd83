"""One number for a voice, to choose the best of several checkpoints by."""

import math
from typing import NamedTuple

from vits.evaluation.results import Summary

__all__ = ["CER_LIMIT", "MCD_LIMIT", "MOS_LIMIT", "RATIO_LIMIT", "Score", "score"]

CER_LIMIT = 0.1
"""Character errors beyond the recordings' own (or in all, without recordings) that count as 1."""

MCD_LIMIT = 6.0
"""Mel-cepstral distortion (dB) that counts as 1."""

MOS_LIMIT = 1.0
"""Points of naturalness below the recordings' own that count as 1."""

RATIO_LIMIT = math.log(1.1)
"""Ratio of pitch or of rate, as a logarithm, that counts as 1: 10 % off."""


class Score(NamedTuple):
    """How far a voice is from its recordings: 0 is theirs, lower is better.

    Attributes:
        value: mean of the terms that could be measured; infinite where none could.
        intelligibility: excess of character errors, in units of ``CER_LIMIT``.
        naturalness: points below the recordings', in units of ``MOS_LIMIT``; None without them.
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
    """Combine what was measured: the mean of five distances, each in units of what is bearable.

    The units are fixed, so that the score of a voice does not depend on who else is evaluated.
    """
    errors = voice.character_error_rate
    own = recordings.character_error_rate if recordings else None
    opinion, best = voice.naturalness, recordings.naturalness if recordings else None
    terms = (
        None if errors is None else max(0.0, errors - (own or 0.0)) / CER_LIMIT,
        None if opinion is None or best is None else max(0.0, best - opinion) / MOS_LIMIT,
        None if voice.mcd is None else voice.mcd / MCD_LIMIT,
        None if not voice.f0_ratio else abs(math.log(voice.f0_ratio)) / RATIO_LIMIT,
        None if not voice.rate_ratio else abs(math.log(voice.rate_ratio)) / RATIO_LIMIT,
    )
    known = [term for term in terms if term is not None]
    return Score(sum(known) / len(known) if known else math.inf, *terms)
