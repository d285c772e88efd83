"""What a caller asks of a voice: the keyword arguments of a call, and the checked request."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, cast

from vits.errors import TextError, VoiceError
from vits.synthesis.runtime.seeds import choose_seed, derive_seed
from vits.synthesis.settings import SETTINGS, Settings, SettingsDict, require_known
from vits.synthesis.speakers import ResolvedSpeaker, Speaker, resolve_speaker

__all__ = [
    "OPTION_HELP",
    "BatchOptions",
    "LengthConstraints",
    "Lengths",
    "Options",
    "Request",
    "batch_options",
    "make_request",
    "read_lengths",
]

Lengths = Mapping[int, float] | Sequence[float | None]
"""Seconds by index, or a list with one value per index and None for those left alone."""


class BatchOptions(SettingsDict, total=False):
    """Keyword arguments for many texts: the settings, the speaker and the language.

    Attributes:
        speaker: a name or an index of ``speakers``, or a mix with positive weights, of which only
            the proportions count: ``{"ada": 0.7, "bob": 0.3}``; None: the first speaker.
        language: one of ``languages``, or its espeak-ng code; required where there are several,
            and not allowed otherwise.
        markup: read Markdown and HTML as what they show; False: read every sign. SSML is never
            taken for either. None: True.
    """

    speaker: Speaker | None
    language: str | None
    markup: bool | None


class Options(BatchOptions, total=False):
    """Keyword arguments for one text: those of ``BatchOptions``, the seed and the lengths.

    Attributes:
        seed: from 0 to 2**63 - 1. The same seed gives the same samples on the same machine; None:
            a new seed, returned as ``Speech.seed``.
        seconds: length of the whole speech, to the nearest frame. Durations are scaled in
            proportion, pauses stay. None: as predicted.
        word_seconds: lengths of some words by their index in ``Speech.words``: ``{2: 0.8}``, or a
            list with None for the others.
        phoneme_seconds: the same for phonemes, by their index in ``Speech.phonemes``.
        ssml: read the text as SSML, see docs/guides/control.md.
    """

    seed: int | None
    seconds: float | None
    word_seconds: Lengths | None
    phoneme_seconds: Lengths | None
    ssml: bool


OPTION_HELP: Mapping[str, str] = {
    "speaker": "name or index of a speaker, or a mix with weights, e.g. ada:0.7,bob:0.3",
    "language": "language of the text, for voices with several languages",
    "markup": "read Markdown and HTML as what they show",
    "seed": "seed of the sampling; the same seed gives the same speech",
    "seconds": "length of the whole speech in seconds; pauses keep their length",
    "word_seconds": "length of a word in seconds, by its index from 0",
    "phoneme_seconds": "length of a phoneme in seconds, by its index from 0",
    "ssml": "read the text as SSML",
}
"""Help text of every option that is not one of ``SETTINGS``."""


@dataclass(frozen=True, kw_only=True)
class LengthConstraints:
    """Lengths that the speech must keep (seconds).

    Attributes:
        seconds: of the whole, pauses included; None: as predicted.
        words: of words, by their index in ``Speech.words``.
        phonemes: of phonemes, by their index in ``Speech.phonemes``.
    """

    seconds: float | None = None
    words: Mapping[int, float] = field(default_factory=dict[int, float])
    phonemes: Mapping[int, float] = field(default_factory=dict[int, float])


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to speak a text, or one sentence of it, with every value resolved.

    Attributes:
        seed: of the text; in the request of a sentence, of that sentence.
        settings: noise, pace and pauses.
        speaker: speaker index, or the weights of a mix.
        language: language index; None for a voice without a choice.
        lengths: lengths to keep, if any.
    """

    seed: int
    settings: Settings = field(default_factory=Settings)
    speaker: ResolvedSpeaker = 0
    language: int | None = None
    lengths: LengthConstraints | None = None

    def for_sentence(
        self,
        index: int,
        speaker: ResolvedSpeaker | None = None,
        settings: Settings | None = None,
    ) -> "Request":
        """Return the request of the sentence at ``index``, with a seed of its own.

        Args:
            index: position of the sentence in the text.
            speaker: speaker of the sentence; None: that of the text.
            settings: settings of the sentence; None: those of the text.
        """
        return replace(
            self,
            seed=derive_seed(self.seed, index),
            speaker=self.speaker if speaker is None else speaker,
            settings=settings or self.settings,
            lengths=None,
        )


def make_request(
    options: Mapping[str, Any],
    settings: Settings,
    speakers: tuple[str, ...],
    language: int | None = None,
) -> Request:
    """Check the options of one text and fill in the voice's own values.

    Args:
        options: the keywords of ``Options``; ``language``, ``markup`` and ``ssml`` are
            not read.
        settings: the voice's own.
        speakers: names by index; empty for one speaker.
        language: language index.

    Raises:
        VoiceError: an unknown keyword or speaker, a value outside its range, or an invalid length.
    """
    require_known(options, Options.__annotations__)
    lengths = read_lengths(
        options.get("seconds"), options.get("word_seconds"), options.get("phoneme_seconds")
    )
    return Request(
        seed=choose_seed(options.get("seed")),
        settings=settings.override(**_only_settings(options)),
        speaker=resolve_speaker(speakers, options.get("speaker")),
        language=language,
        lengths=lengths,
    )


def _only_settings(options: Mapping[str, Any]) -> SettingsDict:
    return cast(SettingsDict, {name: options[name] for name in SETTINGS if name in options})


def read_lengths(
    seconds: float | None, word_seconds: Lengths | None, phoneme_seconds: Lengths | None
) -> LengthConstraints | None:
    """Check requested lengths; None if there is none.

    Raises:
        VoiceError: a length is not positive and finite, or an index is invalid.
    """
    if seconds is not None:
        _require_seconds("seconds", seconds)
    words = _by_index("word_seconds", word_seconds)
    phonemes = _by_index("phoneme_seconds", phoneme_seconds)
    if seconds is None and not words and not phonemes:
        return None
    return LengthConstraints(seconds=seconds, words=words, phonemes=phonemes)


def _by_index(name: str, lengths: object) -> dict[int, float]:
    if lengths is None:
        return {}
    if isinstance(lengths, Mapping):
        pairs = list(cast(Mapping[object, object], lengths).items())
    elif isinstance(lengths, Sequence) and not isinstance(lengths, str):
        pairs = list[tuple[object, object]](enumerate(cast(Sequence[object], lengths)))
    else:
        raise VoiceError(
            f"{name} must map indices to seconds, e.g. {{2: 0.8}}, or be a list of seconds, "
            f"not {type(lengths).__name__}"
        )
    checked: dict[int, float] = {}
    for index, seconds in pairs:
        if isinstance(index, bool) or not isinstance(index, Integral) or int(index) < 0:
            raise VoiceError(f"{name}: index {index!r} must be a whole number from 0 on")
        if seconds is not None:
            checked[int(index)] = _require_seconds(f"{name}[{index}]", seconds)
    return checked


def _require_seconds(name: str, value: object) -> float:
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not (math.isfinite(number) and number > 0):
        raise VoiceError(f"{name} {value!r} must be a positive number of seconds")
    return number


def batch_options(
    texts: object,
    seeds: Sequence[int | None] | None,
    each: Sequence[BatchOptions] | None,
    options: BatchOptions,
) -> list[Options]:
    """Return the options of each of many texts.

    Args:
        texts: list of str.
        seeds: one for each text; None: new ones.
        each: options of each text, which override ``options``; None: none.
        options: of all texts.

    Raises:
        TextError: ``texts`` is not a sequence.
        VoiceError: as many seeds or options as texts are needed, or an option is not one of
            ``BatchOptions``.
    """
    if not isinstance(texts, Sequence):
        raise TextError(f"the text must be a str or a list of str, not {type(texts).__name__}")
    count = len(cast(Sequence[object], texts))
    all_seeds: list[int | None] = [None] * count if seeds is None else list(seeds)
    all_options = [BatchOptions()] * count if each is None else list(each)
    for name, found in (("seeds", len(all_seeds)), ("entries of each", len(all_options))):
        if found != count:
            raise VoiceError(f"{found} {name} must be as many as the {count} texts")
    for given in (options, *all_options):
        if "seed" in given:
            raise VoiceError("seed is for one text; give seeds, one for each text")
        for name in given:
            if name in Options.__annotations__ and name not in BatchOptions.__annotations__:
                raise VoiceError(f"{name} is for one text; call the voice once for each text")
        require_known(given, BatchOptions.__annotations__)
    return [
        cast(Options, {**options, **own, "seed": seed})
        for own, seed in zip(all_options, all_seeds, strict=True)
    ]
