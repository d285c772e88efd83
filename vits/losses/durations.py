"""Losses of predicted durations against their discriminator, each a mean over real symbols.

Source: Kong et al. 2023 (VITS2), arXiv:2307.16430, section 2.1.
"""

import torch
from torch import Tensor

__all__ = ["duration_adversarial_loss", "duration_discriminator_loss"]


def duration_discriminator_loss(real: Tensor, predicted: Tensor, symbol_mask: Tensor) -> Tensor:
    """Least-squares loss of the discriminator: E[(D(d, h) - 1)^2] + E[D(G(z, h), h)^2].

    Args:
        real: scores of the alignment's durations (B, 1, S).
        predicted: scores of the predictor's durations (B, 1, S).
        symbol_mask: (B, 1, S).

    Returns:
        Scalar.
    """
    of_real, of_predicted = _precise(real) - 1, _precise(predicted)
    squares = of_real.square() + of_predicted.square()
    return (squares * symbol_mask).sum() / symbol_mask.sum()


def duration_adversarial_loss(predicted: Tensor, symbol_mask: Tensor) -> Tensor:
    """Least-squares loss of the predictor: E[(D(G(z, h), h) - 1)^2].

    Args:
        predicted: scores of the predictor's durations (B, 1, S).
        symbol_mask: (B, 1, S).

    Returns:
        Scalar.
    """
    squares = (_precise(predicted) - 1).square()
    return (squares * symbol_mask).sum() / symbol_mask.sum()


def _precise(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
