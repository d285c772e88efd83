"""Segments from the prior: equal to those of whole utterances, and what they train."""

import pytest
import torch

from vits.layers.masking import sequence_mask, slice_segments
from vits.models.outputs import Gaussian, Posterior
from vits.models.prior_segments import (
    NO_PRIOR_SEGMENTS,
    PriorSegments,
    prior_segment_latents,
    segment_latents,
)

STARTS = torch.tensor([0, 13, 32])


@pytest.fixture
def flow(make_model):
    return make_model("convnext", 2).prior_flow


@pytest.fixture
def ends(flow):
    """Posterior, prior and conditioning of utterances of 20, 40 and 40 frames."""
    mask = sequence_mask(torch.tensor([20, 40, 40]), 40).double()
    one, two = (
        Gaussian(*(torch.randn(3, 6, 40, dtype=torch.double) * mask for _ in "ms")) for _ in "pq"
    )
    conditioning = torch.randn(3, 4, 1, dtype=torch.double)
    return Posterior(one.mean + one.log_std, one, mask), two, conditioning


def test_a_prior_segment_equals_that_of_the_whole_utterance(flow, ends):
    posterior, prior, conditioning = ends
    with torch.no_grad():
        whole = flow.inverse(prior.mean, posterior.mask, conditioning)
        parts = prior_segment_latents(flow, prior.mean, posterior.mask, STARTS, 8, conditioning)
    torch.testing.assert_close(parts, slice_segments(whole, STARTS, 8), rtol=0, atol=1e-12)


def cut(flow, ends, share, noise_scale=0.0, *, without_posterior=False):
    posterior, prior, conditioning = ends
    z, segments = None if without_posterior else posterior.z, PriorSegments(share, noise_scale)
    return segment_latents(flow, z, prior, posterior.mask, STARTS, 8, conditioning, segments)


@pytest.mark.parametrize(("share", "count"), [(1.0, 3), (0.7, 2), (0.0, 0)])
def test_the_share_of_segments_comes_from_the_prior_the_rest_from_the_posterior(
    flow, ends, share, count
):
    posterior, prior, conditioning = ends
    with torch.no_grad():
        latents = cut(flow, ends, share)
        of_prior = prior_segment_latents(flow, prior.mean, posterior.mask, STARTS, 8, conditioning)
    of_posterior = slice_segments(posterior.z, STARTS, 8)
    same = [torch.equal(one, other) for one, other in zip(latents, of_posterior, strict=True)]
    close = [torch.allclose(one, other) for one, other in zip(latents, of_prior, strict=True)]
    assert (sum(same), sum(close)) == (3 - count, count)


def test_without_a_posterior_every_segment_comes_from_the_prior(flow, ends):
    torch.manual_seed(0)
    with_posterior = cut(flow, ends, 1.0, 0.5)
    torch.manual_seed(0)
    assert torch.equal(cut(flow, ends, 1.0, 0.5, without_posterior=True), with_posterior)


def test_noise_scale_limits_the_noise(flow, ends):
    quiet, loud = ([cut(flow, ends, 1.0, scale) for _ in range(50)] for scale in (0.0, 0.1))
    assert torch.stack(quiet).std(0).max() < 1e-12
    assert torch.stack(loud).std(0).min() > 1e-3


def test_without_prior_segments_no_random_number_is_drawn(flow, ends):
    before = torch.get_rng_state()
    cut(flow, ends, *NO_PRIOR_SEGMENTS)
    assert torch.equal(before, torch.get_rng_state())


def test_prior_segments_train_the_prior_and_the_flow_but_not_the_posterior(flow, ends):
    posterior, prior, _ = ends
    leaves = [x.requires_grad_() for x in (posterior.z, prior.mean, prior.log_std)]
    cut(flow, ends, 1.0, 0.5).square().sum().backward()
    assert [x.grad is not None and bool(x.grad.any()) for x in leaves] == [False, True, True]
    assert all(p.grad is not None for p in flow.parameters())
