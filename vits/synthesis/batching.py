"""Many texts at once: sentences of similar length are decoded in one batch."""

from collections.abc import Sequence
from typing import Any

from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import BATCH_FRAMES, SynthesisEngine
from vits.synthesis.script.sentences import Sentence
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Timeline, join

__all__ = ["BATCH_FRAMES", "synthesize_batch"]


def synthesize_batch(
    engine: SynthesisEngine[Any],
    texts: Sequence[Sequence[Sentence]],
    requests: Sequence[Request],
    batch_frames: int = BATCH_FRAMES,
) -> list[Speech]:
    """Synthesise texts; each equals the text alone up to rounding, and in length exactly.

    Every sentence is sampled by itself, so that its durations and noise do not depend on the batch.

    Args:
        engine: samples and decodes sentences.
        texts: the sentences of each text.
        requests: how to speak each text.
        batch_frames: most frames of one batch; a longer sentence is a batch of its own.
    """
    keys = [(text, index) for text, found in enumerate(texts) for index in range(len(found))]
    samples: list[Any] = []
    for text, index in keys:
        request = requests[text].for_sentence(index)
        samples.append(engine.sample(texts[text][index].encoding.ids, request))
    waves = dict(zip(keys, engine.decode_all(samples, batch_frames), strict=True))
    sample_at = dict(zip(keys, samples, strict=True))
    result: list[Speech] = []
    for text, sentences in enumerate(texts):
        timeline = Timeline(engine, requests[text])
        chunks: list[Speech] = []
        for index, sentence in enumerate(sentences):
            chunks += timeline.pause(sentence)
            durations = engine.durations(sample_at[text, index])
            chunks += timeline.chunks(sentence, durations, [waves[text, index]])
        result.append(join(chunks))
    return result
