"""Scores of the alignment search: log-likelihoods, and a guide for the first training steps."""

import math

import torch
from torch import Tensor

__all__ = ["diagonal_guide", "prior_log_likelihood"]


def prior_log_likelihood(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Score each frame under each symbol's Gaussian, summed over channels.

    log N(z_t; m_s, s_s) = -0.5 z_t^2 . p_s + z_t . (m_s p_s) + c_s with p = exp(-2 log_std), so
    one matrix product over 2C channels gives all pairs. Computed in at least float32: in half
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


def diagonal_guide(
    symbol_lengths: Tensor, frame_lengths: Tensor, n_frames: int, n_symbols: int
) -> Tensor:
    """Score how close each pair lies to the diagonal: -(t / T - s / S)^2 at the cells' centres.

    An untrained prior can lead the search to a path on which one symbol takes nearly all frames,
    and training can stay there for long. This guide, added with a decaying weight, starts training
    from even durations.

    Source: a static diagonal prior is the idea of Badlani et al. 2021, arXiv:2108.10447, section
    2.2; theirs is beta-binomial, this one quadratic. The original has none.

    Args:
        symbol_lengths: (B,) int64.
        frame_lengths: (B,) int64.
        n_frames: T.
        n_symbols: S.

    Returns:
        (B, T, S) float32, at most 0.
    """
    device = symbol_lengths.device
    symbols = (torch.arange(n_symbols, device=device) + 0.5) / symbol_lengths[:, None]
    frames = (torch.arange(n_frames, device=device) + 0.5) / frame_lengths[:, None]
    return -(frames.unsqueeze(2) - symbols.unsqueeze(1)).square()
