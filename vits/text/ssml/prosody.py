"""SSML speaking rates, pitch and breaks."""

import math
import re
from collections.abc import Mapping

from vits.errors import TextError

__all__ = [
    "PITCHES",
    "RANGES",
    "RATES",
    "STRENGTHS",
    "parse_break",
    "parse_pitch",
    "parse_range",
    "parse_rate",
]

MAX_BREAK = 60.0  # seconds
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.5, "x-fast": 2.0}
MAX_SHIFT, MAX_RANGE = 12.0, 2.0  # semitones, factor; as in a voice's settings
PITCHES = {"x-low": -4.0, "low": -2.0, "medium": 0.0, "default": 0.0, "high": 2.0, "x-high": 4.0}
RANGES = {"x-low": 0.5, "low": 0.75, "medium": 1.0, "default": 1.0, "high": 1.25, "x-high": 1.5}
STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.4,
    "strong": 0.8,
    "x-strong": 1.2,
}
_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_TIME = re.compile(rf"\+?({_NUMBER})(ms|s)")
_CHANGE = re.compile(rf"([+-])({_NUMBER})(st|%)")
_RATE = re.compile(rf"([+-]?)({_NUMBER})(%?)")


def parse_rate(value: str, outer: float) -> float:
    """Parse a speaking rate and multiply it by the rate of the enclosing element.

    Args:
        value: e.g. ``0.8``, ``80%``, ``-20%`` or ``slow``.
        outer: rate of the enclosing element.

    Raises:
        TextError: the value is not a rate, or the product is outside [0.1, 10].
    """
    factor = _factor(value, RATES)
    if not 0.1 <= factor * outer <= 10:
        raise TextError(
            f"rate {value!r} must be a number or a percentage that gives a rate from 0.1 to 10 in "
            f"total, e.g. 0.8, 80% or -20%, or one of {', '.join(RATES)}"
        )
    return factor * outer


def parse_pitch(value: str, outer: float) -> float:
    """Parse a change of F0 and add it to that of the enclosing element (semitones).

    Args:
        value: e.g. ``+2st``, ``-10%`` or ``low``.
        outer: change of the enclosing element (semitones).

    Raises:
        TextError: the value is not a change, or the sum is outside [-12, 12].
    """
    found = _CHANGE.fullmatch(value)
    shift = PITCHES.get(value, math.nan)
    if found:
        number = float(found[1] + found[2])
        factor = 1 + number / 100
        in_percent = 12 * math.log2(factor) if factor > 0 else -math.inf
        shift = number if found[3] == "st" else in_percent
    if not abs(shift + outer) <= MAX_SHIFT:
        raise TextError(
            f"pitch {value!r} must be signed semitones or percent that give -12 to 12 semitones in "
            f"total, e.g. +2st or -10%, or one of {', '.join(PITCHES)}"
        )
    return shift + outer


def parse_range(value: str, outer: float) -> float:
    """Parse a factor on the movements of F0 and multiply it by that of the enclosing element.

    Args:
        value: e.g. ``0.8``, ``80%``, ``-20%`` or ``low``.
        outer: factor of the enclosing element.

    Raises:
        TextError: the value is not a factor, or the product is outside [0, 2].
    """
    factor = _factor(value, RANGES)
    if not 0 <= factor * outer <= MAX_RANGE:
        raise TextError(
            f"range {value!r} must be a number or a percentage that gives 0 to 2 in total, e.g. "
            f"0.8, 80% or -20%, or one of {', '.join(RANGES)}"
        )
    return factor * outer


def _factor(value: str, labels: Mapping[str, float]) -> float:
    """Parse a label, a number, a percentage or a signed percentage as a factor; NaN: neither."""
    found = _RATE.fullmatch(value)
    if value in labels:
        return labels[value]
    if found and (found[3] or not found[1]):
        number = float(found[2]) / (100 if found[3] else 1)
        return {"": number, "+": 1 + number, "-": 1 - number}[found[1]]
    return math.nan


def parse_break(time: str | None, strength: str | None) -> float:
    """Return the length of a break (seconds); ``time`` takes precedence over ``strength``.

    Raises:
        TextError: the time is invalid or longer than a minute, or the strength is unknown.
    """
    strength = "medium" if strength is None else strength
    if strength not in STRENGTHS:
        raise TextError(f"strength {strength!r} of <break> must be one of {', '.join(STRENGTHS)}")
    if time is None:
        return STRENGTHS[strength]
    found = _TIME.fullmatch(time.strip())
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else math.inf
    if not seconds <= MAX_BREAK:
        raise TextError(
            f"time {time!r} of <break> must be at most {MAX_BREAK:g} s, e.g. 500ms or 1.5s"
        )
    return seconds
