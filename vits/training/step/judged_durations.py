"""Losses of the durations that a discriminator judges, and the keys that only they use."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vits import losses
from vits.config import AdversarialConfig, LossWeights, TrainingConfig, VitsConfig
from vits.errors import ConfigError
from vits.models.outputs import JudgedDurations

__all__ = ["adversarial_durations", "judge_durations", "require_judged"]


def require_judged(config: VitsConfig, recipe: TrainingConfig) -> None:
    """Refuse keys that only the adversarial duration predictor uses, with another kind.

    Raises:
        ConfigError: a key is not at its default and has no effect.
    """
    kind = config.duration_predictor.kind
    if kind == "adversarial":
        return
    keys = {
        "adversarial.duration_start": (
            recipe.adversarial.duration_start,
            AdversarialConfig().duration_start,
        ),
        "loss_weights.duration_adversarial": (
            recipe.loss_weights.duration_adversarial,
            LossWeights().duration_adversarial,
        ),
    }
    for key, (value, default) in keys.items():
        if value != default:
            raise ConfigError(
                f"{key} {value} has no effect with duration_predictor.kind {kind!r}: leave it at "
                f"{default}, or take duration_predictor.kind 'adversarial'"
            )


def judge_durations(discriminator: Callable[..., Any], judged: JudgedDurations) -> Tensor:
    """Return the discriminator's loss, a scalar; the predictor gets no gradient.

    Durations of the alignment and of the predictor share one forward pass.

    Args:
        discriminator: of durations, or its wrapper.
        judged: both durations.
    """
    pair = torch.cat([judged.real, judged.predicted.detach()])
    shown = (judged.hidden, judged.mask, judged.conditioning)
    scores = discriminator(pair, *(None if x is None else torch.cat([x, x]) for x in shown))
    real, predicted = scores.chunk(2)
    return losses.duration_discriminator_loss(real, predicted, judged.mask)


def adversarial_durations(discriminator: Callable[..., Any], judged: JudgedDurations) -> Tensor:
    """Return the predictor's loss, a scalar.

    Args:
        discriminator: of durations; its parameters must not require gradients.
        judged: the predicted durations.
    """
    scores = discriminator(judged.predicted, judged.hidden, judged.mask, judged.conditioning)
    return losses.duration_adversarial_loss(scores, judged.mask)
