"""Convolutions over rows against torch's own over columns."""

import pytest
import torch
from torch import Tensor, nn

from vits.layers.rows import convolve_rows


def convolution(kind: str) -> nn.Conv1d:
    return {
        "product": nn.Conv1d(6, 4, 1),
        "dense": nn.Conv1d(6, 4, 5, padding=2),
        "depthwise": nn.Conv1d(6, 6, 3, padding=1, groups=6),
        "dilated": nn.Conv1d(6, 6, 3, padding=9, dilation=9, groups=6),
    }[kind]


@pytest.mark.parametrize("kind", ["product", "dense", "depthwise", "dilated"])
@pytest.mark.parametrize("length", [1, 4, 21])
def test_values_and_gradients_are_those_of_columns(kind: str, length: int):
    torch.manual_seed(length)
    layer = convolution(kind).double()
    x = torch.randn(2, length, 6, dtype=torch.float64, requires_grad=True)
    wanted = [x, *layer.parameters()]

    def gradients(y: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad((y * torch.arange(y.shape[1])[:, None]).square().sum(), wanted)

    rows, columns = convolve_rows(layer, x), layer(x.mT).mT
    torch.testing.assert_close(rows, columns)
    torch.testing.assert_close(gradients(rows), gradients(columns))


def test_a_graph_holds_the_convolution():
    layer = convolution("depthwise")
    traced = torch.export.export(_Rows(layer), (torch.randn(1, 5, 6),))
    assert any("conv1d" in str(node.target) for node in traced.graph.nodes)


class _Rows(nn.Module):
    def __init__(self, layer: nn.Conv1d) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return convolve_rows(self.layer, x)
