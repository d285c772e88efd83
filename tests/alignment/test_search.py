"""Monotonic alignment search: every backend equals brute force and the original's package."""

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor

from vits.alignment import monotonic_alignment_search
from vits.errors import AlignmentError

HAS_PACKAGE = importlib.util.find_spec("monotonic_align") is not None
BACKENDS = ["numba", "torch", *(["monotonic_align"] if HAS_PACKAGE else [])]


def original_choice(candidates: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Among equals the walk back stays as long as it can: the last symbol is longest."""
    return max(candidates, key=lambda durations: durations[::-1])


def random_case(rng: np.random.Generator) -> np.ndarray:
    n_symbols = int(rng.integers(1, 6))
    n_frames = int(rng.choice([n_symbols, n_symbols + int(rng.integers(0, 6))]))
    if rng.random() < 0.5:  # small integers are exact in float32 and full of ties
        return rng.integers(0, 2, (n_frames, n_symbols)).astype(np.float32)
    return rng.normal(size=(n_frames, n_symbols)).astype(np.float32) * 10


def test_every_backend_equals_brute_force_on_random_shapes(brute_force):
    rng = np.random.default_rng(0)
    cases = [random_case(rng) for _ in range(1200)]
    cases += [np.zeros((1, 1), np.float32), np.zeros((5, 5), np.float32)]
    shape = max(len(c) for c in cases), max(c.shape[1] for c in cases)
    batch = torch.full((len(cases), *shape), 1e6)  # the padding tempts every search
    for i, case in enumerate(cases):
        batch[i, : case.shape[0], : case.shape[1]] = torch.from_numpy(case)
    frames = torch.tensor([c.shape[0] for c in cases])
    symbols = torch.tensor([c.shape[1] for c in cases])
    expected = torch.zeros(len(cases), shape[1], dtype=torch.int64)
    n_ties = 0
    for i, case in enumerate(cases):
        _, candidates = brute_force(case)
        n_ties += len(candidates) > 1
        choice = original_choice(candidates)
        expected[i, : len(choice)] = torch.tensor(choice)
    assert n_ties > 100
    for backend in BACKENDS:
        found = monotonic_alignment_search(batch, symbols, frames, backend=backend)
        assert torch.equal(found, expected), backend


def test_backends_agree_on_long_inputs():
    torch.manual_seed(1)
    scores = torch.randn(6, 180, 70) * 30
    frames = torch.tensor([180, 70, 71, 120, 100, 33])
    symbols = torch.tensor([70, 70, 70, 1, 40, 33])
    found = [monotonic_alignment_search(scores, symbols, frames, backend=b) for b in BACKENDS]
    for durations in found:
        assert torch.equal(durations, found[0])
        assert torch.equal(durations.sum(1), frames)


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
@pytest.mark.parametrize(
    ("scores", "symbols", "frames", "words"),
    [
        (torch.zeros(1, 3, 4), 4, 3, "4 symbols and 3 frames"),
        (torch.zeros(1, 3, 2), 0, 3, "0 symbols"),
        (torch.zeros(1, 3, 2), 2, 0, "0 frames"),
        (torch.zeros(1, 0, 2), 2, 0, "none empty"),
        (torch.zeros(1, 3, 2), 2, 5, "more than"),
        (torch.full((1, 3, 2), torch.nan), 2, 3, "not finite"),
        (torch.full((1, 3, 2), -torch.inf), 2, 3, "not finite"),
    ],
)
def test_impossible_inputs_are_rejected(
    backend: str, scores: Tensor, symbols: int, frames: int, words: str
):
    with pytest.raises(AlignmentError, match=words):
        monotonic_alignment_search(
            scores, torch.tensor([symbols]), torch.tensor([frames]), backend=backend
        )


def test_unknown_and_missing_backends_are_errors(monkeypatch: pytest.MonkeyPatch):
    one = torch.tensor([1])
    with pytest.raises(AlignmentError, match="'magic' must be one of auto, numba"):
        monotonic_alignment_search(torch.zeros(1, 1, 1), one, one, backend="magic")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for backend in ("monotonic_align", "triton"):
        with pytest.raises(AlignmentError, match=f"'{backend}' needs the package"):
            monotonic_alignment_search(torch.zeros(1, 1, 1), one, one, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_unchecked_scores_that_are_not_finite_give_valid_durations(backend: str, value: float):
    scores = torch.randn(2, 30, 7)
    scores[0, 10:20, 2:5] = value
    scores[1] = value
    frames = torch.tensor([30, 25])
    durations = monotonic_alignment_search(
        scores, torch.tensor([7, 6]), frames, backend=backend, check=False
    )
    assert durations.sum(1).tolist() == frames.tolist() or backend == "monotonic_align"
    assert (durations >= 0).all()


def test_splitting_a_batch_over_threads_changes_nothing():
    scores = torch.randn(5, 40, 12) * 9
    frames, symbols = torch.tensor([40, 30, 12, 25, 40]), torch.tensor([12, 5, 12, 1, 7])
    one = monotonic_alignment_search(scores, symbols, frames)
    torch.set_num_threads(3)
    try:
        three = monotonic_alignment_search(scores, symbols, frames)
    finally:
        torch.set_num_threads(1)
    assert torch.equal(one, three)


@pytest.mark.slow
def test_the_search_compiles_without_a_cache_folder(monkeypatch: pytest.MonkeyPatch):
    import numba

    from vits.alignment import search

    compile_it = numba.njit

    def no_folder(*args: object, **options: object):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return compile_it(*args, **options)

    monkeypatch.setattr(numba, "njit", no_folder)
    search._compiled_search.cache_clear()
    try:
        durations = monotonic_alignment_search(
            torch.eye(4)[None], torch.tensor([4]), torch.tensor([4])
        )
    finally:
        search._compiled_search.cache_clear()
    assert durations.tolist() == [[1, 1, 1, 1]]
