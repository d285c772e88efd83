"""Feature matching loss in few kernels on a GPU."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vits import losses

__all__ = ["feature_matching_loss"]


def feature_matching_loss(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Compute ``vits.losses.feature_matching_loss``; off the CPU all layers share their kernels.

    Args:
        real: features of recordings by member and layer; they get no gradient.
        fake: features of generated waves, same shapes.
    """
    if fake[0][0].device.type == "cpu":  # kernels for lists are loops there
        return losses.feature_matching_loss(real, fake)
    return joint_feature_matching_loss(real, fake)


def joint_feature_matching_loss(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Compute ``vits.losses.feature_matching_loss`` with kernels for lists of tensors."""
    layers = [x for member in fake for x in member]
    targets = [x.detach() for member in real for x in member]
    return _MeanAbsoluteDifferences.apply(targets, *layers)


class _MeanAbsoluteDifferences(torch.autograd.Function):
    """The sum over pairs of tensors of their mean absolute difference, in at least float32."""

    @staticmethod
    def forward(ctx: Any, targets: list[Tensor], *layers: Tensor) -> Tensor:
        dtype = torch.promote_types(layers[0].dtype, torch.float32)
        differences = [torch.empty_like(x, dtype=dtype) for x in layers]
        torch._foreach_copy_(differences, list(layers))  # pyright: ignore[reportPrivateImportUsage]
        if targets[0].dtype != dtype:
            copies = [torch.empty_like(x, dtype=dtype) for x in targets]
            torch._foreach_copy_(copies, targets)  # pyright: ignore[reportPrivateImportUsage]
            targets = copies
        torch._foreach_sub_(differences, targets)  # pyright: ignore[reportPrivateImportUsage]
        sums = torch._foreach_norm(differences, 1)  # pyright: ignore[reportPrivateImportUsage]
        sizes = [x.numel() for x in differences]
        torch._foreach_div_(sums, sizes)  # pyright: ignore[reportPrivateImportUsage]
        ctx.save_for_backward(*differences)
        ctx.sizes, ctx.dtype = sizes, layers[0].dtype
        return torch.stack(list(sums)).sum()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        gradients = list(torch._foreach_sign(ctx.saved_tensors))  # pyright: ignore[reportPrivateImportUsage]
        torch._foreach_mul_(gradients, outer[0])  # pyright: ignore[reportPrivateImportUsage]
        torch._foreach_div_(gradients, ctx.sizes)  # pyright: ignore[reportPrivateImportUsage]
        if gradients[0].dtype != ctx.dtype:
            rounded = [torch.empty_like(x, dtype=ctx.dtype) for x in gradients]
            torch._foreach_copy_(rounded, gradients)  # pyright: ignore[reportPrivateImportUsage]
            gradients = rounded
        return None, *gradients
