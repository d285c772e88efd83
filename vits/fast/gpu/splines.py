"""Rational-quadratic splines with their gradients in closed form: few kernels on a GPU.

Torch's autograd records every elementary operation of ``vits.layers.splines`` and launches a kernel
or two for each of them backwards. Here the gradients of equations 4 and 5 are written down, and
what both passes need is computed once. A batch has few symbols, so on a GPU the number of kernels
is the cost.

Source: Durkan et al. 2019, arXiv:1906.04032, equations 4 and 5.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.splines import MIN_BIN, MIN_SLOPE

__all__ = ["joint_spline"]

softplus_backward = torch.ops.aten.softplus_backward.grad_input


def joint_spline(
    x: Tensor, logits: Tensor, scale: float, tail_bound: float
) -> tuple[Tensor, Tensor]:
    """Apply the spline of ``vits.layers.splines.spline``; it can be differentiated once.

    Args:
        x: (...), float32 or float64.
        logits: (..., 3K - 1) of the same type: widths, heights and slopes of each element.
        scale: factor on the logits of widths and heights.
        tail_bound: half the width of the interval the spline acts on.

    Returns:
        y (...) and log |dy/dx| (...).
    """
    return _Spline.apply(x, logits, scale, tail_bound)


class _Place(NamedTuple):
    """What equations 4 and 5 share for elements in their bins, each (...) unless said.

    Attributes:
        width: of the bin.
        height: of the bin.
        ratio: height / width.
        t: place in the bin, from 0 to 1.
        slopes: (..., 2) at the left and at the right knot.
        squares: (..., 2) squares of 1 - t and of t.
        mix: t (1 - t).
        bend: sum of the slopes - 2 ratio.
        numerator: of equation 4, without the height.
        denominator: of equation 4.
        factor: numerator of equation 5, without the square of the ratio.
    """

    width: Tensor
    height: Tensor
    ratio: Tensor
    t: Tensor
    slopes: Tensor
    squares: Tensor
    mix: Tensor
    bend: Tensor
    numerator: Tensor
    denominator: Tensor
    factor: Tensor

    @classmethod
    def of(cls, distance: Tensor, size: Tensor, slopes: Tensor) -> "_Place":
        """Compute all from the distance to the left knot (...) and sizes and slopes (..., 2)."""
        width, height = size.unbind(-1)
        ratio, t = height / width, distance / width
        squares = torch.stack((1 - t, t), dim=-1).square_()
        mix = torch.addcmul(t, t, t, value=-1)
        bend = slopes.sum(-1).sub_(ratio, alpha=2)
        numerator = (squares[..., 1] * ratio).addcmul_(slopes[..., 0], mix)
        denominator = torch.addcmul(ratio, bend, mix)
        factor = (slopes * squares).sum(-1).addcmul_(ratio, mix, value=2)
        return cls(
            width, height, ratio, t, slopes, squares, mix, bend, numerator, denominator, factor
        )

    def gradients(self, to_y: Tensor, to_log: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return gradients: the negative of x's (...), those of sizes and slopes (..., 2).

        Args:
            to_y: gradient of y (...).
            to_log: gradient of log |dy/dx| (...).
        """
        share = to_y / self.denominator
        to_numerator = share * self.height
        to_factor = to_log / self.factor
        twice = to_log * -2
        to_denominator = torch.addcmul(twice, to_numerator, self.numerator, value=-1)
        to_denominator.div_(self.denominator)
        to_bend = to_denominator * self.mix
        to_ratio = torch.addcdiv(to_denominator, twice, self.ratio, value=-1)
        to_ratio.sub_(to_bend, alpha=2).addcmul_(to_numerator, self.squares[..., 1])
        to_ratio.addcmul_(to_factor, self.mix, value=2)
        to_mix = (to_numerator * self.slopes[..., 0]).addcmul_(to_denominator, self.bend)
        to_mix.addcmul_(to_factor, self.ratio, value=2)
        to_slopes = torch.addcmul(to_bend.unsqueeze(-1), to_factor.unsqueeze(-1), self.squares)
        to_slopes[..., 0].addcmul_(to_numerator, self.mix)
        lean = torch.lerp(-self.slopes[..., 0], self.slopes[..., 1], self.t)
        to_t = torch.addcmul(to_mix, to_mix, self.t, value=-2)
        to_t.addcmul_(to_factor, lean, value=2)
        to_t.addcmul_(to_numerator, self.ratio * self.t, value=2)
        to_place = to_t.div_(self.width).neg_()
        per_width = to_ratio / self.width
        to_width = (to_place * self.t).addcmul_(per_width, self.ratio, value=-1)
        to_height = torch.addcmul(per_width, share, self.numerator)
        return to_place, torch.stack((to_width, to_height), dim=-1), to_slopes


class _Spline(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, logits: Tensor, scale: float, tail_bound: float
    ) -> tuple[Tensor, Tensor]:
        """Map x (...) and logits (..., 3K - 1) to y (...) and log |dy/dx| (...)."""
        n_bins = (logits.shape[-1] + 1) // 3
        shares, bins = _bins(logits[..., : 2 * n_bins], scale, tail_bound)
        shifted = x + tail_bound  # the interval begins at 0
        clamped = shifted.clamp(0, 2 * tail_bound)
        inside = shifted == clamped
        passed = clamped.unsqueeze(-1) >= bins[1, ..., 0, :-1]
        left = passed.sum(-1, keepdim=True)
        pair = torch.cat((left, left + 1), dim=-1)
        place = left.unsqueeze(-1).expand(*left.shape[:-1], 2, 1)
        size, end = bins.gather(-1, place.expand(2, *place.shape)).squeeze(-1)
        corner = end - size
        slopes = _slopes(logits[..., 2 * n_bins :]).gather(-1, pair)
        b = _Place.of(clamped - corner[..., 0], size, slopes)
        rise = b.numerator / b.denominator
        y = torch.addcmul(corner[..., 1], b.height, rise).sub_(tail_bound)
        steep = (b.ratio / b.denominator).square_().mul_(b.factor)
        ctx.save_for_backward(inside, passed, place, pair, logits, shares, *b)
        ctx.factor = scale * 2 * tail_bound * (1 - MIN_BIN * n_bins)
        return torch.where(inside, y, x), steep.log_().mul_(inside)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        inside, passed, place, pair, logits, shares, *saved = ctx.saved_tensors
        n_bins = shares.shape[-1]
        to_y = outer[0] * inside
        to_place, to_sizes, to_slopes = _Place(*saved).gradients(to_y, outer[1] * inside)
        # a share moves all corners to its right, and is the size of its own bin
        to_corner = torch.stack((to_place, to_y), dim=-1)
        to_shares = torch.zeros_like(shares)
        torch.mul(to_corner.unsqueeze(-1), passed.unsqueeze(-2), out=to_shares[..., :-1])
        to_shares.scatter_(-1, place, to_sizes.unsqueeze(-1))
        to_logits = torch.empty_like(logits)
        to_sizes = torch.ops.aten._softmax_backward_data(to_shares, shares, -1, shares.dtype)
        torch.mul(to_sizes.flatten(-2), ctx.factor, out=to_logits[..., : 2 * n_bins])
        to_knots = logits.new_zeros(*logits.shape[:-1], n_bins + 1).scatter_(-1, pair, to_slopes)
        softplus_backward(
            to_knots[..., 1:-1],
            logits[..., 2 * n_bins :],
            1,
            20,
            grad_input=to_logits[..., 2 * n_bins :],
        )
        return (outer[0] - to_y).sub_(to_place), to_logits, None, None


def _bins(logits: Tensor, scale: float, tail_bound: float) -> tuple[Tensor, Tensor]:
    """Return the softmax (..., 2, K) of widths and heights, and (2, ..., 2, K) sizes and ends."""
    shares = (logits * scale).unflatten(-1, (2, -1)).softmax(-1)
    span, n_bins = 2 * tail_bound, shares.shape[-1]
    bins = shares.new_empty(2, *shares.shape)
    torch.mul(shares, span * (1 - MIN_BIN * n_bins), out=bins[0]).add_(span * MIN_BIN)
    torch.cumsum(bins[0], dim=-1, out=bins[1])
    return shares, bins


def _slopes(logits: Tensor) -> Tensor:
    """(..., K - 1) logits -> (..., K + 1) slopes at the knots; 1 at both ends."""
    slopes = logits.new_ones(*logits.shape[:-1], logits.shape[-1] + 2)
    torch.add(functional.softplus(logits), MIN_SLOPE, out=slopes[..., 1:-1])
    return slopes
