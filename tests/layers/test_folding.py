"""Folding keeps values and leaves deep copies alone."""

import copy

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.folding import fold_weight_norm


def test_a_folded_copy_leaves_the_original_whole():
    network = nn.Sequential(weight_norm(nn.Conv1d(2, 3, 3)), nn.Tanh(), nn.Conv1d(3, 1, 1))
    x = torch.randn(1, 2, 9)
    expected = network(x)
    folded = copy.deepcopy(network)
    fold_weight_norm(folded)
    assert not any(parametrize.is_parametrized(module) for module in folded.modules())
    assert type(folded[0]) is nn.Conv1d
    assert {"0.weight", "0.bias"} <= folded.state_dict().keys()
    torch.testing.assert_close(folded(x), expected)
    torch.testing.assert_close(network(x), expected)
    assert parametrize.is_parametrized(network[0], "weight")
