"""The voice that fine-tuning starts from, whatever it was read from."""

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

# HiFi-GAN's discriminators, started anew against a trained generator, first tell nothing; in this
# many steps they learn to. A choice, not a measurement.
WARMUP_STEPS = 1000

# The recipe that the voice in the box was finished with: recipes/kathleen/natural.yaml.
PRIOR_ONLY = TrainingConfig(
    alignment=AlignmentConfig(source="data"),
    prior_segments=PriorSegmentsConfig(share=1.0),
    loss_weights=LossWeights(kl=0.0, envelope=20.0, mel=4.0, feature=1.0),
    freeze="posterior",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class BaseVoice:
    """A voice folder or a training checkpoint.

    Attributes:
        source: where it was read from, for messages.
        config: the model's shape.
        frontend: how it turns text into symbols.
        fingerprint: of that front end, when its data were prepared.
        speakers: names by row of the speaker embedding; empty for one unnamed speaker.
        generator: weights by their name in ``Vits``, in the order of its parameters: the moving
            average where there is one, which is what ``vits bundle`` would make a voice of.
        discriminators: weights by their name in ``Discriminators``; None: the voice has none.
        training: the recipe it was trained with; None: not known.
        step: steps it was trained for by that recipe.
        optimizers: AdamW's states of discriminators and generator, in Lightning's order; None: not
            known.
    """

    source: str
    config: VitsConfig
    frontend: Frontend
    fingerprint: Mapping[str, Any]
    speakers: tuple[str, ...]
    generator: Mapping[str, Tensor]
    discriminators: Mapping[str, Tensor] | None = None
    training: TrainingConfig | None = None
    step: int = 0
    optimizers: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    @property
    def is_compact(self) -> bool:
        """Whether it has no posterior encoder, and so can learn from nothing but its speech."""
        return not any(name.startswith("posterior_encoder.") for name in self.generator)


def starting_recipe(base: BaseVoice) -> TrainingConfig:
    """Return the recipe to fine-tune by, unless a file or the command line says otherwise.

    It is the voice's own. What a recipe says about its first steps is counted from the voice's
    step: the alignment guide goes on to fade, discriminators and spoken segments that still waited
    wait for the rest.
    What a fine-tuned voice itself had frozen or warmed up is not repeated; but a posterior encoder
    that was left out stays out, as it no longer goes with the rest. Of a compact voice, which has
    none, spoken segments are trained along the durations of the data.
    """
    recipe = base.training or (PRIOR_ONLY if base.is_compact else TrainingConfig())
    return replace(
        recipe,
        adversarial=AdversarialConfig(
            start=max(0, recipe.adversarial.start - base.step),
            warmup_steps=WARMUP_STEPS if base.discriminators is None else 0,
        ),
        prior_segments=replace(
            recipe.prior_segments, start=max(0, recipe.prior_segments.start - base.step)
        ),
        alignment=_alignment_after(recipe.alignment, base.step),
        freeze="posterior" if recipe.prior_only else None,
    )


def _alignment_after(alignment: AlignmentConfig, step: int) -> AlignmentConfig:
    """Return the alignment of a run that starts at ``step`` of another: the guide has faded."""
    left = alignment.guide_steps - step
    if alignment.guide == 0 or left <= 0:
        return AlignmentConfig(source=alignment.source)
    guide = alignment.guide * left / alignment.guide_steps
    return replace(alignment, guide=guide, guide_steps=left)
