"""Pitch of the symbols of a sentence: from SSML, and asked for by word and phoneme."""

from collections.abc import Mapping, Sequence

from vits.errors import VoiceError
from vits.synthesis.request import PitchConstraints, SymbolPitch
from vits.synthesis.script.sentences import Item, Sentence
from vits.synthesis.timing import SymbolGroups, group_symbols
from vits.text.aligned import Span
from vits.text.ssml.parser import PitchSpan

__all__ = ["plan_pitch", "symbol_pitch"]

_NEUTRAL = (0.0, 1.0)  # semitones, factor


def plan_pitch(items: Sequence[Item], pitches: PitchConstraints) -> list[dict[int, float]]:
    """Return the semitones of the symbols that have some, sentence by sentence.

    A phoneme's replace those of its word.

    Args:
        items: sentences and silences of a text.
        pitches: semitones of words and phonemes.

    Raises:
        VoiceError: an index is beyond the end of the text.
    """
    groups = [group_symbols(item.encoding) for item in items if isinstance(item, Sentence)]
    planned: list[dict[int, float]] = [{} for _ in groups]
    for kind in ("word", "phoneme"):
        all_parts = [
            (number, part)
            for number, group in enumerate(groups)
            for _, part in (group.words if kind == "word" else group.phonemes)
        ]
        wanted = pitches.words if kind == "word" else pitches.phonemes
        for index, semitones in wanted.items():
            if index >= len(all_parts):
                raise VoiceError(
                    f"{kind} {index} has a pitch, but the text has {len(all_parts)} {kind}s, from "
                    f"0 to {len(all_parts) - 1}; see Speech.{kind}s"
                )
            number, part = all_parts[index]
            planned[number].update(dict.fromkeys(part, semitones))
    return planned


def symbol_pitch(sentence: Sentence, shifts: Mapping[int, float]) -> SymbolPitch | None:
    """Return the pitch of the symbols of a sentence; None if all have that of the settings.

    A symbol between two words has the pitch of both, or that of the settings if they differ; one
    before the first or after the last word of the sentence has that of this word.

    Args:
        sentence: with the pitches of SSML.
        shifts: semitones by symbol, which are added.
    """
    if not sentence.pitches and not shifts:
        return None
    pairs = _of_symbols(sentence) if sentence.pitches else [_NEUTRAL] * len(sentence.encoding.ids)
    moved = tuple(shift + shifts.get(index, 0.0) for index, (shift, _) in enumerate(pairs))
    return SymbolPitch(moved, tuple(factor for _, factor in pairs))


def _of_symbols(sentence: Sentence) -> list[tuple[float, float]]:
    """Return semitones and factor of each symbol by the element that its word is in."""
    groups: SymbolGroups = group_symbols(sentence.encoding)
    found = [_innermost(sentence.pitches, source) for source in groups.sources]
    pairs = [_NEUTRAL] * len(sentence.encoding.ids)
    if not found:
        return pairs
    parts = [part for _, part in groups.words]
    # the symbols from the end of one word to the start of the next
    starts, stops = [0, *(part.stop for part in parts)], [part.start for part in parts]
    stops.append(len(pairs))
    around = zip(starts, stops, [found[0], *found], [*found, found[-1]], strict=True)
    for start, stop, before, after in around:
        pairs[start:stop] = [before if before == after else _NEUTRAL] * (stop - start)
    for part, pair in zip(parts, found, strict=True):
        pairs[part.start : part.stop] = [pair] * len(part)
    return pairs


def _innermost(spans: Sequence[PitchSpan], source: Span | None) -> tuple[float, float]:
    """Return semitones and factor of the innermost element around a word."""
    if source is None:
        return _NEUTRAL
    for span in spans:
        if span.start <= source.start < span.end:
            return span.shift, span.range
    return _NEUTRAL
