"""Weight normalisation of several layers at once: few kernels on a GPU."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["joint_weight_norm"]


def joint_weight_norm(magnitudes: Sequence[Tensor], directions: Sequence[Tensor]) -> list[Tensor]:
    """Compute g v / |v| for several layers; each norm is over all axes but the first.

    Directions that differ only in their first axis share their kernels, forward and backward, and a
    node of the graph: they must take part in the same backward pass.

    Args:
        magnitudes: g of each layer, (O, 1, ...).
        directions: v of each layer, (O, I, ...).

    Returns:
        Weights (O, I, ...).
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i, (g, v) in enumerate(zip(magnitudes, directions, strict=True)):
        key = (v.shape[1:], v.dtype, g.requires_grad, v.requires_grad)
        groups.setdefault(key, []).append(i)
    weights = list(directions)
    for group in groups.values():
        tensors = [magnitudes[i] for i in group] + [directions[i] for i in group]
        for i, weight in zip(group, _WeightNorm.apply(*tensors), strict=True):
            weights[i] = weight
    return weights


class _WeightNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Map magnitudes (O, 1, ...), then directions (O, I, ...), to weights (O, I, ...)."""
        ctx.set_materialize_grads(False)
        half = len(tensors) // 2
        ctx.sizes = [len(v) for v in tensors[half:]]
        g, v = _join(tensors[:half]), _join(tensors[half:])
        weights, norms = torch.ops.aten._weight_norm_interface(v, g, 0)
        ctx.save_for_backward(g, v, norms)
        return weights.split(ctx.sizes)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor | None) -> tuple[Tensor | None, ...]:
        g, v, norms = ctx.saved_tensors
        used = [gradient is not None for gradient in outer]
        if not any(used):
            return (None,) * (2 * len(outer))
        parts = [
            v.new_zeros(size, *v.shape[1:]) if gradient is None else gradient
            for size, gradient in zip(ctx.sizes, outer, strict=True)
        ]
        to_v, to_g = torch.ops.aten._weight_norm_interface_backward(
            _join(parts).contiguous(), v, g, norms, 0
        )
        both = [x for joined in (to_g, to_v) for x in joined.split(ctx.sizes)]
        # a weight that took no part gets no gradient: a gradient of 0 would let it decay
        return tuple(x if used[i % len(used)] else None for i, x in enumerate(both))


def _join(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))
