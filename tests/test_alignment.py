"""Monotonic alignment: every backend equals brute force and the original's package."""

import importlib.util
import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from vits.alignment import (
    diagonal_guide,
    durations_to_index,
    durations_to_path,
    monotonic_alignment_search,
    path_to_durations,
    prior_log_likelihood,
)
from vits.alignment.kernel import search_batch
from vits.alignment.score import best_path_scores
from vits.errors import AlignmentError

HAS_PACKAGE = importlib.util.find_spec("monotonic_align") is not None
BACKENDS = ["numba", "torch", *(["monotonic_align"] if HAS_PACKAGE else [])]


def brute_force(scores: np.ndarray) -> tuple[float, list[tuple[int, ...]]]:
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


def original_choice(candidates: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Among equals the walk back stays as long as it can: the last symbol is longest."""
    return max(candidates, key=lambda durations: durations[::-1])


def random_case(rng: np.random.Generator) -> np.ndarray:
    n_symbols = int(rng.integers(1, 6))
    n_frames = int(rng.choice([n_symbols, n_symbols + int(rng.integers(0, 6))]))
    if rng.random() < 0.5:  # small integers are exact in float32 and full of ties
        return rng.integers(0, 2, (n_frames, n_symbols)).astype(np.float32)
    return rng.normal(size=(n_frames, n_symbols)).astype(np.float32) * 10


def test_every_backend_equals_brute_force_on_random_shapes():
    rng = np.random.default_rng(0)
    cases = [random_case(rng) for _ in range(1200)]
    cases += [np.zeros((1, 1), np.float32), np.zeros((5, 5), np.float32)]
    shape = max(len(c) for c in cases), max(c.shape[1] for c in cases)
    batch = torch.full((len(cases), *shape), 1e6)  # the padding tempts every search
    for row, case in enumerate(cases):
        batch[row, : case.shape[0], : case.shape[1]] = torch.from_numpy(case)
    frames = torch.tensor([c.shape[0] for c in cases])
    symbols = torch.tensor([c.shape[1] for c in cases])
    expected = torch.zeros(len(cases), shape[1], dtype=torch.int64)
    n_ties = 0
    for row, case in enumerate(cases):
        _, candidates = brute_force(case)
        n_ties += len(candidates) > 1
        choice = original_choice(candidates)
        expected[row, : len(choice)] = torch.tensor(choice)
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


def test_plain_python_kernel_equals_its_compiled_form():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3, 20, 7)).astype(np.float32)
    symbols, frames = np.array([7, 1, 4]), np.array([20, 5, 4])
    plain = np.zeros((3, 7), np.int64)
    search_batch(scores, symbols, frames, plain)
    compiled = monotonic_alignment_search(*map(torch.from_numpy, (scores, symbols, frames)))
    assert np.array_equal(plain, compiled.numpy())


def test_likelihood_is_the_sum_of_gaussian_log_densities():
    torch.manual_seed(0)
    z, mean, log_std = torch.randn(2, 5, 7), torch.randn(2, 5, 3), torch.randn(2, 5, 3) * 0.3
    normal = torch.distributions.Normal(mean.unsqueeze(2), log_std.exp().unsqueeze(2))
    expected = normal.log_prob(z.unsqueeze(3)).sum(1)
    torch.testing.assert_close(prior_log_likelihood(z, mean, log_std), expected)


def test_likelihood_stays_float32_under_autocast():
    z = torch.full((1, 192, 4), 300.0, dtype=torch.bfloat16)
    zero = torch.zeros(1, 192, 4, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        scores = prior_log_likelihood(z, zero, zero)
    assert scores.dtype == torch.float32
    exact = -192 * (0.5 * 300.0**2 + 0.5 * np.log(2 * np.pi))
    torch.testing.assert_close(scores, torch.full_like(scores, exact))


def test_path_index_and_durations_are_one_thing():
    durations = torch.tensor([[2, 1, 3], [4, 1, 0]])
    path = durations_to_path(durations, 6)
    assert path.shape == (2, 6, 3)
    assert torch.equal(path_to_durations(path), durations)
    assert durations_to_index(durations, 6)[0].tolist() == [0, 0, 1, 2, 2, 2]
    assert path[1, 5].sum() == 0


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
def test_impossible_inputs_are_refused(
    backend: str, scores: Tensor, symbols: int, frames: int, words: str
):
    with pytest.raises(AlignmentError, match=words):
        monotonic_alignment_search(
            scores, torch.tensor([symbols]), torch.tensor([frames]), backend=backend
        )


def test_unknown_and_absent_backends_are_named(monkeypatch: pytest.MonkeyPatch):
    one = torch.tensor([1])
    with pytest.raises(AlignmentError, match="'magic' must be one of auto, numba"):
        monotonic_alignment_search(torch.zeros(1, 1, 1), one, one, backend="magic")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for backend in ("monotonic_align", "triton"):
        with pytest.raises(AlignmentError, match=f"'{backend}' needs the package"):
            monotonic_alignment_search(torch.zeros(1, 1, 1), one, one, backend=backend)


def test_the_backend_is_chosen_by_device_and_what_is_installed(monkeypatch: pytest.MonkeyPatch):
    from vits.alignment.search import _best_backend

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert [_best_backend(d) for d in ("cpu", "cuda", "mps")] == ["numba", "triton", "torch"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert _best_backend("cuda") == "torch"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_unchecked_scores_that_are_not_finite_do_no_harm(backend: str, value: float):
    scores = torch.randn(2, 30, 7)
    scores[0, 10:20, 2:5] = value
    scores[1] = value
    frames = torch.tensor([30, 25])
    durations = monotonic_alignment_search(
        scores, torch.tensor([7, 6]), frames, backend=backend, check=False
    )
    assert durations.sum(1).tolist() == frames.tolist() or backend == "monotonic_align"
    assert (durations >= 0).all()


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


def test_guide_leads_to_even_durations_and_is_best_on_the_diagonal():
    symbols, frames = torch.tensor([4, 2]), torch.tensor([12, 6])
    guide = diagonal_guide(symbols, frames, 4, 12)
    assert guide.shape == (2, 12, 4)
    assert guide.max() <= 0
    durations = monotonic_alignment_search(guide, symbols, frames)
    assert durations.tolist() == [[3, 3, 3, 3], [3, 3, 0, 0]]


def test_threads_share_a_batch_and_change_nothing():
    scores = torch.randn(5, 40, 12) * 9
    frames, symbols = torch.tensor([40, 30, 12, 25, 40]), torch.tensor([12, 5, 12, 1, 7])
    one = monotonic_alignment_search(scores, symbols, frames)
    torch.set_num_threads(3)
    try:
        three = monotonic_alignment_search(scores, symbols, frames)
    finally:
        torch.set_num_threads(1)
    assert torch.equal(one, three)


def test_the_search_is_compiled_where_nothing_can_be_cached(monkeypatch: pytest.MonkeyPatch):
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


def test_best_path_scores_equal_brute_force_per_frame():
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.normal(size=(1, 3, 6)))
    mean, log_std = (torch.from_numpy(rng.normal(size=(2, 3, 4))) for _ in range(2))
    values, durations = best_path_scores(z, mean, log_std, torch.tensor([4, 2]))
    scores = prior_log_likelihood(z.expand(2, -1, -1), mean, log_std).numpy()
    for row, size in enumerate((4, 2)):
        best, _ = brute_force(scores[row, :, :size])
        assert float(values[row]) == pytest.approx(best / 6, rel=1e-6)
        assert durations[row].sum() == 6
