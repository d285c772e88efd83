"""The search on a GPU equals the compiled loop on the CPU."""

import importlib.util

import pytest
import torch

from vits.alignment import monotonic_alignment_search


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_triton_equals_the_compiled_loop(monkeypatch: pytest.MonkeyPatch):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        monkeypatch.setenv("TRITON_INTERPRET", "1")
    for seed in range(60):
        torch.manual_seed(seed)
        batch, n_symbols, extra = (int(torch.randint(1, high, ())) for high in (4, 40, 30))
        scores = torch.randn(batch, n_symbols + extra, n_symbols)
        scores = scores.round() if seed % 2 else scores  # whole numbers make ties
        symbols = torch.randint(1, n_symbols + 1, (batch,))
        frames = torch.stack([torch.randint(int(n), n_symbols + extra + 1, ()) for n in symbols])
        expected = monotonic_alignment_search(scores, symbols, frames, backend="numba")
        found = monotonic_alignment_search(
            *(x.to(device) for x in (scores, symbols, frames)), backend="triton"
        )
        assert torch.equal(found.cpu(), expected)
