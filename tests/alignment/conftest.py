"""The best monotonic path by brute force."""

import itertools

import numpy as np
import pytest


@pytest.fixture
def brute_force():
    """Return the search by brute force."""
    return _brute_force


def _brute_force(scores: np.ndarray) -> tuple[float, list[tuple[int, ...]]]:
    """Best total and all durations that reach it, over every composition of T into S parts."""
    n_frames, n_symbols = scores.shape
    best, found = -np.inf, []
    for cuts in itertools.combinations(range(1, n_frames), n_symbols - 1):
        edges = (0, *cuts, n_frames)
        durations = tuple(b - a for a, b in itertools.pairwise(edges))
        index = np.repeat(np.arange(n_symbols), durations)
        total = float(scores[np.arange(n_frames), index].sum(dtype=np.float64))
        if total > best + 1e-9:
            best, found = total, []
        if total >= best - 1e-9:
            found.append(durations)
    return best, found
