"""The dynamic programme of the search on a GPU: one program per sample, one lane per symbol.

Importing this module needs triton, which comes with PyTorch for CUDA. With ``TRITON_INTERPRET=1``
in the environment, triton interprets it on the CPU, slowly: this is how it is tested without a GPU.
"""

from typing import Any

import torch
import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]
from torch import Tensor

__all__ = ["search_triton"]


@triton.jit(do_not_specialize=["T", "S"])  # lengths differ from batch to batch
def _search(
    scores,  # noqa: ANN001  # triton's own types
    symbol_lengths,  # noqa: ANN001
    frame_lengths,  # noqa: ANN001
    moved,  # noqa: ANN001
    durations,  # noqa: ANN001
    T,  # noqa: ANN001
    S,  # noqa: ANN001
    BLOCK: tl.constexpr,
) -> None:
    """Fill ``durations`` (B, S) int64 from ``scores`` (B, T, S); ``moved`` (B, T, S) is scratch."""
    sample = tl.program_id(0).to(tl.int64)
    n_symbols, n_frames = tl.load(symbol_lengths + sample), tl.load(frame_lengths + sample)
    lane = tl.arange(0, BLOCK)
    inside = lane < S
    before = tl.maximum(lane - 1, 0)
    nothing = float("-inf")
    total = tl.full((BLOCK,), nothing, tl.float32)
    for t in range(n_frames):
        offset = (sample * T + t) * S + lane
        score = tl.load(scores + offset, mask=inside, other=nothing)
        move = tl.where(lane == 0, tl.where(t == 0, 0.0, nothing), tl.gather(total, before, 0))
        flag = total < move
        tl.store(moved + offset, flag.to(tl.int8), mask=inside)
        total = score + tl.where(flag, move, total)
    tl.debug_barrier()  # backtracking reads what other lanes have stored
    s, count = n_symbols - 1, n_symbols * 0
    for i in range(n_frames):
        t = n_frames - 1 - i
        count += 1
        flag = tl.load(moved + (sample * T + t) * S + s) != 0
        tl.store(durations + sample * S + s, count, mask=flag | (t == 0))
        s = tl.where(flag & (s > 0), s - 1, s)
        count = tl.where(flag, 0, count)


def search_triton(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Search as ``monotonic_alignment_search`` does; the host does not wait for the device.

    Args:
        scores: (B, T, S).
        symbol_lengths: (B,) int64.
        frame_lengths: (B,) int64.

    Returns:
        (B, S) int64.
    """
    batch, n_frames, n_symbols = scores.shape
    scores = scores.float().contiguous()
    moved = torch.empty(scores.shape, dtype=torch.int8, device=scores.device)
    durations = torch.zeros(batch, n_symbols, dtype=torch.int64, device=scores.device)
    lanes = max(32, triton.next_power_of_2(n_symbols))
    launch: Any = _search[(batch,)]  # pyright: ignore[reportIndexIssue]
    with torch.cuda.device_of(scores):  # triton launches on the current device
        launch(
            scores,
            symbol_lengths.contiguous(),
            frame_lengths.contiguous(),
            moved,
            durations,
            n_frames,
            n_symbols,
            BLOCK=lanes,
            num_warps=min(8, max(1, lanes // 64)),
        )
    return durations
