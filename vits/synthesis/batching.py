"""Many texts at once: sentences of about the same length are decoded together."""

from collections.abc import Sequence
from typing import cast

from vits.errors import TextError, VoiceError
from vits.models.outputs import PriorDraw
from vits.models.together import group_by_length
from vits.synthesis.engine import Engine, Samples
from vits.synthesis.script import Sentence
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Request, Timeline, draw_sentence, join

__all__ = ["BATCH_FRAMES", "check_batch", "speak_texts"]

BATCH_FRAMES = 2048  # some 24 s: about half a gigabyte of activations in the original's decoder


def check_batch(
    texts: object, seeds: Sequence[int | None] | None, batch_frames: int
) -> list[int | None]:
    """Return a seed, or None, for each text.

    Raises:
        TextError: ``texts`` is a str, or nothing that holds texts.
        VoiceError: the number of seeds is another than that of the texts, or ``batch_frames`` is
            less than 1.
    """
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise TextError(
            f"texts must be a list of str, not {type(texts).__name__}; call the voice for one text"
        )
    if batch_frames < 1:
        raise VoiceError(f"batch_frames {batch_frames} must be at least 1")
    count = len(cast(Sequence[object], texts))
    found: list[int | None] = [None] * count if seeds is None else list(seeds)
    if len(found) != count:
        raise VoiceError(f"{len(found)} seeds must be as many as the {count} texts")
    return found


def speak_texts(
    engine: Engine,
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
    draws: list[PriorDraw] = []
    for text, index in places:
        draws.append(draw_sentence(engine, texts[text][index], requests[text], index))
    waves: dict[tuple[int, int], Samples] = {}
    for group in group_by_length([drawn.z.shape[2] for drawn in draws], batch_frames):
        spoken = engine.speak_together([draws[i] for i in group])
        waves.update({places[i]: wave for i, wave in zip(group, spoken, strict=True)})
    drawn_at = dict(zip(places, draws, strict=True))
    result: list[Speech] = []
    for text, sentences in enumerate(texts):
        timeline = Timeline(engine, requests[text])
        chunks: list[Speech] = []
        for index, sentence in enumerate(sentences):
            chunks += timeline.pause(sentence)
            chunks += timeline.place(sentence, drawn_at[text, index], [waves[text, index]])
        result.append(join(chunks))
    return result
