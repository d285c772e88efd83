"""Attention without a graph, with joined products, and without padding: the plain one's values."""

import copy

import pytest
import torch

from vits.fast import optimize_for_training
from vits.fast.attention import JoinedRelativeAttention
from vits.layers.attention import RelativeAttention


@pytest.mark.parametrize("n", [1, 2, 4, 5, 30])
@pytest.mark.parametrize("joined", [False, True])
def test_without_gradients_the_values_are_the_same(n, joined):
    torch.manual_seed(0)
    plain = RelativeAttention(8, 2, 4, dropout=0.0).double()
    fast = optimize_for_training(copy.deepcopy(plain))
    if joined:
        fast = JoinedRelativeAttention.of(fast)
    x, mask = torch.randn(2, 8, n, dtype=torch.float64), torch.ones(2, 1, n)
    expected = plain(x, mask)
    mask_of_one = mask.clone()
    mask_of_one[1, :, (n + 1) // 2 :] = 0
    padded = plain(x, mask_of_one)
    for mode in (torch.no_grad(), torch.inference_mode()):
        with mode:
            torch.testing.assert_close(fast(x, None), expected, rtol=0, atol=1e-12)
            torch.testing.assert_close(fast(x, mask_of_one), padded, rtol=0, atol=1e-12)
    torch.testing.assert_close(fast(x, None), expected, rtol=0, atol=1e-12)


def test_joining_keeps_the_state_dict_and_draws_nothing():
    plain, state = RelativeAttention(8, 2, 4, dropout=0.0), torch.random.get_rng_state()
    joined = JoinedRelativeAttention.of(copy.deepcopy(plain))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert list(joined.state_dict()) == list(plain.state_dict())
    for name, value in plain.state_dict().items():
        assert torch.equal(joined.state_dict()[name], value)
    incomplete = {k: v for k, v in plain.state_dict().items() if k != "key.bias"}
    with pytest.raises(RuntimeError, match="joined_bias"):
        joined.load_state_dict(incomplete)
