"""The prior flow in few kernels is the plain one, in values and gradients."""

import copy

import pytest
import torch
from torch import nn

from vits.config import FlowTransformerConfig
from vits.fast import optimize_for_training
from vits.layers.masking import sequence_mask
from vits.models.prior_flow import PriorFlow

TRANSFORMER = FlowTransformerConfig(filter_channels=6, n_heads=1, n_layers=1, dropout=0.0)


@pytest.fixture(params=[None, TRANSFORMER])
def flow(request):
    torch.manual_seed(0)
    flow = PriorFlow(
        8,
        6,
        kernel_size=3,
        dilation_rate=2,
        n_layers=2,
        n_flows=3,
        conditioning_channels=4,
        transformer=request.param,
    )
    for parameter in flow.parameters():
        nn.init.normal_(parameter, 0.0, 0.4)
    return flow


def test_values_and_gradients_are_the_plain_ones(flow):
    plain = flow.double()
    fast = optimize_for_training(copy.deepcopy(plain))
    mask = sequence_mask(torch.tensor([9, 4]), 9).double()
    latent = torch.randn(2, 8, 9, dtype=torch.float64, requires_grad=True)
    conditioning = torch.randn(2, 4, 1, dtype=torch.float64, requires_grad=True)
    found = []
    for network, forward in ((plain, plain.forward), (fast, fast.joint_forward)):
        y, log_det = forward(latent * mask, mask, conditioning)
        assert not log_det.any()
        weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)
        wanted = (latent, conditioning, *network.parameters())
        found.append([y.detach(), *torch.autograd.grad((y * weights).sum(), wanted)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-11)


def test_under_autocast_the_result_is_float32_and_close(flow):
    fast = optimize_for_training(flow)
    mask = sequence_mask(torch.tensor([9, 4]), 9)
    z, conditioning = torch.randn(2, 8, 9) * mask, torch.randn(2, 4, 1)
    exact, _ = fast(z, mask, conditioning)
    with torch.autocast("cpu", torch.bfloat16):
        y, _ = fast.joint_forward(z, mask, conditioning)
    assert y.dtype == torch.float32
    assert (y - exact).abs().max() < 2**-4 * exact.abs().max()
