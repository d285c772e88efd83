"""Leaky ReLU that saves its output for the backward pass, not its input."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["leaky_relu"]


def leaky_relu(x: Tensor, slope: float) -> Tensor:
    """Compute max(x, slope * x) for a positive slope.

    The output determines the derivative, and the next convolution saves it anyway. So the two save
    one tensor, where ``functional.leaky_relu`` would save another.

    Args:
        x: any shape.
        slope: of the negative side, above 0.

    Returns:
        The shape of ``x``.
    """
    if torch.is_grad_enabled() and x.requires_grad:
        return _LeakyRelu.apply(x, slope)
    return functional.leaky_relu(x, slope)


class _LeakyRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        """Map any shape, such as (B, C, T), to the same shape."""
        y = functional.leaky_relu(x, slope)
        ctx.save_for_backward(y)
        ctx.slope = slope
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.leaky_relu_backward(gradients[0], y, ctx.slope, True), None
