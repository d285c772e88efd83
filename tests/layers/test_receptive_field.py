"""A span is where gradients are not zero."""

import pytest
import torch
from torch import nn

from vits.layers.receptive_field import Span

FIRST, LAST, MIDDLE = 3, 8, 40  # columns of the result, and a place far from both ends


def touched(layer: nn.Module, origin: int) -> Span:
    """Input columns that result columns ``origin + FIRST ... origin + LAST`` depend on."""
    nn.init.ones_(layer.weight)
    x = torch.ones(1, 1, 2 * MIDDLE, requires_grad=True)
    layer(x)[..., origin + FIRST : origin + LAST + 1].sum().backward()
    columns = x.grad[0, 0].nonzero()[:, 0] - MIDDLE
    return Span(int(columns.min()), int(columns.max()))


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (3, 1), (7, 2), (5, 3)])
def test_a_convolution(size, dilation):
    layer = nn.Conv1d(1, 1, size, padding=size // 2 * dilation, dilation=dilation)
    assert Span(FIRST, LAST).before_convolution(size, dilation) == touched(layer, MIDDLE)


@pytest.mark.parametrize(("size", "rate"), [(4, 2), (16, 8), (2, 2), (6, 2), (12, 4), (11, 3)])
def test_an_upsampling(size, rate):
    layer = nn.ConvTranspose1d(1, 1, size, rate, padding=(size - rate) // 2)
    span = Span(FIRST, LAST).before_upsampling(size=size, rate=rate)
    assert span == touched(layer, MIDDLE * rate)


@pytest.mark.parametrize("padding", [0, 1, 5])
def test_an_upsampling_that_is_not_centred(padding):
    layer = nn.ConvTranspose1d(1, 1, 9, 4, padding=padding)
    span = Span(FIRST, LAST).before_upsampling(size=9, rate=4, padding=padding)
    assert span == touched(layer, MIDDLE * 4)
