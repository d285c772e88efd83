"""Weights normalised together are those normalised one by one, with the same gradients."""

import pytest
import torch

from vits.fast.gpu.weight_norm import joint_weight_norm

SHAPES = [(4, 3, 5), (2, 3, 5), (3, 2), (6, 3, 5), (5, 1, 3, 2)]


def draw():
    torch.manual_seed(0)
    directions = [torch.randn(shape, dtype=torch.float64) for shape in SHAPES]
    magnitudes = [torch.rand(s[0], *[1] * (len(s) - 1), dtype=torch.float64) + 0.5 for s in SHAPES]
    for tensor in (*magnitudes, *directions):
        tensor.requires_grad_()
    return magnitudes, directions


def gradients_of(weights, tensors, used):
    loss = sum((w * torch.linspace(-1, 1, w.numel(), dtype=w.dtype).view_as(w)).sum() for w in used)
    return [w.detach() for w in weights], torch.autograd.grad(loss, tensors, allow_unused=True)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("unused", [0, 2])
def test_values_and_gradients_are_those_of_torch(unused, frozen):
    g, v = draw()
    if frozen:
        g[1].requires_grad_(False)
        v[3].requires_grad_(False)
    tensors = [x for x in (*g, *v) if x.requires_grad]
    plain = [torch._weight_norm(b, a, 0) for a, b in zip(g, v, strict=True)]
    values, expected = gradients_of(plain, tensors, plain[unused:])
    joint = joint_weight_norm(g, v)
    found, gradients = gradients_of(joint, tensors, joint[unused:])
    for one, other in zip(found, values, strict=True):
        assert torch.equal(one, other)
    for one, other in zip(gradients, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
