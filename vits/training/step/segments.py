"""The pieces of wave that a training step looks at, and what they are decoded from."""

from typing import NamedTuple

from torch import Tensor

from vits.config import TrainingConfig
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments

__all__ = ["Segments", "prior_segments_at"]


class Segments(NamedTuple):
    """What the step compares: real and generated wave (B, 1, L) and their log-mels (B, M, T)."""

    real: Tensor
    fake: Tensor
    real_mel: Tensor
    fake_mel: Tensor


def prior_segments_at(recipe: TrainingConfig, step: int) -> PriorSegments:
    """Say which segments of step ``step`` are decoded from the prior."""
    segments = recipe.prior_segments
    if step < segments.start:
        return NO_PRIOR_SEGMENTS
    return PriorSegments(segments.share, segments.noise_scale)
