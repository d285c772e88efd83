"""Start and end of every phoneme and word, from frames per symbol."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from vits.text import Encoding
from vits.text.aligned import Span

__all__ = ["BLANK", "SymbolGroups", "Timing", "group_symbols", "time_symbols"]

BLANK = 0  # id of the blank symbol in every symbol table


class Timing(NamedTuple):
    """A phoneme or word with its start and end in the speech (seconds).

    Attributes:
        text: a symbol, or a word as it is spoken.
        start: start (seconds).
        end: end (seconds).
        source: of a word, the characters [start, end) of the input that it stands for: each of the
            words "one hundred dollars" has the span of "$100". None if unknown.
    """

    text: str
    start: float
    end: float
    source: Span | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; without the source if there is none."""
        values: dict[str, Any] = {"text": self.text, "start": self.start, "end": self.end}
        return values if self.source is None else {**values, "source": list(self.source)}


class SymbolGroups(NamedTuple):
    """Phonemes and words with the range of symbols that each lasts; the source of each word."""

    phonemes: list[tuple[str, range]]
    words: list[tuple[str, range]]
    sources: list[Span | None]


def group_symbols(encoding: Encoding) -> SymbolGroups:
    """Return the symbols that make up the time of each phoneme and word.

    A blank counts with the symbol before it, because the model spreads a sound over its symbol and
    the blank that follows. The leading blank and a final mark that was added belong to none.
    """
    spoken = [i for i, symbol in enumerate(encoding.ids) if symbol != BLANK]
    # A symbol lasts until the next one starts; the last until the sentence ends.
    edges = [*spoken, len(encoding.ids)]
    phonemes = [
        (encoding.symbols[i], range(i, end)) for i, end in pairwise(edges) if i != encoding.added
    ]
    sources: list[Span | None] = []
    words: list[tuple[str, range]] = []
    for word in encoding.words:
        first, end = (bisect_left(spoken, index) for index in (word.start, word.end))
        if first < end:
            words.append((word.text, range(edges[first], edges[end])))
            sources.append(word.source if word.source.end else None)
    return SymbolGroups(phonemes, words, sources)


def time_symbols(
    encoding: Encoding, durations: Sequence[int], frame_seconds: float, offset: float
) -> tuple[list[Timing], list[Timing]]:
    """Time the phonemes and words of one sentence.

    Args:
        encoding: S symbols and the words they belong to.
        durations: frames of each of the S symbols.
        frame_seconds: length of a frame, hop_length / sample_rate (seconds).
        offset: start of the sentence in the speech (seconds).

    Returns:
        Phonemes and words in order of time, in seconds from the start of the speech.
    """
    edges = [offset + frames * frame_seconds for frames in accumulate(durations, initial=0)]
    groups = group_symbols(encoding)
    phonemes = [Timing(text, edges[part.start], edges[part.stop]) for text, part in groups.phonemes]
    words = [
        Timing(text, edges[part.start], edges[part.stop], source)
        for (text, part), source in zip(groups.words, groups.sources, strict=True)
    ]
    return phonemes, words
