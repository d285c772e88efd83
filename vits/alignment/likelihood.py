"""Scores of the alignment search: log-likelihoods, and what changes them in the first steps."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = [
    "NO_SCORE_BIAS",
    "ScoreBias",
    "diagonal_guide",
    "prior_log_likelihood",
    "score_noise",
]


class ScoreBias(NamedTuple):
    """Bias of the search's scores in early training; the original has none.

    Attributes:
        guide: weight of ``diagonal_guide`` for each latent channel, at least 0.
        noise: weight of ``score_noise``, at least 0.
    """

    guide: float = 0.0
    noise: float = 0.0

    def apply(
        self, scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor, channels: int
    ) -> Tensor:
        """Return scores (B, T, S) plus guide and noise; lengths (B,) int64, C ``channels``."""
        if self.guide > 0:
            even = diagonal_guide(symbol_lengths, frame_lengths, *scores.shape[1:])
            scores = scores + self.guide * channels * even
        if self.noise > 0:
            scores = scores + self.noise * score_noise(scores, symbol_lengths, frame_lengths)
        return scores


NO_SCORE_BIAS = ScoreBias()
"""The search of the original: neither guide nor noise."""


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


def score_noise(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Draw normal noise with the standard deviation of each utterance's own scores.

    Added with a small, decaying weight, it lets the search explore other paths than the likeliest
    while the prior is still poor.

    Source: Kong et al. 2023 (VITS2), arXiv:2307.16430, section 2.2. Here the deviation is taken
    over the real cells of each utterance, so that neither padding nor the batch changes it.

    Args:
        scores: (B, T, S) nats.
        symbol_lengths: (B,) int64.
        frame_lengths: (B,) int64.

    Returns:
        (B, T, S) nats.
    """
    n_frames, n_symbols = scores.shape[1:]
    frames = torch.arange(n_frames, device=scores.device) < frame_lengths[:, None]
    symbols = torch.arange(n_symbols, device=scores.device) < symbol_lengths[:, None]
    real = frames.unsqueeze(2) & symbols.unsqueeze(1)
    count = (symbol_lengths * frame_lengths)[:, None, None]
    mean = scores.masked_fill(~real, 0).sum((1, 2), keepdim=True) / count
    variance = (scores - mean).masked_fill(~real, 0).square().sum((1, 2), keepdim=True) / count
    return torch.randn_like(scores) * variance.sqrt()
