"""Monotonic alignment search and its backends.

Source: VITS section 2.2.1; Kim et al. 2020 (Glow-TTS), arXiv:2005.11129, algorithm 1.
"""

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch
from torch import Tensor

from vits.alignment.backend import Backend, choose_backend
from vits.alignment.kernel import search_batch
from vits.alignment.paths import path_to_durations
from vits.errors import AlignmentError

__all__ = ["BACKENDS", "monotonic_alignment_search"]


def monotonic_alignment_search(
    scores: Tensor,
    symbol_lengths: Tensor,
    frame_lengths: Tensor,
    *,
    backend: Backend = "auto",
    check: bool = True,
) -> Tensor:
    """Find the best monotonic path of each sample and return its durations.

    The path starts at the first symbol, ends at the last, and advances by at most one symbol per
    frame; every symbol gets at least one frame. In backtracking, a tie stays with the same symbol,
    exactly as in the original.

    Args:
        scores: (B, T, S) log-likelihoods; no gradient is taken.
        symbol_lengths: (B,) int64, each in [1, S].
        frame_lengths: (B,) int64, each in [symbol length, T].
        backend: ``numba`` (compiled, on the CPU), ``triton`` (compiled, on a CUDA GPU), ``torch``
            (any device), ``monotonic_align`` (the package, if installed), or ``auto``: triton on
            CUDA if it works there, else numba.
        check: validate lengths and scores first; on an accelerator this waits for the device.

    Returns:
        (B, S) int64 frames of each symbol, 0 in the padding; they sum to ``frame_lengths``.

    Raises:
        AlignmentError: a sample is empty, has more symbols than frames, or a score is not finite.
    """
    scores = scores.detach()
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if check:
        _check(scores, symbol_lengths, frame_lengths)
    if backend == "auto":
        backend = choose_backend("auto", scores.device)
    try:
        search = BACKENDS[backend]
    except KeyError:
        known = ", ".join(("auto", *BACKENDS))
        raise AlignmentError(f"alignment backend {backend!r} must be one of {known}") from None
    return search(scores, symbol_lengths, frame_lengths)


def _check(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> None:
    if scores.dim() != 3 or min(scores.shape) == 0:
        raise AlignmentError(
            f"scores of shape {tuple(scores.shape)} must be (batch, frames, symbols), none empty"
        )
    pairs = zip(symbol_lengths.tolist(), frame_lengths.tolist(), strict=True)
    for i, (n_symbols, n_frames) in enumerate(pairs):
        if not 1 <= n_symbols <= n_frames:
            raise AlignmentError(
                f"sample {i} has {n_symbols} symbols and {n_frames} frames: it needs at least "
                "1 symbol and as many frames as symbols; remove it or shorten its text"
            )
        if n_frames > scores.shape[1] or n_symbols > scores.shape[2]:
            raise AlignmentError(
                f"sample {i} has {n_frames} frames and {n_symbols} symbols, more than the "
                f"{scores.shape[1]} and {scores.shape[2]} its scores have"
            )
        if not bool(scores[i, :n_frames, :n_symbols].isfinite().all()):
            raise AlignmentError(
                f"scores of sample {i} are not finite: check its wave and the learning rate"
            )


def _search_torch(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Loop over frames, vectorised over batch and symbols; no data-dependent shapes."""
    n_frames, n_symbols = scores.shape[1:]
    first = torch.zeros_like(scores[:, 0, :1])
    nothing = torch.full_like(first, -torch.inf)
    best = nothing.expand(-1, n_symbols)
    moves: list[Tensor] = []
    for t in range(n_frames):
        moved = torch.cat([first if t == 0 else nothing, best[:, :-1]], dim=1)
        moves.append(best < moved)
        best = scores[:, t] + torch.maximum(best, moved)
    column = symbol_lengths - 1
    durations = torch.zeros_like(scores[:, 0], dtype=torch.int64)
    for t in range(n_frames - 1, -1, -1):
        inside = (t < frame_lengths).long()
        durations.scatter_add_(1, column[:, None], inside[:, None])
        step = moves[t].gather(1, column[:, None])[:, 0].long()
        column = (column - step * inside).clamp_min(0)
    return durations


def _search_numba(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Compiled loop, the batch split over as many threads as torch has; numba frees the GIL."""
    search = _compiled_search()
    values = scores.float().cpu().contiguous().numpy()
    symbols, frames = symbol_lengths.cpu().numpy(), frame_lengths.cpu().numpy()
    durations = torch.zeros(scores.shape[0], scores.shape[2], dtype=torch.int64)
    out = durations.numpy()
    n_threads = min(torch.get_num_threads(), len(values))
    if n_threads == 1:
        search(values, symbols, frames, out)
    else:
        parts = [slice(i, None, n_threads) for i in range(n_threads)]
        with ThreadPoolExecutor(n_threads) as pool:
            jobs = [pool.submit(search, values[p], symbols[p], frames[p], out[p]) for p in parts]
        for job in jobs:
            job.result()
    return durations.to(scores.device)


def _search_triton(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """One GPU kernel for the whole batch; no copy to the host."""
    if importlib.util.find_spec("triton") is None:
        raise AlignmentError(
            "backend 'triton' needs the package triton, which comes with PyTorch for CUDA; "
            "use backend 'auto'"
        )
    from vits.alignment.triton_kernel import search_triton

    return search_triton(scores, symbol_lengths, frame_lengths)


def _search_package(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """The ``monotonic_align`` package, which takes (B, T, S) as well, and a mask."""
    if importlib.util.find_spec("monotonic_align") is None:
        raise AlignmentError(
            "backend 'monotonic_align' needs the package monotonic-align (Python 3.11 or older); "
            "use backend 'auto'"
        )
    from monotonic_align import maximum_path  # pyright: ignore[reportMissingImports]

    n_frames, n_symbols = scores.shape[1:]
    inside_t = torch.arange(n_frames, device=scores.device) < frame_lengths[:, None]
    inside_s = torch.arange(n_symbols, device=scores.device) < symbol_lengths[:, None]
    mask = inside_t.unsqueeze(2) & inside_s.unsqueeze(1)
    return path_to_durations(maximum_path(scores, mask))


BACKENDS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "numba": _search_numba,
    "torch": _search_torch,
    "triton": _search_triton,
    "monotonic_align": _search_package,
}
"""The searches by name: functions of scores, symbol lengths and frame lengths."""


@cache
def _compiled_search() -> Callable[..., None]:
    """Compile the inner loop on first use (seconds; cached on disk for later processes)."""
    import numba

    try:
        return numba.njit(cache=True, nogil=True)(search_batch)
    except RuntimeError:  # no writable cache folder: compile in each process
        return numba.njit(nogil=True)(search_batch)
