"""Monotonic alignment between symbols and frames.

The prior scores every pair of frame and symbol; the search finds the monotonic path without skips
that has the highest total score. A path is (B, T, S); its compact forms are durations (B, S), the
frames of each symbol, and an index (B, T), the symbol of each frame.
"""

from vits.alignment.backend import Backend, choose_backend
from vits.alignment.likelihood import (
    NO_SCORE_BIAS,
    ScoreBias,
    diagonal_guide,
    prior_log_likelihood,
    score_noise,
)
from vits.alignment.paths import (
    durations_to_index,
    durations_to_path,
    path_to_durations,
    total_frames,
)
from vits.alignment.search import BACKENDS, monotonic_alignment_search

__all__ = [
    "BACKENDS",
    "NO_SCORE_BIAS",
    "Backend",
    "ScoreBias",
    "choose_backend",
    "diagonal_guide",
    "durations_to_index",
    "durations_to_path",
    "monotonic_alignment_search",
    "path_to_durations",
    "prior_log_likelihood",
    "score_noise",
    "total_frames",
]
