"""Gaussians: sampled and stretched."""

import torch

from vits.models.outputs import Gaussian, GradientGate, Posterior


def test_a_sample_is_the_mean_plus_scaled_noise():
    mean, log_std, noise = torch.randn(3, 2, 4, 6)
    gaussian = Gaussian(mean, log_std)
    # in this order of operations: another one rounds differently
    assert torch.equal(gaussian.sample(noise, 0.667), mean + noise * log_std.exp() * 0.667)
    assert torch.equal(gaussian.sample(noise), mean + noise * log_std.exp())
    assert torch.equal(gaussian.sample(noise, 0.0), mean)


def test_stretching_repeats_each_symbol_for_its_frames():
    prior = Gaussian(torch.tensor([[[1.0, 2.0, 3.0]]]), torch.tensor([[[4.0, 5.0, 6.0]]]))
    mask = torch.tensor([[[1.0, 1.0, 1.0, 0.0]]])
    mean, log_std = prior.stretch(torch.tensor([[2, 0, 1]]), mask)
    assert mean.tolist() == [[[1, 1, 3, 0]]]
    assert log_std.tolist() == [[[4, 4, 6, 0]]]


def test_the_gate_separates_the_gradients_of_both_sides():
    z = torch.randn(1, 2, 3, requires_grad=True)
    posterior = Posterior(z, Gaussian(torch.zeros(1, 2, 3), z + 0), torch.ones(1, 1, 3))
    gate = GradientGate.of(posterior, None)
    (through_gate,) = torch.autograd.grad((2 * gate.z + 3 * z).sum(), [gate.z], retain_graph=True)
    assert torch.equal(gate.z, z)
    assert torch.equal(through_gate, torch.full_like(z, 2.0))
