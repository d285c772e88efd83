"""Convolution over channels-last memory against torch's own."""

import pytest
import torch
from torch import Tensor, nn

from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.replacement import take_over

KINDS = {
    "pointwise": {"kernel_size": 1},
    "dense": {"kernel_size": 5, "padding": 2},
    "depthwise": {"kernel_size": 3, "padding": 1, "groups": 6},
    "dilated": {"kernel_size": 3, "padding": 9, "dilation": 9, "groups": 6},
    "depthwise without bias": {"kernel_size": 3, "padding": 1, "groups": 6, "bias": False},
    "shortening": {"kernel_size": 3, "groups": 6},
    "padded pointwise": {"kernel_size": 1, "padding": 1},
    "strided": {"kernel_size": 1, "stride": 2},
    "grouped": {"kernel_size": 1, "groups": 2},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [4, 21])
@pytest.mark.parametrize("channels_last", [True, False])
def test_values_and_gradients_are_torchs(kind: str, length: int, channels_last: bool):
    torch.manual_seed(length)
    plain = nn.Conv1d(6, 6, **KINDS[kind]).double()
    fast = take_over(plain, ChannelsLastConv1d)
    x = torch.randn(2, length, 6, dtype=torch.float64).mT
    x = (x if channels_last else x.contiguous()).requires_grad_()

    def gradients(y: Tensor) -> tuple[Tensor, ...]:
        loss = (y * torch.arange(y.shape[2])).square().sum()
        return torch.autograd.grad(loss, [x, *plain.parameters()])

    found, expected = fast(x), plain(x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found), gradients(expected))


@pytest.mark.parametrize("kind", ["pointwise", "depthwise"])
def test_the_memory_order_stays(kind: str):
    fast = take_over(nn.Conv1d(6, 6, **KINDS[kind]), ChannelsLastConv1d)
    assert fast(torch.randn(2, 5, 6).mT).mT.is_contiguous()


@pytest.mark.slow
def test_a_traced_graph_has_the_convolution():
    fast = take_over(nn.Conv1d(6, 6, **KINDS["depthwise"]), ChannelsLastConv1d)
    traced = torch.export.export(fast, (torch.randn(1, 6, 5),))
    assert any("conv1d" in str(node.target) for node in traced.graph.nodes)
