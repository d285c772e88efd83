"""The segments of a training step, and the share of them that comes from the prior."""

from typing import NamedTuple

from torch import Tensor

from vits.config import TrainingConfig
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments

__all__ = ["Segments", "prior_segments_at"]


class Segments(NamedTuple):
    """Recorded and generated waves (B, 1, L) and their log-mels (B, M, T)."""

    real: Tensor
    fake: Tensor
    real_mel: Tensor
    fake_mel: Tensor


def prior_segments_at(recipe: TrainingConfig, step: int) -> PriorSegments:
    """Return which segments are decoded from the prior at ``step``."""
    segments = recipe.prior_segments
    if step < segments.start:
        return NO_PRIOR_SEGMENTS
    return PriorSegments(segments.share, segments.noise_scale)
