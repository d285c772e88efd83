"""Tiles of four outputs: the values and gradients of a convolution."""

import pytest
import torch
from torch.nn import functional

from vits.fast import toom_cook
from vits.fast.convolve import Form, convolve
from vits.fast.toom_cook import convolve_in_tiles


def gradients(y, *inputs):
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y).contiguous()
    return torch.autograd.grad((y * weights).sum(), inputs)


@pytest.mark.parametrize("length", [3, 5, 8, 9, 22, 23])  # whole tiles and rests, down to one
@pytest.mark.parametrize("padding", [1, 2, 4])
@pytest.mark.parametrize("biased", [True, False])
def test_values_and_gradients_over_rows_are_torchs(length, padding, biased):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, length, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 3, 5, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(6, dtype=torch.float64, requires_grad=True) if biased else None
    inputs = (x, weight, bias) if biased else (x, weight)
    expected = functional.conv2d(x, weight.unsqueeze(2), bias, padding=(0, padding))
    found = convolve(x, weight, bias, padding=padding, form=Form(tiled=True))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, *inputs), gradients(expected, *inputs))
    doubled = convolve(x, weight, bias, padding=padding, form=Form(tiled=True)).mul_(2)
    torch.testing.assert_close(doubled, 2 * expected)  # may be changed in place


def test_a_single_row_is_torchs_and_may_be_changed_in_place():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 11, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 3, 5, dtype=torch.float64, requires_grad=True)
    expected = 2 * functional.conv1d(x, weight, padding=2)
    found = convolve(x, weight, padding=2, form=Form(tiled=True)).mul_(2)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, x, weight), gradients(expected, x, weight))


@pytest.mark.parametrize("wanting", [0, 1, 2])
def test_only_what_wants_a_gradient_gets_one(wanting):
    tensors = [torch.randn(1, 2, 12), torch.randn(2, 2, 5), torch.randn(2)]
    tensors[wanting].requires_grad_()
    convolve(*tensors, padding=2, form=Form(tiled=True)).sum().backward()
    assert [tensor.grad is not None for tensor in tensors] == [i == wanting for i in range(3)]


def rms(x):
    return x.double().square().mean().sqrt()


@pytest.mark.parametrize("channels", [192, 512])
def test_rounding_is_that_of_its_products(channels):
    """Each of 8 products sums C terms in float32; the output matrix adds their errors up.

    A sum of C terms of random sign, one after the other, is off by at most u sqrt(C) of its size.
    """
    torch.manual_seed(0)
    x, weight = torch.randn(1, channels, 2, 32), torch.randn(channels, channels, 5)
    exact = functional.conv2d(x.double(), weight.double().unsqueeze(2), padding=(0, 2))
    output, kernel, inputs = (
        torch.tensor(matrix, dtype=torch.float64)
        for matrix in (toom_cook.OUTPUT, toom_cook.KERNEL, toom_cook.INPUT)
    )
    # independent values: a linear map scales their size by the norm of its rows
    sizes = channels**0.5 * kernel.norm(dim=1) * rms(weight) * inputs.norm(dim=1) * rms(x)
    summed = (output.square() @ sizes.square()).mean().sqrt()
    error = rms(convolve_in_tiles(x, weight, 2) - exact)
    assert error < 2**-24 * channels**0.5 * summed


def test_parts_of_the_channels_give_the_whole(monkeypatch):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 11, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 3, 5, dtype=torch.float64, requires_grad=True)
    expected = functional.conv1d(x, weight, padding=2)
    monkeypatch.setattr(toom_cook, "PART", 3 * toom_cook.POINTS * 3)  # three channels of three
    found = convolve(x, weight, padding=2, form=Form(tiled=True))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, x, weight), gradients(expected, x, weight))
