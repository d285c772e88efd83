"""Many texts at once: sentences of about the same length are decoded together."""

from collections.abc import Sequence

from vits.models.batched_decoding import group_by_length
from vits.models.outputs import PriorSample
from vits.synthesis.runtime.engine import Samples
from vits.synthesis.runtime.torch_engine import TorchEngine
from vits.synthesis.script.sentences import Sentence
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Request, Timeline, draw_sentence, join

__all__ = ["BATCH_FRAMES", "speak_texts"]

BATCH_FRAMES = 2048  # some 24 s: about half a gigabyte of activations in the original's decoder


def speak_texts(
    engine: TorchEngine,
    texts: Sequence[Sequence[Sentence]],
    requests: Sequence[Request],
    batch_frames: int,
) -> list[Speech]:
    """Speak texts, each as it is spoken alone up to rounding, and of the very same length.

    Args:
        engine: speaks.
        texts: the sentences of each.
        requests: how to speak each.
        batch_frames: frames that are decoded at once; one sentence may have more.
    """
    places = [(text, index) for text, found in enumerate(texts) for index in range(len(found))]
    draws: list[PriorSample] = []
    for text, index in places:
        draws.append(draw_sentence(engine, texts[text][index], requests[text], index))
    waves: dict[tuple[int, int], Samples] = {}
    for group in group_by_length([drawn.z.shape[2] for drawn in draws], batch_frames):
        spoken = engine.decode_batched([draws[i] for i in group])
        waves.update({places[i]: wave for i, wave in zip(group, spoken, strict=True)})
    drawn_at = dict(zip(places, draws, strict=True))
    result: list[Speech] = []
    for text, sentences in enumerate(texts):
        timeline = Timeline(engine, requests[text])
        chunks: list[Speech] = []
        for index, sentence in enumerate(sentences):
            chunks += timeline.pause(sentence)
            frames = engine.durations(drawn_at[text, index])
            chunks += timeline.place(sentence, frames, [waves[text, index]])
        result.append(join(chunks))
    return result
