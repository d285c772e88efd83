"""Losses of the discriminators and of the generator against them, one discriminator at a time.

The losses are sums over the discriminators, so each can run its backward pass right after its
forward pass. Only the activations of one discriminator are in memory at a time; the sums are the
same.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits import losses
from vits.fast.gpu.feature_matching import feature_matching_loss
from vits.fast.gpu.least_squares import adversarial_loss, discriminator_loss
from vits.training.step.compilation import is_compiled
from vits.training.step.converted_weights import converted_weights
from vits.training.step.early_backward import early_sum

__all__ = [
    "AdversarialLosses",
    "MemberPass",
    "adversarial_losses",
    "discriminator_losses",
    "member_pass",
    "traced_member_pass",
]

Member = Callable[[Tensor], Any]


class AdversarialLosses(NamedTuple):
    """The generator's losses against the discriminators, each a scalar.

    Attributes:
        weighted: weighted sum of the two; its gradient reaches the generated wave.
        adversarial: least-squares loss (paper equation 10); no gradient.
        feature: feature matching loss (equation 11); no gradient.
    """

    weighted: Tensor
    adversarial: Tensor
    feature: Tensor


class MemberPass(NamedTuple):
    """The generator's losses against one discriminator.

    Attributes:
        weighted: weighted sum, a scalar; its gradient reaches the generated wave.
        losses: (2,) adversarial and feature matching loss; no gradient.
    """

    weighted: Tensor
    losses: Tensor


def discriminator_losses(members: Iterable[Member], real: Tensor, fake: Tensor) -> Iterator[Tensor]:
    """Yield the loss of each discriminator (paper equation 9), a scalar.

    Real and generated waves share one forward pass. Run the backward pass of each loss before
    taking the next one.

    Args:
        members: the discriminators or their wrappers.
        real: recorded segments (B, 1, L).
        fake: generated segments (B, 1, L); they get no gradient.
    """
    pair = torch.cat([real, fake.detach()])
    for member in members:
        with _converted(member, pair):
            scores = member(pair).score
        yield discriminator_loss(scores)


def member_pass(
    member: Member, real: Tensor, wave: Tensor, adversarial_weight: float, feature_weight: float
) -> MemberPass:
    """Compute the generator's losses against one discriminator; as ``adversarial_losses``."""
    with _converted(member, wave):
        with torch.no_grad():
            of_real = member(real)
        of_fake = member(wave)
    adversarial = adversarial_loss(of_fake.score)
    feature = feature_matching_loss([of_real.features], [of_fake.features])
    values = torch.stack([adversarial, feature]).detach()
    return MemberPass(adversarial_weight * adversarial + feature_weight * feature, values)


def traced_member_pass(
    member: nn.Module, real: Tensor, wave: Tensor, adversarial_weight: float, feature_weight: float
) -> MemberPass:
    """Compute ``member_pass`` in one graph, for ``compile_function``."""
    with torch.no_grad():
        of_real = member.forward(real)
    of_fake = member.forward(wave)
    adversarial = losses.adversarial_loss([of_fake.score])
    feature = losses.feature_matching_loss([of_real.features], [of_fake.features])
    values = torch.stack([adversarial, feature]).detach()
    return MemberPass(adversarial_weight * adversarial + feature_weight * feature, values)


def adversarial_losses(
    members: Iterable[Member],
    real: Tensor,
    fake: Tensor,
    *,
    adversarial_weight: float,
    feature_weight: float,
    run: Callable[..., MemberPass] = member_pass,
) -> AdversarialLosses:
    """Compute the generator's losses against the updated discriminators.

    Args:
        members: the discriminators; their parameters must not require gradients.
        real: recorded segments (B, 1, L).
        fake: generated segments (B, 1, L).
        adversarial_weight: weight of the adversarial loss.
        feature_weight: weight of the feature matching loss.
        run: ``member_pass``, or ``traced_member_pass`` compiled.
    """
    values: list[Tensor] = []

    def one_member(member: Member, wave: Tensor) -> Tensor:
        found = run(member, real, wave, adversarial_weight, feature_weight)
        values.append(found.losses)
        return found.weighted

    members = list(members)
    compiled = any(map(is_compiled, members))
    # both passes use the same weights; a compiled graph must not keep them
    with nullcontext() if compiled else parametrize.cached():
        weighted = early_sum([partial(one_member, member) for member in members], fake)
    return AdversarialLosses(weighted, *torch.stack(values).sum(0).unbind())


def _converted(member: Member, wave: Tensor) -> AbstractContextManager[None]:
    if is_compiled(member):
        return nullcontext()
    networks = [member] if isinstance(member, nn.Module) else []
    return converted_weights(networks, device=wave.device)
