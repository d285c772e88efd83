"""Log-likelihoods of the search, and its guide."""

import numpy as np
import torch

from vits.alignment import (
    NO_SCORE_BIAS,
    ScoreBias,
    diagonal_guide,
    monotonic_alignment_search,
    prior_log_likelihood,
    score_noise,
)


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


def test_the_guide_leads_to_even_durations():
    symbols, frames = torch.tensor([4, 2]), torch.tensor([12, 6])
    guide = diagonal_guide(symbols, frames, 12, 4)
    assert guide.shape == (2, 12, 4)
    assert guide.max() <= 0
    durations = monotonic_alignment_search(guide, symbols, frames)
    assert durations.tolist() == [[3, 3, 3, 3], [3, 3, 0, 0]]


def test_noise_has_the_deviation_of_the_real_scores():
    torch.manual_seed(0)
    symbols, frames = torch.tensor([40, 20]), torch.tensor([120, 60])
    scores = 5.0 * torch.randn(2, 120, 40) - 100
    scores[1, :60, :20] = scores[1, :60, :20] * 3
    scores[1, 60:] = scores[1, :, 20:] = 1e6  # the padding's scores do not count
    noise = score_noise(scores, symbols, frames)
    for i, (s, t) in enumerate(zip(symbols, frames, strict=True)):
        expected = scores[i, :t, :s].std(correction=0)
        assert abs(noise[i, :t, :s].std() / expected - 1) < 0.1
        assert abs(noise[i, :t, :s].mean() / expected) < 0.1


def test_aids_are_added_by_their_weights():
    symbols, frames = torch.tensor([4, 2]), torch.tensor([12, 6])
    scores = torch.randn(2, 12, 4)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert NO_SCORE_BIAS.apply(scores, symbols, frames, 8) is scores
    assert torch.equal(torch.get_rng_state(), state)  # nothing is drawn
    biased = ScoreBias(guide=0.5, noise=0.25).apply(scores, symbols, frames, 8)
    torch.set_rng_state(state)
    guided = scores + 0.5 * 8 * diagonal_guide(symbols, frames, 12, 4)
    assert torch.equal(biased, guided + 0.25 * score_noise(guided, symbols, frames))
