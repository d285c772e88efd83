"""The WaveNet with gradients in closed form is the plain one, in values and gradients."""

import pytest
import torch
from torch import nn

from vits.fast.gpu.wavenet import joint_wavenet
from vits.layers.masking import sequence_mask
from vits.layers.wavenet import WaveNet


@pytest.fixture(params=[0, 5])
def case(request):
    torch.manual_seed(0)
    network = WaveNet(6, 3, 2, 3, request.param).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.0, 0.5)
    x = torch.randn(2, 6, 11, dtype=torch.float64, requires_grad=True)
    conditioning = None
    if request.param:
        conditioning = torch.randn(2, 5, 1, dtype=torch.float64, requires_grad=True)
    return network, x, sequence_mask(torch.tensor([11, 7]), 11).double(), conditioning


def joint(network, x, mask, conditioning):
    return joint_wavenet(network, x, mask, network._biases(conditioning))


def values_and_gradients(form, network, x, mask, conditioning):
    y = form(network, x, mask, conditioning)
    inputs = [v for v in (x, conditioning, *network.parameters()) if v is not None]
    wanted = [v for v in inputs if v.requires_grad]
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), wanted)]


def plain(network, x, mask, conditioning):
    return network(x, mask, conditioning)


def test_values_and_gradients_are_the_plain_ones(case):
    expected, found = (values_and_gradients(form, *case) for form in (plain, joint))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_what_is_frozen_gets_no_gradient(case):
    network, x, mask, conditioning = case
    network.gates[1].parametrizations.weight.original1.requires_grad_(False)
    network.residual_skips[0].requires_grad_(False)
    frozen = network, x.detach(), mask, conditioning
    expected, found = (values_and_gradients(form, *frozen) for form in (plain, joint))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_under_autocast_it_has_the_type_of_autocast(case):
    network, x, mask, conditioning = case
    network.float()
    values = [v if v is None else v.detach().float() for v in (x, mask, conditioning)]
    exact = plain(network, *values)
    with torch.autocast("cpu", torch.bfloat16):
        y = joint(network, *values)
    assert y.dtype == torch.bfloat16
    # three layers of a few roundings each, of values about as large as the largest
    assert (y - exact).abs().max() < 16 * 2**-8 * exact.abs().max()
    y.float().sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.dtype == torch.float32
