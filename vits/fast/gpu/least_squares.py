"""Least-squares losses of the discriminators in few kernels on a GPU."""

import torch
from torch import Tensor
from torch.nn import functional

from vits import losses

__all__ = ["adversarial_loss", "discriminator_loss"]


def discriminator_loss(scores: Tensor) -> Tensor:
    """Compute ``vits.losses.discriminator_loss`` of one discriminator; scalar.

    Args:
        scores: (2B, N), those of recordings before those of generated waves.
    """
    if scores.device.type == "cpu":
        real, fake = scores.chunk(2)
        return losses.discriminator_loss([real], [fake])
    return joint_discriminator_loss(scores)


def joint_discriminator_loss(scores: Tensor) -> Tensor:
    """Compute ``discriminator_loss`` of scores (2B, N) as one mean of squares; scalar."""
    scores = _precise(scores)
    target = torch.linspace(1, 0, 2, device=scores.device, dtype=scores.dtype)
    halves = scores.unflatten(0, (2, -1))
    return 2 * functional.mse_loss(halves, target[:, None, None].expand_as(halves))


def adversarial_loss(score: Tensor) -> Tensor:
    """Compute ``vits.losses.adversarial_loss`` of one discriminator's score (B, N); scalar."""
    if score.device.type == "cpu":
        return losses.adversarial_loss([score])
    return joint_adversarial_loss(score)


def joint_adversarial_loss(score: Tensor) -> Tensor:
    """Compute ``adversarial_loss`` of a score (B, N) as one mean of squares; scalar."""
    score = _precise(score)
    return functional.mse_loss(score, score.new_ones(()).expand_as(score))


def _precise(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
