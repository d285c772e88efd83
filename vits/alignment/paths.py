"""Conversions between durations, index and path."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["durations_to_index", "durations_to_path", "path_to_durations", "total_frames"]


def total_frames(durations: Tensor) -> Tensor:
    """Sum durations (B, S) int64 to the frames of each sample (B,), at least 1.

    A text whose symbols all last 0 frames still has one frame, so that there is a wave.
    """
    return durations.sum(1).clamp_min(1)


def durations_to_index(durations: Tensor, n_frames: int) -> Tensor:
    """Return the index of the symbol of every frame.

    Args:
        durations: (B, S) int64.
        n_frames: T.

    Returns:
        (B, T) int64; frames past a sample's end have the last index.
    """
    ends = durations.cumsum(1)
    frames = torch.arange(n_frames, device=durations.device).expand(len(ends), -1).contiguous()
    return torch.searchsorted(ends, frames, right=True).clamp_max(durations.shape[1] - 1)


def durations_to_path(durations: Tensor, n_frames: int) -> Tensor:
    """Expand durations (B, S) to a 0/1 path (B, T, S) float32."""
    index = durations_to_index(durations, n_frames)
    inside = torch.arange(n_frames, device=durations.device) < durations.sum(1, keepdim=True)
    return functional.one_hot(index, durations.shape[1]).float() * inside.unsqueeze(2)


def path_to_durations(path: Tensor) -> Tensor:
    """Count the frames of each symbol of a path (B, T, S): (B, S) int64."""
    return path.sum(1).long()
