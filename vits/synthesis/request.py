"""What a caller asks of a voice: the keyword arguments of a call, and the checked request."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, NamedTuple, cast

from vits.errors import TextError, VoiceError
from vits.synthesis.runtime.seeds import choose_seed, derive_seed
from vits.synthesis.settings import SETTINGS, Settings, SettingsDict, require_known
from vits.synthesis.speakers import ResolvedSpeaker, Speaker, resolve_speaker

__all__ = [
    "OPTION_HELP",
    "BatchOptions",
    "LengthConstraints",
    "Numbers",
    "Options",
    "PitchConstraints",
    "Request",
    "SymbolPitch",
    "batch_options",
    "make_request",
    "read_lengths",
]

Numbers = Mapping[int, float] | Sequence[float | None]
"""Numbers by index, or a list with one value per index and None for those left alone."""


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
    """Keyword arguments for one text: those of ``BatchOptions``, seed, lengths and pitches.

    Attributes:
        seed: from 0 to 2**63 - 1. The same seed gives the same samples on the same machine; None:
            a new seed, returned as ``Speech.seed``.
        seconds: length of the whole speech, to the nearest frame. Durations are scaled in
            proportion, pauses stay. None: as predicted.
        word_seconds: lengths of some words by their index in ``Speech.words``: ``{2: 0.8}``, or a
            list with None for the others.
        phoneme_seconds: the same for phonemes, by their index in ``Speech.phonemes``.
        word_pitch: semitones by which the F0 of some words moves, besides ``pitch``, by the index
            of the word, for a voice with pitch.
        phoneme_pitch: the same for phonemes, instead of that of their word.
        ssml: read the text as SSML, see docs/guides/control.md.
    """

    seed: int | None
    seconds: float | None
    word_seconds: Numbers | None
    phoneme_seconds: Numbers | None
    word_pitch: Numbers | None
    phoneme_pitch: Numbers | None
    ssml: bool


OPTION_HELP: Mapping[str, str] = {
    "speaker": "name or index of a speaker, or a mix with weights, e.g. ada:0.7,bob:0.3",
    "language": "language of the text, for voices with several languages",
    "markup": "read Markdown and HTML as what they show",
    "seed": "seed of the sampling; the same seed gives the same speech",
    "seconds": "length of the whole speech in seconds; pauses keep their length",
    "word_seconds": "length of a word in seconds, by its index from 0",
    "phoneme_seconds": "length of a phoneme in seconds, by its index from 0",
    "word_pitch": "semitones added to the F0 of a word, by its index from 0",
    "phoneme_pitch": "semitones added to the F0 of a phoneme, by its index from 0",
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


class PitchConstraints(NamedTuple):
    """Semitones added to the F0 of words and of phonemes, by their index in ``Speech``."""

    words: Mapping[int, float]
    phonemes: Mapping[int, float]


class SymbolPitch(NamedTuple):
    """Pitch of the symbols of a sentence, besides that of the settings.

    Attributes:
        shifts: semitones added to F0, of each symbol.
        ranges: factor on the movements of F0, of each symbol.
    """

    shifts: tuple[float, ...]
    ranges: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to speak a text, or one sentence of it, with every value resolved.

    Attributes:
        seed: of the text; in the request of a sentence, of that sentence.
        settings: noise, pace and pauses.
        speaker: speaker index, or the weights of a mix.
        language: language index; None for a voice without a choice.
        lengths: lengths to keep, if any.
        pitches: pitches of words and phonemes, if any.
        symbol_pitch: of the symbols of a sentence, if they have a pitch of their own.
    """

    seed: int
    settings: Settings = field(default_factory=Settings)
    speaker: ResolvedSpeaker = 0
    language: int | None = None
    lengths: LengthConstraints | None = None
    pitches: PitchConstraints | None = None
    symbol_pitch: SymbolPitch | None = None

    def for_sentence(
        self,
        index: int,
        speaker: ResolvedSpeaker | None = None,
        settings: Settings | None = None,
        symbol_pitch: SymbolPitch | None = None,
    ) -> "Request":
        """Return the request of the sentence at ``index``, with a seed of its own.

        Args:
            index: position of the sentence in the text.
            speaker: speaker of the sentence; None: that of the text.
            settings: settings of the sentence; None: those of the text.
            symbol_pitch: of its symbols; None: that of the settings.
        """
        return replace(
            self,
            seed=derive_seed(self.seed, index),
            speaker=self.speaker if speaker is None else speaker,
            settings=settings or self.settings,
            lengths=None,
            pitches=None,
            symbol_pitch=symbol_pitch,
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
        VoiceError: an unknown keyword or speaker, a value outside its range, or an invalid length
            or pitch.
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
        pitches=_read_pitches(options.get("word_pitch"), options.get("phoneme_pitch")),
    )


def _only_settings(options: Mapping[str, Any]) -> SettingsDict:
    return cast(SettingsDict, {name: options[name] for name in SETTINGS if name in options})


def read_lengths(
    seconds: float | None, word_seconds: Numbers | None, phoneme_seconds: Numbers | None
) -> LengthConstraints | None:
    """Check requested lengths; None if there is none.

    Raises:
        VoiceError: a length is not positive and finite, or an index is invalid.
    """
    if seconds is not None:
        _require_seconds("seconds", seconds)
    words = _by_index("word_seconds", word_seconds, "seconds", _require_seconds)
    phonemes = _by_index("phoneme_seconds", phoneme_seconds, "seconds", _require_seconds)
    if seconds is None and not words and not phonemes:
        return None
    return LengthConstraints(seconds=seconds, words=words, phonemes=phonemes)


def _read_pitches(
    word_pitch: Numbers | None, phoneme_pitch: Numbers | None
) -> PitchConstraints | None:
    """Check requested pitches; None if there is none.

    Raises:
        VoiceError: a pitch is outside the range of the setting, or an index is invalid.
    """

    def require_pitch(name: str, value: object) -> float:
        SETTINGS["pitch"].check(name, value)
        return float(cast(float, value))

    words = _by_index("word_pitch", word_pitch, "semitones", require_pitch)
    phonemes = _by_index("phoneme_pitch", phoneme_pitch, "semitones", require_pitch)
    return PitchConstraints(words, phonemes) if words or phonemes else None


def _by_index(
    name: str, values: object, unit: str, check: Callable[[str, object], float]
) -> dict[int, float]:
    """Check numbers by index."""
    if values is None:
        return {}
    if isinstance(values, Mapping):
        pairs = list(cast(Mapping[object, object], values).items())
    elif isinstance(values, Sequence) and not isinstance(values, str):
        pairs = list[tuple[object, object]](enumerate(cast(Sequence[object], values)))
    else:
        raise VoiceError(
            f"{name} must map indices to {unit}, e.g. {{2: 0.8}}, or be a list of {unit}, "
            f"not {type(values).__name__}"
        )
    checked: dict[int, float] = {}
    for index, value in pairs:
        if isinstance(index, bool) or not isinstance(index, Integral) or int(index) < 0:
            raise VoiceError(f"{name}: index {index!r} must be a whole number from 0 on")
        if value is not None:
            checked[int(index)] = check(f"{name}[{index}]", value)
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
