"""The spline with gradients in closed form is the plain one, in values and gradients."""

import pytest
import torch

from vits.fast.gpu.splines import joint_spline
from vits.layers.splines import SplineParameters, spline

SCALE, BOUND = 0.3, 3.0


def plain_spline(x, logits):
    k = (logits.shape[-1] + 1) // 3
    widths, heights, slopes = logits.split([k, k, k - 1], dim=-1)
    return spline(x, SplineParameters(widths * SCALE, heights * SCALE, slopes), BOUND)


def fast_spline(x, logits):
    return joint_spline(x, logits, SCALE, BOUND)


def draw(n_bins, dtype, size):
    """Draw places inside and outside the interval, and logits of which some are large."""
    generator = torch.Generator().manual_seed(n_bins)
    x = 2 * torch.randn(2, 1, size, generator=generator, dtype=dtype)
    logits = torch.randn(2, 1, size, 3 * n_bins - 1, generator=generator, dtype=dtype)
    logits[:, :, ::3] *= 5
    return x.requires_grad_(), logits.requires_grad_()


def values_and_gradients(form, x, logits):
    y, gain = form(x, logits)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    gradients = torch.autograd.grad((y * weights + gain * weights.flip(-1)).sum(), (x, logits))
    return [part.detach() for part in (y, gain, *gradients)]


@pytest.mark.parametrize("n_bins", [2, 3, 10])
def test_values_and_gradients_are_the_plain_ones_in_float64(n_bins):
    x, logits = draw(n_bins, torch.float64, 200)
    expected, found = (values_and_gradients(f, x, logits) for f in (plain_spline, fast_spline))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_the_gradient_is_that_of_differences():
    x, logits = draw(4, torch.float64, 12)
    assert torch.autograd.gradcheck(fast_spline, (x, logits))


def test_in_float32_rounding_is_about_that_of_the_plain_one():
    x, logits = draw(10, torch.float32, 2000)
    exact = values_and_gradients(
        plain_spline, *(v.detach().double().requires_grad_() for v in (x, logits))
    )
    plain, fast = (values_and_gradients(f, x, logits) for f in (plain_spline, fast_spline))

    def error(found):
        return [(a - b).square().mean().sqrt() for a, b in zip(found, exact, strict=True)]

    for one, other, truth in zip(error(fast), error(plain), exact, strict=True):
        assert one <= 2 * other + 2**-24 * truth.square().mean().sqrt()


@pytest.mark.parametrize("bound", [-BOUND, BOUND])
def test_at_and_beyond_the_ends_it_is_the_identity(bound):
    x = torch.tensor([bound, 1.5 * bound], dtype=torch.float64, requires_grad=True)
    logits = torch.randn(2, 29, dtype=torch.float64)
    y, gain = fast_spline(x, logits)
    torch.testing.assert_close(y.detach(), x.detach(), rtol=1e-12, atol=0)
    assert gain[1] == 0
    torch.testing.assert_close(gain[0].detach(), torch.zeros_like(gain[0]), rtol=0, atol=1e-12)
    y[1].backward()
    assert x.grad.tolist() == [0, 1]
