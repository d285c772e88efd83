"""Gradients that are computed early are those of the one backward pass, and free their graph."""

import pytest
import torch

from vits.training.step.early_backward import early_backward, early_sum, scale_together


def test_value_and_gradient_are_those_of_the_functions():
    weight = torch.randn(5, 3)
    functions = [lambda y: (y @ weight).tanh().sum(), lambda y: 3 * y.square().mean()]
    for scale in (1.0, -2.5):
        x = torch.randn(4, 5)
        early, late = x.clone().requires_grad_(), x.clone().requires_grad_()
        value = early_sum(functions, early * 2)
        (value * scale).backward()
        expected = sum(function(late * 2) for function in functions)
        (expected * scale).backward()
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(early.grad, late.grad)


def test_no_graph_of_the_function_outlives_the_call():
    kept: list[torch.Tensor] = []

    def function(y: torch.Tensor) -> torch.Tensor:
        kept.append(y.exp())
        return kept[-1].sum()

    x = torch.randn(4, requires_grad=True)
    value = early_sum([function], x)
    assert value.grad_fn is not None
    with torch.no_grad():
        expected = x.exp()
    with pytest.raises(RuntimeError, match="second time"):  # its buffers have been freed
        kept[0].sum().backward()
    value.backward()
    assert torch.equal(x.grad, expected)


def test_parameters_of_the_function_get_no_gradient():
    layer = torch.nn.Linear(3, 1)
    x = torch.randn(2, 3, requires_grad=True)
    early_sum([lambda y: layer(y).sum()], x).backward()
    assert layer.weight.grad is None
    assert x.grad is not None


def two_losses(x, first, second):
    """One loss in front of ``x`` with a layer of its own, one that goes on from ``x``."""
    return first(x).tanh().square().sum(), second(x).exp().mean()


def test_settled_gradients_are_those_of_one_backward_pass():
    torch.manual_seed(0)
    first, second, unused = torch.nn.Linear(3, 4), torch.nn.Linear(3, 2), torch.nn.Linear(1, 1)
    shared = torch.randn(5, 3, requires_grad=True)
    parameters = [*first.parameters(), *second.parameters(), shared]
    behind = shared.sin()
    (2.5 * sum(two_losses(behind, first, second))).backward()
    expected = [p.grad.clone() for p in parameters]
    for p in parameters:
        p.grad = None
    behind = shared.sin()
    boundary = behind.view_as(behind)
    early, late = two_losses(behind, lambda x: first(boundary), second)
    loss = early_backward(early, [boundary], [*first.parameters(), *unused.parameters()])
    assert torch.equal(loss, early)
    assert all(p.grad is None for p in parameters)  # the backward pass passes them on
    with pytest.raises(RuntimeError, match="second time"):  # its graph is gone
        torch.autograd.grad(early, boundary)
    (2.5 * (loss + late)).backward()
    torch.testing.assert_close([p.grad for p in parameters], expected)
    assert unused.weight.grad is None


def test_a_loss_without_gradient_stays_as_it_is():
    loss = torch.tensor(3.0)
    assert early_backward(loss, [torch.ones(2)], []) is loss


def test_a_boundary_outside_the_graph_is_refused():
    x, elsewhere = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leave out find_unused_parameters"):
        early_backward(x.square().sum(), [elsewhere.exp()], [])


def test_tensors_of_several_types_are_scaled_in_place_each_in_its_own():
    tensors = [
        torch.randn(3, 2),
        torch.randn(4, dtype=torch.float64),
        torch.randn(5).bfloat16(),
        torch.randn(2),
    ]
    factor = torch.tensor(0.3)
    expected = [x * factor.to(x.dtype) for x in tensors]
    kept = [x.data_ptr() for x in tensors]
    scale_together(iter(tensors), factor)
    for x, y, place in zip(tensors, expected, kept, strict=True):
        assert torch.equal(x, y)
        assert x.dtype == y.dtype
        assert x.data_ptr() == place
    scale_together([], factor)
