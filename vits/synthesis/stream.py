"""Speech of a text sentence by sentence: samples, pauses and times as a stream of ``Speech``."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from vits.synthesis.fade import fade_edges
from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import Samples, SynthesisEngine
from vits.synthesis.script.durations import plan_durations
from vits.synthesis.script.pauses import Pauses
from vits.synthesis.script.pitch import plan_pitch, symbol_pitch
from vits.synthesis.script.sentences import Item, Sentence, Silence
from vits.synthesis.speech import Speech
from vits.synthesis.timing import Timing, time_symbols

__all__ = ["Timeline", "join", "stream_speech"]


def stream_speech(
    engine: SynthesisEngine[Any],
    items: Iterable[Item],
    request: Request,
    *,
    whole_sentences: bool,
) -> Iterator[Speech]:
    """Synthesise sentences as they arrive; with lengths or pitches of words, once all have.

    Args:
        engine: samples and decodes sentences.
        items: sentences and silences of one text.
        request: how to speak it.
        whole_sentences: yield each sentence as one chunk.

    Yields:
        Chunks; a pause is a chunk of its own, without times.
    """
    plan, pitches = None, None
    if request.lengths is not None or request.pitches is not None:
        items = list(items)
        if request.lengths is not None:
            plan = plan_durations(engine, items, request, request.lengths)
        if request.pitches is not None:
            pitches = plan_pitch(items, request.pitches)
    timeline, index = Timeline(engine, request), 0
    for item_index, item in enumerate(items):
        extra = plan.extra if plan is not None and plan.extra_at == item_index else 0
        yield from timeline.pause(item, extra)
        if isinstance(item, Silence):
            continue
        pitch = symbol_pitch(item, {} if pitches is None else pitches[index])
        own = request.for_sentence(index, item.speaker, item.settings, pitch)
        durations = None if plan is None else plan.durations[index]
        sample = engine.sample(item.encoding.ids, own, durations)
        waves = [engine.decode(sample)] if whole_sentences else engine.decode_in_chunks(sample)
        yield from timeline.chunks(item, engine.durations(sample), waves)
        index += 1


class Timeline:
    """Places sentences and pauses one after another.

    Args:
        engine: what synthesises them.
        request: of the text.
    """

    def __init__(self, engine: SynthesisEngine[Any], request: Request) -> None:
        self._rate, self._hop, self._seed = engine.sample_rate, engine.hop_length, request.seed
        self._pauses = Pauses(request.settings, engine.sample_rate)
        self._samples = 0

    def pause(self, item: Item, extra: int = 0) -> Iterator[Speech]:
        """Yield the pause before a sentence, or a silence, if it has any samples.

        To be called once for each item, in order; ``extra`` samples are added.
        """
        count = self._pauses.before(item) + extra
        if count:
            yield self._speech(np.zeros(count, np.float32))

    def chunks(
        self, sentence: Sentence, durations: Sequence[int], waves: Iterable[Samples]
    ) -> Iterator[Speech]:
        """Yield the chunks of a sentence, each with the times that start in it.

        Args:
            sentence: the sentence.
            durations: frames of each of its symbols.
            waves: its samples, in chunks of whole frames.
        """
        offset, frame_seconds = self._samples / self._rate, self._hop / self._rate
        phonemes, words = time_symbols(sentence.encoding, durations, frame_seconds, offset)
        frames, n_frames = 0, max(1, sum(durations))
        for wave in fade_edges(waves, n_frames * self._hop, self._rate):
            frames += len(wave) // self._hop
            # a symbol without frames may start at the very end of the sentence
            end = offset + frames * frame_seconds if frames < n_frames else float("inf")
            yield self._speech(wave, _split_before(phonemes, end), _split_before(words, end))

    def _speech(
        self, wave: Samples, phonemes: Sequence[Timing] = (), words: Sequence[Timing] = ()
    ) -> Speech:
        start = self._samples / self._rate
        self._samples += len(wave)
        return Speech(wave, self._rate, tuple(phonemes), tuple(words), self._seed, start)


def join(chunks: Sequence[Speech]) -> Speech:
    """Join the chunks of a stream, at least one, into one speech."""
    return Speech(
        np.concatenate([chunk.samples for chunk in chunks]),
        chunks[0].sample_rate,
        tuple(timing for chunk in chunks for timing in chunk.phonemes),
        tuple(timing for chunk in chunks for timing in chunk.words),
        chunks[0].seed,
    )


def _split_before(timings: list[Timing], end: float) -> list[Timing]:
    """Remove the timings that start before ``end`` from the list, and return them."""
    count = bisect_left([timing.start for timing in timings], end)
    removed = timings[:count]
    del timings[:count]
    return removed
