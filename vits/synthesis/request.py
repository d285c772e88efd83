"""What is asked of a voice for one text, checked."""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple, cast

from vits.errors import TextError, VoiceError
from vits.synthesis.runtime.seeds import choose_seed
from vits.synthesis.settings import Settings, SettingsDict
from vits.synthesis.speakers import Speaker, Who, find_who

__all__ = [
    "BatchOptions",
    "Lengths",
    "Options",
    "Request",
    "Wishes",
    "read_batch",
    "read_request",
    "read_wishes",
]

Lengths = Mapping[int, float] | Sequence[float | None]
"""Seconds by place, or one value for each place with None for those left alone."""


class BatchOptions(SettingsDict, total=False):
    """Keyword arguments that hold for many texts; None: the voice's own choice.

    Attributes:
        speaker: a name or an index of ``speakers``, or a mix of them with positive weights.
        language: one of ``languages``, or its espeak-ng code.
    """

    speaker: Speaker | None
    language: str | None


class Options(BatchOptions, total=False):
    """Keyword arguments of one text; see ``Voice.__call__``.

    Attributes:
        seed: from 0 to 2**63 - 1; None: a new one.
        seconds: length of the whole speech (seconds).
        word_seconds: lengths of words by their index in ``Speech.words`` (seconds).
        phoneme_seconds: lengths of phonemes by their index in ``Speech.phonemes`` (seconds).
        ssml: whether the text is SSML.
    """

    seed: int | None
    seconds: float | None
    word_seconds: Lengths | None
    phoneme_seconds: Lengths | None
    ssml: bool


class Wishes(NamedTuple):
    """Lengths that are to be kept (seconds).

    Attributes:
        seconds: of the whole, pauses included; None: as it comes.
        words: of words, by their place in ``Speech.words``.
        phonemes: of phonemes, by their place in ``Speech.phonemes``.
    """

    seconds: float | None
    words: dict[int, float]
    phonemes: dict[int, float]


class Request(NamedTuple):
    """How a text is to be spoken.

    Attributes:
        who: the speaker.
        how: the settings.
        seed: of the text.
        wishes: lengths that are to be kept, if any.
        language: row of the language embedding; None where there is none.
    """

    who: Who
    how: Settings
    seed: int
    wishes: Wishes | None = None
    language: int | None = None


def read_request(
    inference: Settings, names: tuple[str, ...], count: int, control: Mapping[str, Any]
) -> Request:
    """Check what is asked for one text.

    Args:
        inference: the voice's own settings.
        names: its speakers by row.
        count: their number.
        control: a ``Options``; the language, which voice conversion does without, is not read.

    Raises:
        VoiceError: an unknown speaker, a value outside its range, or an impossible length.
    """
    values = {key: value for key, value in control.items() if key not in ("ssml", "language")}
    wishes = read_wishes(
        values.pop("seconds", None),
        values.pop("word_seconds", None),
        values.pop("phoneme_seconds", None),
    )
    who = find_who(names, count, values.pop("speaker", None))
    seed = choose_seed(values.pop("seed", None))
    return Request(who, inference.override(**values), seed, wishes)


def read_wishes(
    seconds: float | None, word_seconds: Lengths | None, phoneme_seconds: Lengths | None
) -> Wishes | None:
    """Check lengths; None where none is given.

    Raises:
        VoiceError: a length is not positive and finite, or a place is none.
    """
    if seconds is not None:
        _require_seconds("seconds", seconds)
    words = _by_place("word_seconds", word_seconds)
    phonemes = _by_place("phoneme_seconds", phoneme_seconds)
    if seconds is None and not words and not phonemes:
        return None
    return Wishes(seconds, words, phonemes)


def _by_place(name: str, lengths: object) -> dict[int, float]:
    if lengths is None:
        return {}
    if isinstance(lengths, Mapping):
        pairs = list(cast(Mapping[object, object], lengths).items())
    elif isinstance(lengths, Sequence) and not isinstance(lengths, str):
        pairs = list[tuple[object, object]](enumerate(cast(Sequence[object], lengths)))
    else:
        raise VoiceError(
            f"{name} must map places to seconds, e.g. {{2: 0.8}}, or list one for each place; "
            f"not be {type(lengths).__name__}"
        )
    found: dict[int, float] = {}
    for place, seconds in pairs:
        if isinstance(place, bool) or not isinstance(place, Integral) or int(place) < 0:
            raise VoiceError(f"{name}: place {place!r} must be a whole number from 0 on")
        if seconds is not None:
            found[int(place)] = _require_seconds(f"{name}[{place}]", seconds)
    return found


def _require_seconds(name: str, value: object) -> float:
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not (math.isfinite(number) and number > 0):
        raise VoiceError(f"{name} {value!r} must be a positive number of seconds")
    return number


def read_batch(
    texts: object,
    seeds: Sequence[int | None] | None,
    each: Sequence[BatchOptions] | None,
    settings: BatchOptions,
    batch_frames: int = 1,
) -> list[Options]:
    """Check what is asked for many texts; return what is asked for each.

    Args:
        texts: list of str.
        seeds: one for each text; None: new ones.
        each: settings of each text, which win over ``settings``; None: none has its own.
        settings: of all texts.
        batch_frames: frames decoded at once.

    Raises:
        TextError: ``texts`` is a str, or nothing that holds texts.
        VoiceError: the number of seeds or settings is another than that of the texts, a setting is
            not one of ``BatchOptions``, or ``batch_frames`` is less than 1.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise TextError(
            f"texts must be a list of str, not {type(texts).__name__}; call the voice for one text"
        )
    if batch_frames < 1:
        raise VoiceError(f"batch_frames {batch_frames} must be at least 1")
    count = len(cast(Sequence[object], texts))
    drawn: list[int | None] = [None] * count if seeds is None else list(seeds)
    own = [BatchOptions()] * count if each is None else list(each)
    for what, found in (("seeds", len(drawn)), ("settings in each", len(own))):
        if found != count:
            raise VoiceError(f"{found} {what} must be as many as the {count} texts")
    for key in [key for given in (settings, *own) for key in given]:
        if key not in BatchOptions.__annotations__:
            known = ", ".join(BatchOptions.__annotations__)
            raise VoiceError(
                f"{key!r} is no setting of many texts, which are {known}; "
                "call the voice for one text"
            )
    return [
        cast(Options, {**settings, **given, "seed": seed})
        for given, seed in zip(own, drawn, strict=True)
    ]
