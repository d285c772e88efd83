"""Sentences one after the other: waves, pauses and times become a stream of ``Speech``."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np

from vits.models.outputs import PriorDraw
from vits.synthesis.engine import Engine, Samples
from vits.synthesis.pauses import pause_seconds
from vits.synthesis.script import Sentence
from vits.synthesis.seeds import seeded_generator
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.speech import Speech, Timing
from vits.synthesis.timing import time_symbols

__all__ = ["Request", "Timeline", "draw_sentence", "join", "stream_speech"]


class Request(NamedTuple):
    """How a text is to be spoken.

    Attributes:
        row: of the speaker.
        how: the settings.
        seed: of the text.
    """

    row: int
    how: InferenceConfig
    seed: int


def stream_speech(
    engine: Engine, sentences: Iterable[Sentence], request: Request, *, whole_sentences: bool
) -> Iterator[Speech]:
    """Speak sentences as they come.

    Args:
        engine: speaks.
        sentences: of one text.
        request: how.
        whole_sentences: give a sentence as one chunk.

    Yields:
        Chunks; a pause is one of its own, without times.
    """
    timeline = Timeline(engine, request)
    for index, sentence in enumerate(sentences):
        yield from timeline.pause(sentence)
        drawn = draw_sentence(engine, sentence, request, index)
        waves = [engine.speak(drawn)] if whole_sentences else engine.speak_in_chunks(drawn)
        yield from timeline.place(sentence, drawn, waves)


def draw_sentence(engine: Engine, sentence: Sentence, request: Request, index: int) -> PriorDraw:
    """Draw a sentence with its own chance; ``index`` is its place in the text."""
    generator = seeded_generator(engine.device, request.seed, index)
    return engine.draw(sentence.encoding.ids, request.row, request.how, generator)


class Timeline:
    """Puts what is spoken behind one another.

    Args:
        engine: what speaks.
        request: how.
    """

    def __init__(self, engine: Engine, request: Request) -> None:
        self._rate, self._hop, self._request = engine.sample_rate, engine.hop_length, request
        self._samples = 0

    def pause(self, sentence: Sentence) -> Iterator[Speech]:
        """Yield the pause before a sentence, where there is one."""
        if self._samples:
            count = round(pause_seconds(sentence.gap, self._request.how) * self._rate)
            if count:
                yield self._speech(np.zeros(count, np.float32))

    def place(
        self, sentence: Sentence, drawn: PriorDraw, waves: Iterable[Samples]
    ) -> Iterator[Speech]:
        """Yield the waves of a sentence, each with the times that start in it."""
        offset, frame_seconds = self._samples / self._rate, self._hop / self._rate
        durations = cast(list[int], drawn.durations[0].tolist())  # pyright: ignore[reportUnknownMemberType]
        phonemes, words = time_symbols(sentence.encoding, durations, frame_seconds, offset)
        frames, n_frames = 0, drawn.z.shape[2]
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
