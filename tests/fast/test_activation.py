"""Leaky ReLU: torch's values and gradients, bit for bit, for half the memory."""

import pytest
import torch
from torch.nn import functional

from vits.fast.activation import leaky_relu


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_values_and_gradients_are_torchs_bit_for_bit(dtype: torch.dtype):
    x = torch.randn(3, 5, 7, dtype=dtype)
    x[0, 0, :4] = torch.tensor([0.0, -0.0, 1e-30, -1e-30])
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    upstream = torch.randn_like(x)
    y, expected = leaky_relu(ours, 0.1), functional.leaky_relu(theirs, 0.1)
    y.backward(upstream)
    expected.backward(upstream)
    assert torch.equal(y, expected)
    assert torch.equal(ours.grad, theirs.grad)
    assert y.dtype == dtype


def test_the_gradient_is_the_derivative():
    x = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: leaky_relu(x, 0.01), x)


def test_nothing_but_the_result_is_kept():
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    x = torch.randn(4, 6, requires_grad=True) * 2
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = leaky_relu(x, 0.1)
    assert [tensor.data_ptr() for tensor in kept] == [y.data_ptr()]


def test_without_gradients_it_is_torchs_own():
    with torch.no_grad():
        y = leaky_relu(torch.randn(3, requires_grad=True), 0.1)
    assert y.grad_fn is None
    assert leaky_relu(torch.randn(3), 0.1).grad_fn is None
