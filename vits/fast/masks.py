"""Skips masks of batches without padding."""

import torch
from torch import Tensor

from vits.fast.tracing import may_branch_on_values

__all__ = ["apply_mask", "autocast_mask", "mask_if_padded"]


def mask_if_padded(mask: Tensor | None) -> Tensor | None:
    """Return a mask (B, 1, T), or None if it is all ones.

    Only looks at the values on a CPU and without gradients; elsewhere the mask is needed.
    """
    if mask is None or mask.device.type != "cpu" or not may_branch_on_values():
        return mask
    return None if mask.all() else mask


def apply_mask(x: Tensor, mask: Tensor | None) -> Tensor:
    """Multiply ``x`` (B, C, T) with a mask (B, 1, T), or both transposed; None: leave it."""
    return x if mask is None else x * mask


def autocast_mask(mask: Tensor) -> Tensor:
    """Convert a mask (B, 1, T) to the type of autocast, if it is on.

    A float32 mask would turn a signal of bfloat16 into float32.
    """
    device = mask.device.type
    return mask.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else mask
