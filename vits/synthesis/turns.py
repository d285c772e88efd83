"""Texts spoken sentence by sentence, in turns with other texts."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import Samples, SynthesisEngine
from vits.synthesis.script.pitch import symbol_pitch
from vits.synthesis.script.sentences import Item, Sentence
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Timeline

__all__ = ["SpeechInTurns", "speak_turn"]

S = TypeVar("S")


class SpeechInTurns(Generic[S]):
    """A text of which every turn speaks one sentence.

    The chunks of all turns, joined, equal the voice's own speech with the same options and seed: in
    length and times exactly, in samples to 1e-5 of the peak.

    Args:
        engine: samples and decodes sentences.
        items: sentences and silences of the text; each is read when its turn comes near.
        request: how to speak it, without length and pitch constraints.

    Attributes:
        engine: see Args.
    """

    def __init__(self, engine: SynthesisEngine[S], items: Iterable[Item], request: Request) -> None:
        self.engine, self._items, self._request = engine, iter(items), request
        self._timeline = Timeline(engine, request)
        self._chunks: list[Speech] = []
        self._sentence: Sentence | None = None
        self._index = 0
        self._find_sentence()

    @property
    def done(self) -> bool:
        """Whether every sentence is spoken."""
        return self._sentence is None

    @property
    def symbols(self) -> int:
        """Number of symbols of the next sentence."""
        return 0 if self._sentence is None else len(self._sentence.encoding.ids)

    def sample(self) -> S:
        """Sample the next sentence."""
        assert self._sentence is not None
        sentence = self._sentence
        pitch = symbol_pitch(sentence, {})
        own = self._request.for_sentence(self._index, sentence.speaker, sentence.settings, pitch)
        return self.engine.sample(sentence.encoding.ids, own)

    def accept(self, sample: S, wave: Samples) -> list[Speech]:
        """Return the chunks of a turn: pauses, and the sentence that was sampled and decoded.

        Raises:
            TextError: the next sentence cannot be read.
        """
        assert self._sentence is not None
        durations = self.engine.durations(sample)
        self._chunks += self._timeline.chunks(self._sentence, durations, [wave])
        self._index += 1
        self._find_sentence()
        chunks, self._chunks = self._chunks, []
        return chunks

    def _find_sentence(self) -> None:
        """Read up to the next sentence."""
        self._sentence = None
        for item in self._items:
            self._chunks += self._timeline.pause(item)
            if isinstance(item, Sentence):
                self._sentence = item
                return


def speak_turn(texts: Sequence[SpeechInTurns[Any]]) -> list[tuple[Any, Samples]]:
    """Sample and decode the next sentence of each text, those of similar length in one batch.

    Args:
        texts: of one voice, none of them done.

    Returns:
        For each what its ``accept`` takes.
    """
    engine = texts[0].engine
    samples = [text.sample() for text in texts]
    if len(samples) == 1:
        return [(samples[0], engine.decode(samples[0]))]
    return list(zip(samples, engine.decode_all(samples), strict=True))
