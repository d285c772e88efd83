"""From frames per symbol to the start and end of every phoneme and word."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from vits.synthesis.speech import Timing
from vits.text import Encoding

__all__ = ["BLANK", "Groups", "group_symbols", "time_symbols"]

BLANK = 0  # id of the blank symbol in every symbol table


class Groups(NamedTuple):
    """The symbols [start, end) whose time is that of a phoneme, and of a word; and their texts."""

    phonemes: list[tuple[str, range]]
    words: list[tuple[str, range]]


def group_symbols(encoding: Encoding) -> Groups:
    """Say which symbols a phoneme's and a word's time is made of.

    A blank's time is given to the symbol before it, because the model spreads a sound over its
    symbol and the blank that follows; the leading blank is given to nobody.
    """
    spoken = [i for i, symbol in enumerate(encoding.ids) if symbol != BLANK]
    # A symbol lasts until the next one starts; the last until the sentence ends.
    edges = [*spoken, len(encoding.ids)]
    phonemes = [(encoding.symbols[i], range(i, end)) for i, end in pairwise(edges)]
    words: list[tuple[str, range]] = []
    for word in encoding.words:
        first, end = (bisect_left(spoken, place) for place in (word.start, word.end))
        if first < end:
            words.append((word.text, range(edges[first], edges[end])))
    return Groups(phonemes, words)


def time_symbols(
    encoding: Encoding, durations: Sequence[int], frame_seconds: float, offset: float
) -> tuple[list[Timing], list[Timing]]:
    """Time the phonemes and words of one sentence.

    Args:
        encoding: S symbols and the words they belong to.
        durations: frames of each of the S symbols.
        frame_seconds: length of a frame, hop_length / sample_rate (seconds).
        offset: where the sentence starts in the wave (seconds).

    Returns:
        Phonemes and words, each in order of time, in seconds of the whole wave.
    """
    edges = [offset + frames * frame_seconds for frames in accumulate(durations, initial=0)]
    groups = group_symbols(encoding)
    phonemes, words = (
        [Timing(text, edges[place.start], edges[place.stop]) for text, place in found]
        for found in groups
    )
    return phonemes, words
