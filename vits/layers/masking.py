"""Masks of padded batches, expansion by an index, and random segments."""

from typing import cast

import torch
from torch import Tensor

__all__ = [
    "at_least_float32",
    "expand_by_index",
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


def at_least_float32(x: Tensor) -> Tensor:
    """Convert half precision to float32; leave float32 and float64 as they are."""
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
    """Draw the start of one segment of each sample, uniformly over all that fit.

    Args:
        lengths: (B,) int64, each at least ``segment_length``; a shorter sample starts at 0.
        segment_length: width of a segment.

    Returns:
        (B,) int64.
    """
    room = (lengths - segment_length).clamp_min(0) + 1
    draw = torch.rand(lengths.shape, device=lengths.device)
    return torch.minimum((draw * room).long(), room - 1)


def slice_segments(x: Tensor, starts: Tensor, segment_length: int) -> Tensor:
    """Slice ``x[b, :, starts[b] : starts[b] + segment_length]``.

    Args:
        x: (B, C, T); every segment must lie inside.
        starts: (B,) int64.
        segment_length: width of a segment.

    Returns:
        (B, C, segment_length).
    """
    index = starts[:, None] + torch.arange(segment_length, device=x.device)
    return expand_by_index(x, index)
