"""The block is near identity at first, local in time, and learns with every parameter."""

import torch

from vits.layers.convnext import ConvNextBlock


def test_it_reaches_half_a_kernel_and_no_further():
    block = ConvNextBlock(6, 12, kernel_size=7, scale=1.0)
    x = torch.randn(1, 6, 40, requires_grad=True)
    block(x)[0, :, 20].sum().backward()
    touched = x.grad[0].abs().sum(0).nonzero()[:, 0]
    assert touched.tolist() == list(range(17, 24))


def test_a_small_scale_is_near_identity_and_all_parameters_get_a_gradient():
    block = ConvNextBlock(6, 12, kernel_size=5, scale=1e-3)
    x = torch.randn(2, 6, 11)
    assert (block(x) - x).abs().max() < 0.05
    block(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in block.parameters())
