"""Sentences one after the other: waves, pauses and times become a stream of ``Speech``."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import Samples, SynthesisEngine
from vits.synthesis.script.durations import plan_rhythm
from vits.synthesis.script.pauses import Pauses
from vits.synthesis.script.sentences import Item, Rest, Sentence
from vits.synthesis.speech import Speech, Timing
from vits.synthesis.timing import time_symbols

__all__ = ["Request", "Timeline", "draw_sentence", "join", "stream_speech"]

D = TypeVar("D")


def stream_speech(
    engine: SynthesisEngine[Any],
    items: Iterable[Item],
    request: Request,
    *,
    whole_sentences: bool,
) -> Iterator[Speech]:
    """Speak sentences as they come; where lengths are wished, once all have come.

    Args:
        engine: speaks.
        items: sentences and rests of one text.
        request: how.
        whole_sentences: give a sentence as one chunk.

    Yields:
        Chunks; a pause is one of its own, without times.
    """
    rhythm = None
    if request.wishes is not None:
        items = list(items)
        rhythm = plan_rhythm(engine, items, request, request.wishes)
    timeline, index = Timeline(engine, request), 0
    for place, item in enumerate(items):
        extra = rhythm.extra if rhythm is not None and rhythm.longest == place else 0
        yield from timeline.pause(item, extra)
        if isinstance(item, Rest):
            continue
        durations = None if rhythm is None else rhythm.durations[index]
        drawn = draw_sentence(engine, item, request, index, durations)
        index += 1
        waves = [engine.decode(drawn)] if whole_sentences else engine.decode_in_chunks(drawn)
        yield from timeline.place(item, engine.durations(drawn), waves)


def draw_sentence(
    engine: SynthesisEngine[D],
    sentence: Sentence,
    request: Request,
    index: int,
    durations: Sequence[int] | None = None,
) -> D:
    """Draw a sentence with its own chance; ``index`` is its place among the text's sentences."""
    who = request.who if sentence.who is None else sentence.who
    how = sentence.how or request.how
    chance, language = (request.seed, index), request.language
    return engine.sample(sentence.encoding.ids, who, how, chance, durations, language=language)


class Timeline:
    """Puts what is spoken behind one another.

    Args:
        engine: what speaks.
        request: how.
    """

    def __init__(self, engine: SynthesisEngine[Any], request: Request) -> None:
        self._rate, self._hop, self._request = engine.sample_rate, engine.hop_length, request
        self._pauses = Pauses(request.how, engine.sample_rate)
        self._samples = 0

    def pause(self, item: Item, extra: int = 0) -> Iterator[Speech]:
        """Yield the pause before a sentence, or a rest, where there is one; once for each item."""
        count = self._pauses.before(item) + extra
        if count:
            yield self._speech(np.zeros(count, np.float32))

    def place(
        self, sentence: Sentence, durations: Sequence[int], waves: Iterable[Samples]
    ) -> Iterator[Speech]:
        """Yield the waves of a sentence, each with the times that start in it.

        Args:
            sentence: what is spoken.
            durations: frames of each of its symbols.
            waves: its samples, in chunks of whole frames.
        """
        offset, frame_seconds = self._samples / self._rate, self._hop / self._rate
        phonemes, words = time_symbols(sentence.encoding, durations, frame_seconds, offset)
        frames, n_frames = 0, max(1, sum(durations))
        for wave in waves:
            frames += len(wave) // self._hop
            # what lasts no time at all may start where the sentence ends
            end = offset + frames * frame_seconds if frames < n_frames else float("inf")
            yield self._speech(wave, _take(phonemes, end), _take(words, end))

    def _speech(
        self, wave: Samples, phonemes: Sequence[Timing] = (), words: Sequence[Timing] = ()
    ) -> Speech:
        start = self._samples / self._rate
        self._samples += len(wave)
        seed = self._request.seed
        return Speech(wave, self._rate, tuple(phonemes), tuple(words), seed, start)


def join(chunks: Sequence[Speech]) -> Speech:
    """Join the chunks of a stream, at least one, to what they are parts of."""
    return Speech(
        np.concatenate([chunk.samples for chunk in chunks]),
        chunks[0].sample_rate,
        tuple(timing for chunk in chunks for timing in chunk.phonemes),
        tuple(timing for chunk in chunks for timing in chunk.words),
        chunks[0].seed,
    )


def _take(timings: list[Timing], end: float) -> list[Timing]:
    """Take off the front what starts before ``end``."""
    count = bisect_left([timing.start for timing in timings], end)
    taken = timings[:count]
    del timings[:count]
    return taken
