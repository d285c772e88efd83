"""Rates and pauses as SSML writes them."""

import math
import re

from vits.errors import TextError

__all__ = ["RATES", "STRENGTHS", "read_break", "read_rate"]

LONGEST_BREAK = 60.0  # seconds
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


def read_rate(value: str, outer: float) -> float:
    """Read a rate: 0.8 and 80 % are slower, -20 % too; within another they are multiplied.

    Args:
        value: as it is written.
        outer: the rate around it.

    Raises:
        TextError: it is no rate, or not from 0.1 to 10 in all.
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
            f"rate {value!r} must be a number or a percentage that makes speech 0.1 to 10 times as "
            f"fast, e.g. 0.8, 80% or -20%, or one of {', '.join(RATES)}"
        )
    return factor * outer


def read_break(time: str | None, strength: str | None) -> float:
    """Return the length of a break (seconds); a time wins over a strength.

    Raises:
        TextError: the time is none or more than a minute, or the strength is unknown.
    """
    strength = "medium" if strength is None else strength
    if strength not in STRENGTHS:
        raise TextError(f"strength {strength!r} of <break> must be one of {', '.join(STRENGTHS)}")
    if time is None:
        return STRENGTHS[strength]
    found = _TIME.fullmatch(time.strip())
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else math.inf
    if not seconds <= LONGEST_BREAK:
        raise TextError(
            f"time {time!r} of <break> must be at most {LONGEST_BREAK:g} s, e.g. 500ms or 1.5s"
        )
    return seconds
