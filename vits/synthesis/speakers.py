"""Speakers by name, by index, or as a weighted mix."""

import math
from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import cast

from vits.audio.speaker_encoders.vector import SUFFIX, SpeakerVector
from vits.errors import VoiceError

__all__ = [
    "ResolvedSpeaker",
    "Speaker",
    "find_speaker",
    "is_file_name",
    "parse_speaker",
    "resolve_speaker",
]

SHOWN = 20  # names listed in a message
AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aiff", ".webm")

Speaker = (
    str
    | int
    | Mapping[str, float]
    | Mapping[int, float]
    | Mapping[str | int, float]
    | SpeakerVector
    | Path
)
"""A name, an index, or a mix: names or indices with their weights. For a voice with speaker
vectors also a vector, or the file of a recording or of a vector."""

ResolvedSpeaker = int | tuple[float, ...] | SpeakerVector
"""A speaker index, the weight of every speaker, which sum to 1, or a vector."""


def resolve_speaker(names: tuple[str, ...], speaker: object) -> ResolvedSpeaker:
    """Return the index of a speaker, or the weights of a mix.

    Args:
        names: speakers by index; may be empty for a model of one speaker.
        speaker: as in ``find_speaker``, or a mapping from speakers to positive weights, of which
            only the proportions count: they are divided by their sum; or a vector.

    Raises:
        VoiceError: an unknown speaker, or a weight that is not positive and finite.
    """
    if isinstance(speaker, SpeakerVector):
        return speaker
    if not isinstance(speaker, Mapping):
        return find_speaker(names, speaker)
    weights = [0.0] * max(1, len(names))
    for name, weight in cast(Mapping[object, object], speaker).items():
        value = (
            math.nan if isinstance(weight, bool) or not isinstance(weight, Real) else float(weight)
        )
        if not (math.isfinite(value) and value > 0):
            raise VoiceError(
                f"weight {weight!r} of speaker {name!r} must be a positive number; "
                "leave out speakers that have no share"
            )
        weights[find_speaker(names, name, in_mix=True)] += value
    total = sum(weights)
    if not 0 < total < math.inf:
        raise VoiceError("a mix of speakers must name one or more, e.g. {'ada': 0.7, 'bob': 0.3}")
    used = [index for index, weight in enumerate(weights) if weight]
    # a mix of one is that speaker, bit for bit
    return used[0] if len(used) == 1 else tuple(weight / total for weight in weights)


def find_speaker(names: tuple[str, ...], speaker: object, *, in_mix: bool = False) -> int:
    """Return the index of a speaker.

    Args:
        names: speakers by index; may be empty for a model of one speaker.
        speaker: a name, an index, or None for the first speaker.
        in_mix: the speaker is part of a mix, so None is not allowed.

    Raises:
        VoiceError: the voice has no such speaker; the message lists its speakers.
    """
    if speaker is None and not in_mix:
        return 0
    if isinstance(speaker, str):
        if speaker in names:
            return names.index(speaker)
    elif not isinstance(speaker, bool) and isinstance(speaker, Integral):
        index = int(speaker)
        if 0 <= index < max(1, len(names)):
            return index
    raise VoiceError(f"unknown speaker {speaker!r}; this voice has {_listed(names, speaker)}")


def is_file_name(speaker: str) -> bool:
    """Return whether a speaker's name is that of a recording or of a vector's file.

    >>> is_file_name("ada.wav"), is_file_name("ada.speaker"), is_file_name("ada")
    (True, True, False)
    """
    return Path(speaker).suffix.lower() in (*AUDIO, SUFFIX)


def parse_speaker(names: tuple[str, ...], text: str) -> Speaker:
    """Parse a name, an index, or a mix such as ``ada:0.7,bob:0.3``.

    A name takes precedence; where speakers are named by numbers, a number is a name.

    Raises:
        VoiceError: a weight is not a number, or a speaker is given twice.
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
            raise VoiceError(
                f"speaker {name.strip()!r} is given twice in the mix {text!r}; give it once"
            )
        mix[speaker] = value
    return mix


def _listed(names: tuple[str, ...], speaker: object) -> str:
    """List the speakers, those with names similar to ``speaker`` first."""
    named = [name for name in names if name]
    if not named:
        return "one speaker without a name; leave the speaker out"
    similar = get_close_matches(str(speaker), named, n=5)
    order = [*similar, *(name for name in named if name not in similar)]
    more = f", … ({len(order)} in all)" if len(order) > SHOWN else ""
    numbers = f" or a number from 0 to {len(names) - 1}" if len(names) > 1 else ""
    return f"{', '.join(order[:SHOWN])}{more}{numbers}"
