"""The voice that fine-tuning starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from vits.config import (
    AdversarialConfig,
    AlignmentConfig,
    LossWeights,
    PriorSegmentsConfig,
    TrainingConfig,
    VitsConfig,
)
from vits.text import Frontend

__all__ = ["WARMUP_STEPS", "BaseVoice", "starting_recipe"]

# New discriminators cannot judge a trained generator yet: they train alone for this many steps.
# A choice, not a measurement.
WARMUP_STEPS = 1000

# The recipe of the last run of the bundled voice: recipes/kathleen/natural.yaml.
PRIOR_ONLY = TrainingConfig(
    alignment=AlignmentConfig(source="data"),
    prior_segments=PriorSegmentsConfig(share=1.0),
    loss_weights=LossWeights(kl=0.0, envelope=20.0, mel=4.0, feature=1.0),
    freeze="posterior",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class BaseVoice:
    """The content of a voice folder or a training checkpoint.

    Attributes:
        source: its path, for messages.
        config: sizes of the model.
        frontend: converts text to symbols.
        fingerprint: fingerprint of that front end when the voice's data was prepared.
        speakers: names by speaker id; empty for one unnamed speaker.
        generator: weights by their name in ``Vits``, in the order of its parameters: the moving
            average if there is one, as ``vits bundle`` takes it.
        speaker_vectors: of its named speakers (N, V); None if its speakers are learned rows.
        discriminators: weights by their name in ``Discriminators``; None if the voice has none.
        training: the recipe it was trained with; None if unknown.
        step: number of training steps by that recipe.
        optimizers: AdamW states of discriminators and generator, in Lightning's order; None if
            unknown.
    """

    source: str
    config: VitsConfig
    frontend: Frontend
    fingerprint: Mapping[str, Any]
    speakers: tuple[str, ...]
    generator: Mapping[str, Tensor]
    speaker_vectors: Tensor | None = None
    discriminators: Mapping[str, Tensor] | None = None
    training: TrainingConfig | None = None
    step: int = 0
    optimizers: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    @property
    def is_compact(self) -> bool:
        """Whether it has no posterior encoder, so that only prior segments can train it."""
        return not any(name.startswith("posterior_encoder.") for name in self.generator)


def starting_recipe(base: BaseVoice) -> TrainingConfig:
    """Return the default recipe for fine-tuning a voice: its own.

    Steps are counted from the voice's step: the alignment's guide and noise continue to fade, and
    discriminators and prior segments that have not started yet start after the remaining steps.
    ``freeze``, ``lora_rank`` and the warm-up of a fine-tuned voice are not repeated, except that a
    posterior encoder that was left out stays out, since it no longer matches the rest. A compact
    voice has no posterior encoder: it trains prior segments only, with the durations of the data.
    """
    recipe = base.training or (PRIOR_ONLY if base.is_compact else TrainingConfig())
    return replace(
        recipe,
        adversarial=AdversarialConfig(
            start=max(0, recipe.adversarial.start - base.step),
            warmup_steps=WARMUP_STEPS if base.discriminators is None else 0,
            duration_start=max(0, recipe.adversarial.duration_start - base.step),
        ),
        prior_segments=replace(
            recipe.prior_segments, start=max(0, recipe.prior_segments.start - base.step)
        ),
        alignment=_alignment_after(recipe.alignment, base.step),
        freeze="posterior" if recipe.prior_only else None,
        lora_rank=0,
    )


def _alignment_after(alignment: AlignmentConfig, step: int) -> AlignmentConfig:
    """Return the alignment settings for the steps after ``step``: what fades goes on fading."""
    values: dict[str, Any] = {}
    for name in ("guide", "noise"):
        weight, steps = getattr(alignment, name), getattr(alignment, f"{name}_steps")
        left = max(0, steps - step) if weight > 0 else 0
        values[name] = weight * left / steps
        values[f"{name}_steps"] = left or getattr(AlignmentConfig(), f"{name}_steps")
    return replace(alignment, **values)
