"""Dropout from 16-bit numbers: probability, scale, gradient and memory order."""

import pytest
import torch
from torch import nn

from vits.fast.dropout import STEPS, FastDropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_are_zero_or_scaled_in_their_shares(share, dtype):
    torch.manual_seed(0)
    layer, x = FastDropout(share), torch.ones(3, 101, 1001, dtype=dtype)
    y = layer(x)
    assert y.dtype == dtype
    kept = y[y != 0]
    exact = STEPS / (STEPS - round(share * STEPS))
    torch.testing.assert_close(kept, torch.full_like(kept, exact))
    assert abs(1 - len(kept) / x.numel() - share) < 4 * (share * (1 - share) / x.numel()) ** 0.5


def test_neighbours_know_nothing_of_each_other():
    torch.manual_seed(0)
    dropped = (FastDropout(0.5)(torch.ones(400_000)) == 0).double() - 0.5
    for apart in (1, 2, 3, 4):  # four masks come from one word
        assert abs((dropped[apart:] * dropped[:-apart]).mean()) < 0.25 * 4 * 400_000**-0.5


def test_the_gradient_is_that_of_what_was_kept():
    torch.manual_seed(0)
    x = torch.randn(5, 7, requires_grad=True)
    y = FastDropout(0.3)(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(y, x * gradient)


def test_a_seed_gives_the_same_masks_and_the_next_call_others():
    layer, x = FastDropout(0.5), torch.ones(64)
    torch.manual_seed(3)
    first, second = layer(x), layer(x)
    torch.manual_seed(3)
    assert torch.equal(layer(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_and_everything_are_torchs(share):
    x = torch.randn(9)
    assert torch.equal(FastDropout(share)(x), nn.Dropout(share)(x))
    assert torch.equal(FastDropout(0.4).eval()(x), x)


def test_a_graph_holds_torchs():
    traced = torch.export.export(FastDropout(0.4).train(), (torch.ones(4),))
    assert any("dropout" in str(node.target) for node in traced.graph.nodes)


def test_the_memory_order_stays():
    x = torch.ones(2, 5, 7).mT
    y = FastDropout(0.5)(x)
    assert y.stride() == x.stride()
    assert FastDropout(0.5)(x[..., :1].expand(2, 7, 3)).shape == (2, 7, 3)
