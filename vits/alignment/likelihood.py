"""Log-likelihood of every frame under every symbol's prior."""

import math

import torch
from torch import Tensor

__all__ = ["prior_log_likelihood"]


def prior_log_likelihood(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Score each frame under each symbol's Gaussian, summed over channels.

    log N(z_t; m_s, s_s) = -0.5 z_t^2 . p_s + z_t . (m_s p_s) + c_s with p = exp(-2 log_std), so
    one matrix product of 2C channels gives all pairs. Always computed in at least float32: in half
    precision z^2 p overflows.

    Source: VITS equation 6.

    Args:
        z: (B, C, T) latent in prior space.
        mean: (B, C, S).
        log_std: (B, C, S).

    Returns:
        (B, T, S) nats.
    """
    with torch.autocast(z.device.type, enabled=False):
        dtype = torch.promote_types(z.dtype, torch.float32)
        z, mean, log_std = z.to(dtype), mean.to(dtype), log_std.to(dtype)
        precision = (-2 * log_std).exp()
        constant = (-0.5 * math.log(2 * math.pi) - log_std - 0.5 * mean.square() * precision).sum(1)
        frames = torch.cat([-0.5 * z.square(), z], dim=1).transpose(1, 2)
        symbols = torch.cat([precision, mean * precision], dim=1)
        return torch.baddbmm(constant.unsqueeze(1), frames, symbols)
