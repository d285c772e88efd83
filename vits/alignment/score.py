"""Likelihood of a recording given a text: the score of the best path."""

import torch
from torch import Tensor

from vits.alignment.likelihood import prior_log_likelihood
from vits.alignment.paths import durations_to_index
from vits.alignment.search import monotonic_alignment_search

__all__ = ["best_path_scores"]


@torch.no_grad()
def best_path_scores(
    z: Tensor, mean: Tensor, log_std: Tensor, symbol_lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Score one recording under several texts, each along its own best monotonic path.

    (1 / T) max over paths of the sum over t of log N(z_t; m_s(t), s_s(t)).

    Source: VITS equation 6, divided by the number of frames.

    Args:
        z: (1, C, T) the recording in prior space.
        mean: (B, C, S) of each text's symbols.
        log_std: (B, C, S).
        symbol_lengths: (B,) int64, each in [1, T].

    Returns:
        Scores (B,) in nats per frame, and the durations of the paths (B, S) int64.
    """
    scores = prior_log_likelihood(z.expand(len(mean), -1, -1), mean, log_std)
    n_frames = z.shape[2]
    frames = torch.full_like(symbol_lengths, n_frames)
    durations = monotonic_alignment_search(scores, symbol_lengths, frames)
    index = durations_to_index(durations, n_frames)
    return scores.gather(2, index.unsqueeze(2)).mean((1, 2)), durations
