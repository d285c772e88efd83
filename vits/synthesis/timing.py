"""From frames per symbol to the start and end of every phoneme and word."""

from collections.abc import Sequence
from itertools import accumulate

from vits.synthesis.speech import Timing
from vits.text import Encoding

__all__ = ["time_symbols"]

BLANK = 0  # id of the blank symbol in every symbol table


def time_symbols(
    encoding: Encoding, durations: Sequence[int], frame_seconds: float, offset: float
) -> tuple[list[Timing], list[Timing]]:
    """Time the phonemes and words of one sentence.

    A blank's time is given to the symbol before it, because the model spreads a sound over its
    symbol and the blank that follows; the leading blank is given to nobody.

    Args:
        encoding: S symbols and the words they belong to.
        durations: frames of each of the S symbols.
        frame_seconds: length of a frame, hop_length / sample_rate (seconds).
        offset: where the sentence starts in the wave (seconds).

    Returns:
        Phonemes and words, each in order of time, in seconds of the whole wave.
    """
    edges = [offset + frames * frame_seconds for frames in accumulate(durations, initial=0)]
    spoken = [i for i, symbol in enumerate(encoding.ids) if symbol != BLANK]
    # A symbol lasts until the next one starts; the last until the sentence ends.
    ends = dict(zip(spoken, [*spoken[1:], len(encoding.ids)], strict=True))
    phonemes = [Timing(encoding.symbols[i], edges[i], edges[ends[i]]) for i in spoken]
    words: list[Timing] = []
    for word in encoding.words:
        inside = [i for i in spoken if word.start <= i < word.end]
        if inside:
            words.append(Timing(word.text, edges[inside[0]], edges[ends[inside[-1]]]))
    return phonemes, words
