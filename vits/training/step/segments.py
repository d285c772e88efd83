"""The segments of a training step, and what of their making changes with the step."""

from typing import NamedTuple

from torch import Tensor

from vits.alignment import ScoreBias
from vits.config import TrainingConfig
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments

__all__ = ["Segments", "prior_segments_at", "score_bias_at"]


class Segments(NamedTuple):
    """Recorded and generated segments.

    Attributes:
        real: recorded waves (B, 1, L).
        fake: generated waves (B, 1, L).
        real_mel: log-mels (B, M, T) that the generated ones are compared with.
        fake_mel: log-mels of the generated waves (B, M, T).
        own_pitch: (N,) int64 segments whose two waves have the same pitch; None: all.
    """

    real: Tensor
    fake: Tensor
    real_mel: Tensor
    fake_mel: Tensor
    own_pitch: Tensor | None = None

    @property
    def waves(self) -> tuple[Tensor, Tensor]:
        """The recorded and generated waves that can be compared."""
        if self.own_pitch is None:
            return self.real, self.fake
        return self.real[self.own_pitch], self.fake[self.own_pitch]


def prior_segments_at(recipe: TrainingConfig, step: int) -> PriorSegments:
    """Return which segments are decoded from the prior at ``step``."""
    segments = recipe.prior_segments
    if step < segments.start:
        return NO_PRIOR_SEGMENTS
    return PriorSegments(segments.share, segments.noise_scale)


def score_bias_at(recipe: TrainingConfig, step: int) -> ScoreBias:
    """Return the bias of the alignment search at ``step``; guide and noise both fade to 0."""
    alignment = recipe.alignment
    return ScoreBias(
        guide=alignment.guide * max(0.0, 1 - step / alignment.guide_steps),
        noise=alignment.noise * max(0.0, 1 - step / alignment.noise_steps),
    )
