"""Durations that meet length constraints: of phonemes, of words, of the whole text.

Predicted frames are scaled in proportion, so the pitch does not change. Every symbol except a blank
keeps at least one frame; blanks, which only separate the others, may get none.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vits.errors import VoiceError
from vits.synthesis.request import LengthConstraints, Request
from vits.synthesis.runtime.engine import SynthesisEngine
from vits.synthesis.script.pauses import Pauses
from vits.synthesis.script.sentences import Item, Sentence
from vits.synthesis.timing import BLANK, group_symbols

__all__ = ["DurationPlan", "allocate", "plan_durations"]


class DurationPlan(NamedTuple):
    """The durations of a whole text.

    Attributes:
        durations: frames of each symbol, sentence by sentence.
        extra: samples added to the last pause, less than a frame.
        extra_at: index of the item with that pause; -1: none.
    """

    durations: list[list[int]]
    extra: int = 0
    extra_at: int = -1


class _SentenceFrames:
    """Frames of one sentence's symbols, and which of them are fixed."""

    def __init__(self, sentence: Sentence, frames: list[int]) -> None:
        self.groups = group_symbols(sentence.encoding)
        self.frames = frames
        self.minimum = [int(symbol != BLANK) for symbol in sentence.encoding.ids]
        self.fixed = [False] * len(frames)


_Symbols = list[tuple[_SentenceFrames, int]]
"""Symbols as sentence and index in it."""


def plan_durations(
    engine: SynthesisEngine[Any],
    items: Sequence[Item],
    request: Request,
    lengths: LengthConstraints,
) -> DurationPlan:
    """Predict the durations of all sentences and adjust them to the length constraints.

    Phonemes are fixed first, then words, whose other phonemes share the rest, then the whole text,
    which scales all that is not fixed. Pauses keep their length, except that the last one takes up
    a remainder of less than a frame.

    Args:
        engine: predicts durations.
        items: sentences and silences of a text.
        request: how to speak it.
        lengths: its length constraints.

    Raises:
        VoiceError: a length is too short for its symbols or too long for the memory, or an index
            is beyond the end of the text.
    """
    sentences: list[_SentenceFrames] = []
    for item in items:
        if isinstance(item, Sentence):
            own = request.for_sentence(len(sentences), item.speaker, item.settings)
            frames = engine.predict_durations(item.encoding.ids, own)
            sentences.append(_SentenceFrames(item, frames))
    frame = engine.hop_length / engine.sample_rate
    _fix(sentences, "phoneme", lengths.phonemes, frame)
    _fix(sentences, "word", lengths.words, frame)
    extra, extra_at = 0, -1
    if lengths.seconds is not None:
        extra, extra_at = _fit(engine, items, sentences, request, lengths.seconds)
    for sentence in sentences:
        if sum(sentence.frames) > engine.max_frames:
            raise VoiceError(
                f"a sentence of {sum(sentence.frames) * frame:.4g} s must last at most "
                f"{engine.max_frames * frame:.4g} s; ask for less"
            )
    return DurationPlan([sentence.frames for sentence in sentences], extra, extra_at)


def _fix(
    sentences: list[_SentenceFrames], kind: str, lengths: Mapping[int, float], frame: float
) -> None:
    """Set the lengths of some phonemes or words."""
    groups = [
        (sentence, text, symbols)
        for sentence in sentences
        for text, symbols in (sentence.groups.words if kind == "word" else sentence.groups.phonemes)
    ]
    for index, seconds in sorted(lengths.items()):
        if index >= len(groups):
            raise VoiceError(
                f"{kind} {index} has a length, but the text has {len(groups)} {kind}s, from 0 to "
                f"{len(groups) - 1}; see Speech.{kind}s"
            )
        sentence, text, symbols = groups[index]
        name = f"{seconds:g} s for {kind} {index} {text!r}"
        _scale([(sentence, i) for i in symbols], round(seconds / frame), name, frame)
        for i in symbols:
            sentence.fixed[i] = True


def _fit(
    engine: SynthesisEngine[Any],
    items: Sequence[Item],
    sentences: list[_SentenceFrames],
    request: Request,
    seconds: float,
) -> tuple[int, int]:
    """Fit the whole text; return the samples to add to the last pause, and that pause's index."""
    pauses = Pauses(request.settings, engine.sample_rate)
    silences = [pauses.before(item) for item in items]
    silent, hop = sum(silences), engine.hop_length
    spoken = round(seconds * engine.sample_rate / hop) * hop - silent
    symbols = [(sentence, i) for sentence in sentences for i in range(len(sentence.frames))]
    frame = hop / engine.sample_rate
    _scale(symbols, spoken // hop, f"seconds {seconds:g}", frame, silent / engine.sample_rate)
    last = max((index for index, count in enumerate(silences) if count), default=-1)
    return spoken % hop, last


def _scale(symbols: _Symbols, total: int, name: str, frame: float, silent: float = 0.0) -> None:
    """Scale symbols to ``total`` frames together; fixed ones keep their length."""
    free = [(sentence, i) for sentence, i in symbols if not sentence.fixed[i]]
    rest = total - sum(sentence.frames[i] for sentence, i in symbols if sentence.fixed[i])
    minimum = [sentence.minimum[i] for sentence, i in free]
    if not free and rest:
        raise VoiceError(
            f"{name} is impossible: every phoneme in it has a fixed length; leave one free"
        )
    if rest < sum(minimum):
        shortest = (total - rest + sum(minimum)) * frame + silent
        raise VoiceError(
            f"{name} must be at least {shortest:.3f} s here: a frame of {frame * 1000:.1f} ms for "
            f"each of {sum(minimum)} symbols, {silent:.2f} s of pauses, and the fixed lengths"
        )
    shares = allocate([sentence.frames[i] for sentence, i in free], minimum, rest)
    for (sentence, i), share in zip(free, shares, strict=True):
        sentence.frames[i] = share


def allocate(weights: Sequence[int], minimum: Sequence[int], total: int) -> list[int]:
    """Distribute whole frames in proportion to weights, none below its minimum.

    Entries below their minimum get it, and the others share the rest. Fractions go to the largest
    remainders, ties to the first. Integer arithmetic, so nothing is lost to rounding.

    Args:
        weights: at least 0 each.
        minimum: smallest share of each.
        total: at least the sum of ``minimum``.

    >>> allocate([1, 2, 3], [1, 1, 1], 12), allocate([1, 1, 10], [1, 0, 1], 4)
    ([2, 4, 6], [1, 0, 3])
    """
    weights = list(weights) if any(weights) else [1] * len(weights)
    shares = list(minimum)
    sharing = list(range(len(weights)))
    while True:
        rest = total - sum(minimum) + sum(minimum[i] for i in sharing)
        whole = sum(weights[i] for i in sharing)
        short = {i for i in sharing if weights[i] * rest < minimum[i] * whole}
        if not short:
            break
        sharing = [i for i in sharing if i not in short]
    if not whole:
        return shares
    for i in sharing:
        shares[i] = weights[i] * rest // whole
    left = total - sum(shares)
    order = sorted(sharing, key=lambda i: (-(weights[i] * rest % whole), i))
    for i in order[:left]:
        shares[i] += 1
    return shares
