"""Durations that keep given lengths: of words, of phonemes, of the whole.

Predicted frames are stretched or squeezed in proportion, so that the pitch stays what it was. Every
symbol that is heard keeps at least one frame; blanks, which only stand between them, may vanish.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from vits.errors import VoiceError
from vits.synthesis.request import Request, Wishes
from vits.synthesis.runtime.engine import SynthesisEngine
from vits.synthesis.script.pauses import Pauses
from vits.synthesis.script.sentences import Item, Sentence
from vits.synthesis.timing import BLANK, group_symbols

__all__ = ["Rhythm", "allocate", "plan_rhythm"]


class Rhythm(NamedTuple):
    """How long everything lasts.

    Attributes:
        durations: frames of each symbol, sentence by sentence.
        extra: samples by which the last pause is longer, less than a frame.
        longest: place of the item before which that pause is, or which it is.
    """

    durations: list[list[int]]
    extra: int = 0
    longest: int = -1


class _Line:
    """The symbols of one sentence, and which of them have their final length."""

    def __init__(self, sentence: Sentence, frames: list[int]) -> None:
        self.groups = group_symbols(sentence.encoding)
        self.frames = frames
        self.least = [int(symbol != BLANK) for symbol in sentence.encoding.ids]
        self.fixed = [False] * len(frames)


def plan_rhythm(
    engine: SynthesisEngine[Any], items: Sequence[Item], request: Request, wishes: Wishes
) -> Rhythm:
    """Predict the durations of all sentences and make them keep what is wished.

    Phonemes come first; then words, whose other phonemes share what is left; then the whole, which
    stretches all that has no length of its own. Pauses stay; a part of a frame that is left over
    makes the last of them longer.

    Args:
        engine: predicts.
        items: the sentences and rests of a text.
        request: how to speak it.
        wishes: its lengths.

    Raises:
        VoiceError: a length is too short for its symbols or too long for the memory, or a place is
            beyond the end of the text.
    """
    lines: list[_Line] = []
    for item in items:
        if isinstance(item, Sentence):
            who = request.who if item.who is None else item.who
            how, chance = item.how or request.how, (request.seed, len(lines))
            ids = item.encoding.ids
            frames = engine.predict_durations(ids, who, how, chance, language=request.language)
            lines.append(_Line(item, frames))
    frame = engine.hop_length / engine.sample_rate
    _fix(lines, "phoneme", wishes.phonemes, frame)
    _fix(lines, "word", wishes.words, frame)
    extra, last = 0, -1
    if wishes.seconds is not None:
        extra, last = _fit(engine, items, lines, request, wishes.seconds)
    for line in lines:
        if sum(line.frames) > engine.max_frames:
            raise VoiceError(
                f"a sentence of {sum(line.frames) * frame:.4g} s must last at most "
                f"{engine.max_frames * frame:.4g} s; ask for less"
            )
    return Rhythm([line.frames for line in lines], extra, last)


def _fix(lines: list[_Line], what: str, wished: dict[int, float], frame: float) -> None:
    """Give the phonemes or words at some places their lengths."""
    found = [
        (line, text, place)
        for line in lines
        for text, place in (line.groups.words if what == "word" else line.groups.phonemes)
    ]
    for index, seconds in sorted(wished.items()):
        if index >= len(found):
            raise VoiceError(
                f"{what} {index} has a length, but the text has {len(found)} {what}s, from 0 to "
                f"{len(found) - 1}; see Speech.{what}s"
            )
        line, text, place = found[index]
        name = f"{seconds:g} s for {what} {index} {text!r}"
        _stretch([(line, i) for i in place], round(seconds / frame), name, frame)
        for i in place:
            line.fixed[i] = True


def _fit(
    engine: SynthesisEngine[Any],
    items: Sequence[Item],
    lines: list[_Line],
    request: Request,
    seconds: float,
) -> tuple[int, int]:
    """Fit the whole; return what the last pause has to be longer (samples), and where it is."""
    pauses = Pauses(request.how, engine.sample_rate)
    silences = [pauses.before(item) for item in items]
    silent, hop = sum(silences), engine.hop_length
    spoken = round(seconds * engine.sample_rate / hop) * hop - silent
    symbols = [(line, i) for line in lines for i in range(len(line.frames))]
    frame = hop / engine.sample_rate
    _stretch(symbols, spoken // hop, f"seconds {seconds:g}", frame, silent / engine.sample_rate)
    last = max((place for place, count in enumerate(silences) if count), default=-1)
    return spoken % hop, last


def _stretch(
    symbols: list[tuple[_Line, int]], total: int, name: str, frame: float, silent: float = 0.0
) -> None:
    """Make symbols last ``total`` frames in all; those with a length of their own keep it."""
    free = [(line, i) for line, i in symbols if not line.fixed[i]]
    rest = total - sum(line.frames[i] for line, i in symbols if line.fixed[i])
    least = [line.least[i] for line, i in free]
    if not free and rest:
        raise VoiceError(f"{name} cannot be: every phoneme in it has a length; leave one free")
    if rest < sum(least):
        shortest = (total - rest + sum(least)) * frame + silent
        raise VoiceError(
            f"{name} must be at least {shortest:.3f} s here: a frame of {frame * 1000:.1f} ms for "
            f"each of {sum(least)} symbols, {silent:.2f} s of pauses, and what has a length already"
        )
    shares = allocate([line.frames[i] for line, i in free], least, rest)
    for (line, i), share in zip(free, shares, strict=True):
        line.frames[i] = share


def allocate(weights: Sequence[int], least: Sequence[int], total: int) -> list[int]:
    """Share out whole frames in proportion to weights, none less than its least.

    What is below its least gets that, the others share the rest; fractions go to the largest
    remainders, at a tie to the first. All in whole numbers, so nothing is lost to rounding.

    Args:
        weights: at least 0 each.
        least: of each.
        total: at least the sum of ``least``.

    >>> allocate([1, 2, 3], [1, 1, 1], 12), allocate([1, 1, 10], [1, 0, 1], 4)
    ([2, 4, 6], [1, 0, 3])
    """
    weights = list(weights) if any(weights) else [1] * len(weights)
    shares = list(least)
    sharing = list(range(len(weights)))
    while True:
        rest = total - sum(least[i] for i in range(len(weights))) + sum(least[i] for i in sharing)
        whole = sum(weights[i] for i in sharing)
        short = {i for i in sharing if weights[i] * rest < least[i] * whole}
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
