"""Who is meant: a row of the speaker embedding, or a mix of rows."""

import math
from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from typing import cast

from vits.errors import VoiceError

__all__ = ["Speaker", "Who", "find_speaker", "find_who", "parse_speaker"]

SHOWN = 20  # names listed in a message

Speaker = str | int | Mapping[str, float] | Mapping[int, float] | Mapping[str | int, float]
"""A name, a row, or names or rows with their weights in a mix."""

Who = int | tuple[float, ...]
"""A row, or the weight of every row; the weights add up to 1."""


def find_who(names: tuple[str, ...], count: int, speaker: object) -> Who:
    """Return the row of a speaker, or the weights of a mix.

    Args:
        names: speakers by row; may be empty when there is one.
        count: speakers of the model.
        speaker: as ``find_speaker``'s, or a mapping of those to positive weights, of which only the
            proportions count: they are divided by their sum.

    Raises:
        VoiceError: the voice has no such speaker, or a weight is not positive and finite.
    """
    if not isinstance(speaker, Mapping):
        return find_speaker(names, count, speaker)
    weights = [0.0] * count
    for name, weight in cast(Mapping[object, object], speaker).items():
        value = (
            math.nan if isinstance(weight, bool) or not isinstance(weight, Real) else float(weight)
        )
        if not (math.isfinite(value) and value > 0):
            raise VoiceError(
                f"weight {weight!r} of speaker {name!r} must be a positive number; "
                "leave out who is not to be heard"
            )
        weights[find_speaker(names, count, name, whole=False)] += value
    total = sum(weights)
    if not 0 < total < math.inf:
        raise VoiceError("a mix of speakers must name one or more, e.g. {'ada': 0.7, 'bob': 0.3}")
    heard = [row for row, weight in enumerate(weights) if weight]
    # one alone is itself, bit for bit
    return heard[0] if len(heard) == 1 else tuple(weight / total for weight in weights)


def find_speaker(names: tuple[str, ...], count: int, speaker: object, *, whole: bool = True) -> int:
    """Return the row of a speaker.

    Args:
        names: speakers by row; may be empty when there is one.
        count: speakers of the model.
        speaker: a name, a row in [0, count), or None for the first speaker.
        whole: not part of a mix: None is allowed.

    Raises:
        VoiceError: the voice has no such speaker; the message lists those it has.
    """
    if speaker is None and whole:
        return 0
    if isinstance(speaker, str):
        if speaker in names:
            return names.index(speaker)
    elif not isinstance(speaker, bool) and isinstance(speaker, Integral):
        row = int(speaker)
        if 0 <= row < count:
            return row
    raise VoiceError(
        f"unknown speaker {speaker!r}; this voice has {_listed(names, count, speaker)}"
    )


def parse_speaker(names: tuple[str, ...], text: str) -> Speaker:
    """Read a speaker written as a name, a row or a mix such as ``ada:0.7,bob:0.3``.

    A name wins over all else; where speakers have numbers for names, a number is a name.

    Raises:
        VoiceError: a weight is no number, or a speaker stands twice.
    """
    if text in names:
        return text
    if ":" not in text:
        numbered = any(name.isdecimal() for name in names)
        return int(text) if text.isdecimal() and not numbered else text
    mix: dict[str | int, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition(":")
        speaker = parse_speaker(names, name.strip()) if ":" not in name else name.strip()
        try:
            value = float(weight)
        except ValueError as error:
            raise VoiceError(
                f"part {part!r} of the mix {text!r} must be a speaker and a weight, like ada:0.7"
            ) from error
        if not isinstance(speaker, (str, int)) or speaker in mix:
            raise VoiceError(f"speaker {name.strip()!r} stands twice in the mix {text!r}; once")
        mix[speaker] = value
    return mix


def _listed(names: tuple[str, ...], count: int, speaker: object) -> str:
    """List the speakers, those that look like ``speaker`` first."""
    named = [name for name in names if name]
    if not named:
        return "one speaker without a name; leave the speaker out"
    near = get_close_matches(str(speaker), named, n=5)
    order = [*near, *(name for name in named if name not in near)]
    more = f", … ({len(order)} in all)" if len(order) > SHOWN else ""
    rows = f" or a number from 0 to {count - 1}" if count > 1 else ""
    return f"{', '.join(order[:SHOWN])}{more}{rows}"
