"""Arithmetic with the weights of voices of one shape.

A weighted average of two voices that were fine-tuned from the same voice is a voice between them
(Wortsman et al. 2022, arXiv:2203.05482); the difference of two can be added to a third (Ilharco et
al. 2023, arXiv:2212.04089). Weight normalisation is averaged as it is stored, length and direction.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from vits.config import to_dict
from vits.config.schema import leaves
from vits.errors import VoiceError
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator, is_compact

__all__ = ["PARTS", "add_difference", "decoder_similarity", "merge_voices"]

PARTS: Mapping[str, tuple[str, ...]] = {
    "timbre": ("decoder", "prior_flow", "posterior_encoder", "speaker_embedding"),
    "rhythm": ("duration_predictor",),
    "expression": ("text_encoder", "language_embedding", "pitch_predictor"),
}
"""The parts of a voice as a listener hears them, and the networks that determine each."""

TRAINING_ONLY = ("discriminator", "segment_frames")  # keys of a model that no weight depends on


def merge_voices(
    a: VoiceBundle, b: VoiceBundle, weight: float, parts: Mapping[str, float] | None = None
) -> VoiceBundle:
    """Return the weighted average ``(1 - weight) * a + weight * b`` of two voices.

    Everything but the weights is that of ``a``. The result is compact if a voice is.

    Args:
        a: the voice that weight 0 gives, bit for bit.
        b: the voice that weight 1 gives, bit for bit.
        weight: share of ``b``, in [0, 1].
        parts: weights of their own by the names in ``PARTS``.

    Raises:
        VoiceError: a weight is out of range, a part has no such name, or the voices differ in more
            than their weights.
    """
    shares = dict.fromkeys(PARTS, weight) | dict(parts or {})
    for name, share in shares.items():
        if name not in PARTS:
            raise VoiceError(f"part {name!r} must be one of {', '.join(PARTS)}")
        if not 0 <= share <= 1:
            raise VoiceError(f"weight {share} must be from 0 (the first voice) to 1 (the second)")
    require_alike(a, b)

    def average(name: str, values: list[Tensor]) -> Tensor:
        first, second = values
        return torch.lerp(first, second, shares[_part_of(name)])

    return _combine([a, b], average)


def add_difference(
    a: VoiceBundle, plus: VoiceBundle, minus: VoiceBundle, strength: float
) -> VoiceBundle:
    """Return ``a + strength * (plus - minus)``; everything but the weights is that of ``a``.

    Args:
        a: the voice that strength 0 gives, bit for bit.
        plus: a voice that has what is added.
        minus: the voice that ``plus`` was made from.
        strength: any finite number; below 0 what ``plus`` has is taken away.

    Raises:
        VoiceError: the strength is not finite, or the voices differ in more than their weights.
    """
    if not math.isfinite(strength):
        raise VoiceError(f"weight {strength} must be a finite number")
    require_alike(a, plus)
    require_alike(a, minus)

    def add(name: str, values: list[Tensor]) -> Tensor:
        del name
        base, more, less = values
        return base + strength * (more - less)

    return _combine([a, plus, minus], add)


def decoder_similarity(a: VoiceBundle, b: VoiceBundle) -> float:
    """Return the cosine similarity of two decoders' weights: near 1 after fine-tuning.

    Voices that were trained independently have one near 0; their average is noise.
    """
    one, other = (
        # without biases and the lengths of weight normalisation, which are alike in all voices
        torch.cat([p.detach().flatten() for p in decoder.parameters() if p.numel() > len(p)])
        for decoder in (a.generator.decoder, b.generator.decoder)
    )
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


def require_alike(a: VoiceBundle, b: VoiceBundle) -> None:
    """Require that the weights of two voices mean the same.

    Raises:
        VoiceError: naming what differs.
    """
    one, other = (dict(leaves(to_dict(voice.generator.config))) for voice in (a, b))
    for key in sorted({*one, *other}):
        if key.split(".")[0] not in TRAINING_ONLY and one.get(key) != other.get(key):
            raise VoiceError(
                f"{key} {one.get(key)} of {a.card.name!r} must be that of the other voice, "
                f"{other.get(key)}: only voices of one shape can be merged"
            )
    if a.frontend.symbols.symbols != b.frontend.symbols.symbols:
        raise VoiceError(
            f"{a.card.name!r} and {b.card.name!r} read other symbols: only voices with one table "
            "can be merged"
        )
    if len(a.speakers) > 1 and a.speakers != b.speakers:
        raise VoiceError(
            f"{a.card.name!r} has the speakers {', '.join(a.speakers)}, and {b.card.name!r} "
            f"{', '.join(b.speakers)}: only the same speakers in the same order can be merged"
        )


def _combine(
    voices: list[VoiceBundle], combine: Callable[[str, list[Tensor]], Tensor]
) -> VoiceBundle:
    """Return the first voice with every tensor computed from those of all."""
    first = voices[0]
    states = [voice.generator.state_dict() for voice in voices]
    compact = [is_compact(voice.generator) for voice in voices]
    weights = {
        name: combine(name, [state[name] for state in states])
        for name in states[compact.index(True) if any(compact) else 0]
    }
    if all(compact):  # their weights are float16 numbers, and the result's shall be
        weights = {name: value.half().float() for name, value in weights.items()}
    generator = build_generator(weights, first.generator.config, "the merged voice")
    return replace(first, generator=generator)


def _part_of(name: str) -> str:
    """Return the part that a tensor belongs to."""
    box = name.partition(".")[0]
    return next(part for part, boxes in PARTS.items() if box in boxes)
