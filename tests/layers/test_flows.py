"""Every flow: inverse undoes forward, log_det is the Jacobian's, padding stays out of both."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from vits.layers.flows import ElementwiseAffine, Flip, Log, MeanCoupling, SplineCoupling
from vits.layers.splines import SplineParameters, spline, spline_inverse
from vits.models.prior_flow import PriorFlow


def mean_coupling() -> nn.Module:
    return MeanCoupling(4, 6, 3, 1, 2, conditioning_channels=3)


def spline_coupling() -> nn.Module:
    return SplineCoupling(4, 6, 3, 2, n_bins=5, tail_bound=3.0)


def prior_flow() -> nn.Module:
    return PriorFlow(
        4, 6, kernel_size=3, dilation_rate=2, n_layers=2, n_flows=3, conditioning_channels=3
    )


FLOWS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...] | None]] = {
    "affine": (lambda: ElementwiseAffine(4), None),
    "flip": (Flip, None),
    "mean coupling": (mean_coupling, (3, 1)),
    "spline coupling": (spline_coupling, (6, 5)),
    "prior flow": (prior_flow, (3, 1)),
}


def make(name: str) -> tuple[nn.Module, Tensor, Tensor, Tensor | None]:
    """A flow with random weights everywhere, an input (2, 4, 5), its mask, its conditioning."""
    build, shape = FLOWS[name]
    flow = build().double()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    lengths = torch.tensor([5, 3])
    mask = (torch.arange(5) < lengths[:, None]).double().unsqueeze(1)
    x = 2 * torch.randn(2, 4, 5, dtype=torch.float64) * mask
    conditioning = None if shape is None else torch.randn(2, *shape, dtype=torch.float64)
    return flow, x, mask, conditioning


@pytest.mark.parametrize("name", FLOWS)
def test_inverse_undoes_forward(name: str):
    flow, x, mask, conditioning = make(name)
    y, _ = flow(x, mask, conditioning)
    assert name == "flip" or not torch.allclose(y, x, atol=1e-2)
    torch.testing.assert_close(flow.inverse(y, mask, conditioning), x, atol=1e-9, rtol=0)
    back, _ = flow(flow.inverse(x, mask, conditioning), mask, conditioning)
    torch.testing.assert_close(back, x, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", FLOWS)
def test_log_det_is_the_jacobians(name: str):
    flow, x, mask, conditioning = make(name)
    _, log_det = flow(x, mask, conditioning)
    assert log_det.shape == (2,)
    for b, length in enumerate((5, 3)):
        part = None if conditioning is None else conditioning[b : b + 1, ..., :length]
        ones = torch.ones(1, 1, length, dtype=torch.float64)

        def map_one(flat: Tensor, part: Tensor | None = part, ones: Tensor = ones) -> Tensor:
            return flow(flat.reshape(1, 4, -1), ones, part)[0].flatten()

        jacobian = torch.autograd.functional.jacobian(map_one, x[b, :, :length].flatten())
        expected = torch.linalg.slogdet(jacobian)[1]
        torch.testing.assert_close(log_det[b], expected, atol=1e-9, rtol=0)


def test_log_flow():
    flow, mask = Log(), torch.ones(1, 1, 6, dtype=torch.float64)
    x = torch.rand(1, 2, 6, dtype=torch.float64) * 9 + 0.1
    y, log_det = flow(x, mask)
    torch.testing.assert_close(flow.inverse(y, mask), x)
    jacobian = torch.autograd.functional.jacobian(lambda v: flow(v, mask)[0].flatten(), x)
    expected = torch.linalg.slogdet(jacobian.reshape(12, 12))[1]
    torch.testing.assert_close(log_det[0], expected)
    assert flow(torch.zeros_like(x), mask)[0].isfinite().all()  # clamped at the floor


@pytest.mark.parametrize("name", ["mean coupling", "prior flow"])
def test_couplings_start_as_the_identity(name: str):
    _, x, mask, conditioning = make(name)
    fresh = FLOWS[name][0]().double()
    y, log_det = fresh(x, mask, conditioning)
    if name == "prior flow":
        y = y.flip(1)  # three flips leave one
    torch.testing.assert_close(y, x)
    assert not log_det.any()


def random_splines(n: int) -> SplineParameters:
    widths, heights = torch.randn(n, 10), torch.randn(n, 10)
    return SplineParameters(
        3 * widths.double(), 3 * heights.double(), 2 * torch.randn(n, 9).double()
    )


def test_spline_is_increasing_and_the_identity_outside():
    x = torch.linspace(-7, 7, 2001).double()
    one = random_splines(1)
    parameters = SplineParameters(*(p.expand(len(x), -1) for p in one))
    y, log_slope = spline(x, parameters, 5.0)
    assert (y.diff() > 0).all()
    outside = x.abs() > 5
    assert torch.equal(y[outside], x[outside])
    assert not log_slope[outside].any()
    assert log_slope.isfinite().all()


def test_spline_inverse_in_both_tails_and_on_the_edge():
    x = torch.cat([torch.randn(4000).double() * 3, torch.tensor([-5.0, 5.0, 0.0, 80.0, -80.0])])
    parameters = random_splines(len(x))
    y, _ = spline(x, parameters, 5.0)
    torch.testing.assert_close(spline_inverse(y, parameters, 5.0), x, atol=1e-8, rtol=0)


def test_spline_survives_extreme_logits_in_float32():
    x = torch.linspace(-6, 6, 500)
    parameters = SplineParameters(*(1e4 * torch.randn(500, n) for n in (10, 10, 9)))
    y, log_slope = spline(x, parameters, 5.0)
    back = spline_inverse(y, parameters, 5.0)
    for value in (y, log_slope, back):
        assert value.isfinite().all()


def test_spline_is_computed_in_float32_when_given_half():
    x = torch.linspace(-4, 4, 50).bfloat16()
    parameters = SplineParameters(*(torch.randn(50, n).bfloat16() for n in (10, 10, 9)))
    y, log_slope = spline(x, parameters, 5.0)
    assert y.dtype == log_slope.dtype == torch.float32
