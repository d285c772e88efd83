"""Masks, index expansion and the random segment: which positions of a padded batch are real."""

from typing import cast

import torch
from torch import Tensor

from vits.layers.tracing import graph_is_traced

__all__ = [
    "at_least_float32",
    "expand_by_index",
    "mask_rows",
    "masked",
    "may_look",
    "needed_mask",
    "random_segment_starts",
    "sequence_mask",
    "slice_segments",
]


def sequence_mask(lengths: Tensor, max_length: int | None = None) -> Tensor:
    """Mark the first ``lengths[b]`` positions of each sample.

    Args:
        lengths: (B,) int64.
        max_length: width of the mask; None: the longest length. A traced graph follows it then.

    Returns:
        (B, 1, max_length) float32, 1 inside and 0 in the padding.
    """
    # a number to torch.arange, but a tensor to a tracer
    width = cast(int, lengths.max()) if max_length is None else max_length
    positions = torch.arange(width, device=lengths.device)
    return (positions < lengths[:, None]).unsqueeze(1).float()


def may_look() -> bool:
    """Say whether what is done may depend on values, and change them in place: no graph records.

    With gradients, a change of a view in place would copy all that it is a view of on the way back.
    """
    return not (torch.is_grad_enabled() or graph_is_traced())


def needed_mask(mask: Tensor) -> Tensor | None:
    """Return a mask, or None where a look, which costs little on a processor, shows all ones."""
    return None if mask.device.type == "cpu" and may_look() and mask.all() else mask


def mask_rows(mask: Tensor | None) -> Tensor | None:
    """Turn a mask (B, 1, S) into that of rows, (B, S, 1); None stays None."""
    return None if mask is None else mask.transpose(1, 2)


def masked(x: Tensor, mask: Tensor | None) -> Tensor:
    """Zero the padding of ``x``; None: there is none."""
    return x if mask is None else x * mask


def at_least_float32(x: Tensor) -> Tensor:
    """Lift half precision to float32; float32 and float64 pass unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def expand_by_index(x: Tensor, index: Tensor) -> Tensor:
    """Repeat columns: ``y[b, :, t] = x[b, :, index[b, t]]``.

    Args:
        x: (B, C, S).
        index: (B, T) int64 in [0, S).

    Returns:
        (B, C, T).
    """
    return x.gather(2, index.unsqueeze(1).expand(-1, x.shape[1], -1))


def random_segment_starts(lengths: Tensor, segment_length: int) -> Tensor:
    """Draw the first position of one segment per row, uniformly over all that fit.

    Args:
        lengths: (B,) int64, each at least ``segment_length``; a shorter row starts at 0.
        segment_length: width of a segment.

    Returns:
        (B,) int64.
    """
    room = (lengths - segment_length).clamp_min(0) + 1
    draw = torch.rand(lengths.shape, device=lengths.device)
    return torch.minimum((draw * room).long(), room - 1)


def slice_segments(x: Tensor, starts: Tensor, segment_length: int) -> Tensor:
    """Cut ``x[b, :, starts[b] : starts[b] + segment_length]``.

    Args:
        x: (B, C, T); every segment must lie inside.
        starts: (B,) int64.
        segment_length: width of a segment.

    Returns:
        (B, C, segment_length).
    """
    index = starts[:, None] + torch.arange(segment_length, device=x.device)
    return expand_by_index(x, index)
