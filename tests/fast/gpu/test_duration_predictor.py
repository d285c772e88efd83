"""The loss of durations in few kernels is the plain one, in value and gradients."""

import pytest
import torch
from torch import nn

from vits.fast import optimize_for_training
from vits.fast.gpu.duration_predictor import FastStochasticDurationPredictor
from vits.layers.masking import sequence_mask
from vits.models.durations import StochasticDurationPredictor


@pytest.mark.parametrize("fast_layers", [False, True])
def test_values_and_gradients_are_the_plain_ones(fast_layers):
    torch.manual_seed(0)
    sizes = {"kernel_size": 3, "dropout": 0.0, "n_flows": 3, "n_bins": 5, "tail_bound": 2.0}
    plain = StochasticDurationPredictor(
        8, 6, **sizes, conditioning_channels=4, language_channels=3
    ).double()
    for parameter in plain.parameters():
        nn.init.normal_(parameter, 0.0, 0.4)
    fast = FastStochasticDurationPredictor(
        8, 6, **sizes, conditioning_channels=4, language_channels=3
    ).double()
    fast.load_state_dict(plain.state_dict())
    if fast_layers:
        fast = optimize_for_training(fast)
    mask = sequence_mask(torch.tensor([9, 4]), 9).double()
    values = (
        torch.randn(2, 11, 9, dtype=torch.float64),
        mask,
        torch.randint(1, 9, (2, 1, 9)) * mask.long(),
        torch.randn(2, 4, 1, dtype=torch.float64),
    )
    language = torch.randn(2, 3, 1, dtype=torch.float64)
    found = []
    for network, forward in ((plain, plain.forward), (fast, fast.joint_forward)):
        torch.manual_seed(1)  # both draw the noise
        loss = forward(*values, language=language).loss
        (loss * torch.tensor([1.0, -2.0])).sum().backward()
        found.append([loss.detach(), *(p.grad for p in network.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)
