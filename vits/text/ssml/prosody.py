"""SSML speaking rates and breaks."""

import math
import re

from vits.errors import TextError

__all__ = ["RATES", "STRENGTHS", "parse_break", "parse_rate"]

MAX_BREAK = 60.0  # seconds
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.5, "x-fast": 2.0}
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
_RATE = re.compile(rf"([+-]?)({_NUMBER})(%?)")


def parse_rate(value: str, outer: float) -> float:
    """Parse a speaking rate and multiply it by the rate of the enclosing element.

    Args:
        value: e.g. ``0.8``, ``80%``, ``-20%`` or ``slow``.
        outer: rate of the enclosing element.

    Raises:
        TextError: the value is not a rate, or the product is outside [0.1, 10].
    """
    found = _RATE.fullmatch(value)
    if value in RATES:
        factor = RATES[value]
    elif found and (found[3] or not found[1]):
        number = float(found[2]) / (100 if found[3] else 1)
        factor = {"": number, "+": 1 + number, "-": 1 - number}[found[1]]
    else:
        factor = math.nan
    if not 0.1 <= factor * outer <= 10:
        raise TextError(
            f"rate {value!r} must be a number or a percentage that gives a rate from 0.1 to 10 in "
            f"total, e.g. 0.8, 80% or -20%, or one of {', '.join(RATES)}"
        )
    return factor * outer


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
