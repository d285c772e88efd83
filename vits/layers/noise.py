"""Standard normal noise from a generator."""

import torch
from torch import Tensor

__all__ = ["standard_normal"]


def standard_normal(
    shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Draw noise of a shape, on the device and in the dtype of a tensor.

    Args:
        shape: of the result.
        like: a tensor with the device and the dtype.
        generator: source of the noise; None: torch's default.
    """
    return torch.randn(shape, device=like.device, dtype=like.dtype, generator=generator)
