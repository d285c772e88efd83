"""Start and end of every phoneme and word, from frames per symbol."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from vits.text import Encoding

__all__ = ["BLANK", "SymbolGroups", "Timing", "group_symbols", "time_symbols"]

BLANK = 0  # id of the blank symbol in every symbol table


class Timing(NamedTuple):
    """A phoneme or word with its start and end in the speech (seconds)."""

    text: str
    start: float
    end: float


class SymbolGroups(NamedTuple):
    """Phonemes and words with the range of symbols that each lasts."""

    phonemes: list[tuple[str, range]]
    words: list[tuple[str, range]]


def group_symbols(encoding: Encoding) -> SymbolGroups:
    """Return the symbols that make up the time of each phoneme and word.

    A blank counts with the symbol before it, because the model spreads a sound over its symbol and
    the blank that follows. The leading blank belongs to none.
    """
    spoken = [i for i, symbol in enumerate(encoding.ids) if symbol != BLANK]
    # A symbol lasts until the next one starts; the last until the sentence ends.
    edges = [*spoken, len(encoding.ids)]
    phonemes = [(encoding.symbols[i], range(i, end)) for i, end in pairwise(edges)]
    words: list[tuple[str, range]] = []
    for word in encoding.words:
        first, end = (bisect_left(spoken, index) for index in (word.start, word.end))
        if first < end:
            words.append((word.text, range(edges[first], edges[end])))
    return SymbolGroups(phonemes, words)


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
    phonemes, words = (
        [Timing(text, edges[symbols.start], edges[symbols.stop]) for text, symbols in group]
        for group in group_symbols(encoding)
    )
    return phonemes, words
