"""Monotonic rational-quadratic splines with linear tails, elementwise, without dynamic shapes.

Source: Durkan et al. 2019, "Neural Spline Flows", arXiv:1906.04032, section 3.1 and equations 4-8.
Outside [-tail_bound, tail_bound] the map is the identity. Both branches are computed everywhere
and ``torch.where`` selects one, so that the code compiles and exports, and never waits for the
device.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.masking import at_least_float32

__all__ = ["SplineParameters", "spline", "spline_inverse"]

MIN_BIN = 1e-3  # smallest width and height of a bin, as a share of the interval
MIN_SLOPE = 1e-3  # smallest derivative at a knot
# softplus(EDGE_LOGIT) + MIN_SLOPE = 1: the slope of the identity tails
EDGE_LOGIT = math.log(math.expm1(1 - MIN_SLOPE))


class SplineParameters(NamedTuple):
    """Unnormalised parameters of one spline per element.

    Attributes:
        widths: (..., K) logits of the bins' widths.
        heights: (..., K) logits of the bins' heights.
        slopes: (..., K - 1) logits of the derivatives at the inner knots.
    """

    widths: Tensor
    heights: Tensor
    slopes: Tensor


class _Bin(NamedTuple):
    """The bin each element falls into: corner (x, y), size, and the slopes at its two knots."""

    x: Tensor
    y: Tensor
    width: Tensor
    height: Tensor
    slope: Tensor
    next_slope: Tensor


def spline(x: Tensor, parameters: SplineParameters, tail_bound: float) -> tuple[Tensor, Tensor]:
    """Apply the spline.

    Args:
        x: (...), any shape.
        parameters: logits with one more dimension than ``x``.
        tail_bound: half the width of the interval the spline acts on.

    Returns:
        y (...) and log |dy/dx| (...), at least float32.
    """
    x = at_least_float32(x)
    inside = x.abs() <= tail_bound
    clamped = x.clamp(-tail_bound, tail_bound)
    b = _find_bin(clamped, parameters, tail_bound, by_height=False)
    delta = b.height / b.width
    theta = (clamped - b.x) / b.width
    mix = theta * (1 - theta)
    denominator = delta + (b.slope + b.next_slope - 2 * delta) * mix
    y = b.y + b.height * (delta * theta.square() + b.slope * mix) / denominator
    log_slope = _log_slope(b, delta, theta, denominator)
    return torch.where(inside, y, x), torch.where(inside, log_slope, torch.zeros_like(x))


def spline_inverse(y: Tensor, parameters: SplineParameters, tail_bound: float) -> Tensor:
    """Invert ``spline``: solve the quadratic of equation 6 in the bin that holds ``y``.

    Args:
        y: (...), any shape.
        parameters: logits with one more dimension than ``y``.
        tail_bound: half the width of the interval the spline acts on.

    Returns:
        x (...), at least float32.
    """
    y = at_least_float32(y)
    inside = y.abs() <= tail_bound
    clamped = y.clamp(-tail_bound, tail_bound)
    bin_ = _find_bin(clamped, parameters, tail_bound, by_height=True)
    delta = bin_.height / bin_.width
    rise = clamped - bin_.y
    bend = bin_.slope + bin_.next_slope - 2 * delta
    a = rise * bend + bin_.height * (delta - bin_.slope)
    b = bin_.height * bin_.slope - rise * bend
    c = -delta * rise
    # rounding can push the discriminant just below zero
    root = (b.square() - 4 * a * c).clamp_min(0).sqrt()
    theta = 2 * c / (-b - root)
    return torch.where(inside, theta * bin_.width + bin_.x, y)


def _log_slope(b: _Bin, delta: Tensor, theta: Tensor, denominator: Tensor) -> Tensor:
    """Equation 5: log of the derivative inside a bin."""
    numerator = delta.square() * (
        b.next_slope * theta.square()
        + 2 * delta * theta * (1 - theta)
        + b.slope * (1 - theta).square()
    )
    return numerator.log() - 2 * denominator.log()


def _find_bin(
    values: Tensor, parameters: SplineParameters, tail_bound: float, *, by_height: bool
) -> _Bin:
    """Look up the bin of each value, on the x axis or, ``by_height``, on the y axis."""
    sizes = torch.stack((parameters.widths, parameters.heights))
    knots = _knots(at_least_float32(sizes), tail_bound)
    logits = functional.pad(at_least_float32(parameters.slopes), (1, 1), value=EDGE_LOGIT)
    slopes = MIN_SLOPE + functional.softplus(logits)
    inner = knots[int(by_height), ..., 1:-1]
    index = (values.unsqueeze(-1) >= inner).sum(-1, keepdim=True)
    table = torch.cat((knots, slopes.unsqueeze(0)))
    index = index.expand(3, *index.shape)
    x, y, slope = table.gather(-1, index).squeeze(-1)
    next_x, next_y, next_slope = table.gather(-1, index + 1).squeeze(-1)
    return _Bin(x, y, next_x - x, next_y - y, slope, next_slope)


def _knots(logits: Tensor, tail_bound: float) -> Tensor:
    """(..., K) logits -> (..., K + 1) increasing knots from -tail_bound to tail_bound."""
    n_bins = logits.shape[-1]
    shares = MIN_BIN + (1 - MIN_BIN * n_bins) * functional.softmax(logits, dim=-1)
    inner = (2 * tail_bound) * shares.cumsum(-1)[..., :-1] - tail_bound
    # exact ends: the sum of the shares is 1 only up to rounding
    padded = functional.pad(inner, (1, 0), value=-tail_bound)
    return functional.pad(padded, (0, 1), value=tail_bound)
