"""Attention in few kernels is the plain one, in values and gradients."""

import pytest
import torch
from torch import nn

from vits.fast import optimize_for_training
from vits.layers.attention import RelativeAttention
from vits.layers.masking import sequence_mask


def draw(dropout=0.0, dtype=torch.float64):
    torch.manual_seed(0)
    plain = RelativeAttention(6, 2, 3, dropout).to(dtype)
    for parameter in plain.parameters():
        nn.init.normal_(parameter, 0.0, 0.5)
    fast = RelativeAttention(6, 2, 3, dropout).to(dtype)
    fast.load_state_dict(plain.state_dict())
    return plain, optimize_for_training(fast)


def values_and_gradients(network, forward, x, mask):
    y = forward(x) * mask
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)
    wanted = (x, *network.parameters())
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), wanted)]


@pytest.mark.parametrize("length", [1, 2, 5, 17])
@pytest.mark.parametrize("padded", [False, True])
def test_values_and_gradients_are_the_plain_ones(length, padded):
    plain, fast = draw()
    lengths = torch.tensor([length, max(1, length // 2) if padded else length])
    mask = sequence_mask(lengths, length).double()
    padding = (mask == 0).unsqueeze(1) if padded else None
    x = torch.randn(2, 6, length, dtype=torch.float64, requires_grad=True)
    expected = values_and_gradients(plain, lambda x: plain(x, mask), x, mask)
    found = values_and_gradients(fast, lambda x: fast.joint_forward(x, padding), x, mask)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_with_dropout_the_gradient_is_that_of_differences():
    _, fast = draw(dropout=0.4)
    x = torch.randn(1, 6, 4, dtype=torch.float64, requires_grad=True)

    def heads(x):
        torch.manual_seed(1)
        return fast.joint_forward(x, None)

    assert torch.autograd.gradcheck(heads, (x,))
    assert not torch.equal(heads(x), fast.eval().joint_forward(x, None))


def test_under_autocast_values_are_those_of_the_plain_one_up_to_rounding():
    plain, fast = draw(dtype=torch.float32)
    x, mask = torch.randn(2, 6, 9), torch.ones(2, 1, 9)
    exact = plain(x, mask)
    with torch.autocast("cpu", torch.bfloat16):
        y = fast.joint_forward(x, None)
    assert y.dtype == torch.bfloat16
    assert (y - exact).abs().max() < 8 * 2**-8 * exact.abs().max()
    y.float().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in fast.parameters())
