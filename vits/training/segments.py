"""The pieces of wave that a training step looks at."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Segments"]


class Segments(NamedTuple):
    """What the step compares: real and generated wave (B, 1, L) and their log-mels (B, M, T)."""

    real: Tensor
    fake: Tensor
    real_mel: Tensor
    fake_mel: Tensor
