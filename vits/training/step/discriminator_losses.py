"""What the discriminators say to both networks, one discriminator after the other.

Their losses are sums over the discriminators, so the backward pass of each can be run as soon as
its forward pass is done. Only one's activations are held at a time, and the sums are the same.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from vits import losses
from vits.training.step.early_backward import early_gradient

__all__ = ["Verdict", "discriminator_losses", "judge"]

Member = Callable[[Tensor], Any]


class Verdict(NamedTuple):
    """The generator's losses that come from the discriminators, each a scalar.

    Attributes:
        weighted: their weighted sum, which carries the gradient to the wave.
        adversarial: how far the scores of the generated wave are from 1.
        feature: how far its features are from those of the real one.
    """

    weighted: Tensor
    adversarial: Tensor
    feature: Tensor


def discriminator_losses(members: Iterable[Member], real: Tensor, fake: Tensor) -> Iterator[Tensor]:
    """Yield the loss of each discriminator; real and generated waves share one pass.

    Go backwards from each loss before asking for the next one.

    Args:
        members: the discriminators or their wrappers.
        real: recorded segments (B, 1, L).
        fake: generated segments (B, 1, L); they get no gradient.
    """
    pair = torch.cat([real, fake.detach()])
    for member in members:
        scores = member(pair).score.chunk(2)
        yield losses.discriminator_loss(scores[:1], scores[1:])


def judge(
    members: Iterable[Member],
    real: Tensor,
    fake: Tensor,
    *,
    adversarial_weight: float,
    feature_weight: float,
) -> Verdict:
    """Let every discriminator judge a generated wave, beside the real one.

    Args:
        members: the discriminators; their parameters must not require gradients.
        real: recorded segments (B, 1, L).
        fake: generated segments (B, 1, L).
        adversarial_weight: of the adversarial loss in ``Verdict.weighted``.
        feature_weight: of the feature matching loss in it.
    """
    parts: list[Tensor] = []

    def judge_one(member: Member, wave: Tensor) -> Tensor:
        with torch.no_grad():
            recorded = member(real)
        generated = member(wave)
        adversarial = losses.adversarial_loss([generated.score])
        feature = losses.feature_matching_loss([recorded.features], [generated.features])
        parts.append(torch.stack([adversarial, feature]).detach())
        return adversarial_weight * adversarial + feature_weight * feature

    with parametrize.cached():  # both passes see the same weights
        weighted = [early_gradient(partial(judge_one, member), fake) for member in members]
    return Verdict(torch.stack(weighted).sum(), *torch.stack(parts).sum(0).unbind())
