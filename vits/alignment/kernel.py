"""The dynamic programme of the search, in plain Python that numba compiles."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["search_batch"]


def search_batch(
    scores: NDArray[np.float32],
    symbol_lengths: NDArray[np.int64],
    frame_lengths: NDArray[np.int64],
    durations: NDArray[np.int64],
) -> None:
    """Fill ``durations`` (B, S) from ``scores`` (B, T, S).

    Keeps the totals of two frames and one byte per cell. Column 0 stands before the first symbol
    and is open (0) only before the first frame. Cells that cannot reach the last symbol in time are
    skipped. The two inner loops run over slices, which compile to vector instructions: twice as
    fast as one loop over indices. Scores that are not finite give meaningless durations with the
    right sum.
    """
    for b in range(scores.shape[0]):
        n_symbols, n_frames = symbol_lengths[b], frame_lengths[b]
        last = np.full(n_symbols + 1, -np.inf, dtype=np.float32)
        best = np.full(n_symbols + 1, -np.inf, dtype=np.float32)
        last[0] = 0.0
        moved = np.zeros((n_frames, n_symbols), dtype=np.uint8)
        for t in range(n_frames):
            low, high = max(0, n_symbols + t - n_frames), min(n_symbols, t + 1)
            row, stay, move = scores[b, t, low:high], last[low + 1 : high + 1], last[low:high]
            total, flags = best[low + 1 : high + 1], moved[t, low:high]
            for i in range(row.size):
                total[i] = row[i] + (move[i] if stay[i] < move[i] else stay[i])
            for i in range(row.size):
                flags[i] = stay[i] < move[i]
            last, best = best, last
            best[0] = last[0] = -np.inf
        s = n_symbols - 1
        for t in range(n_frames - 1, -1, -1):
            durations[b, s] += 1
            s -= moved[t, s]
