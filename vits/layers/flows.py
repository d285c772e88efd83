"""Invertible maps: ``forward(x, mask) -> (y, log_det)`` and ``inverse(y, mask) -> x``.

``log_det`` (B,) is the log-determinant of the Jacobian over the real positions of each sample.
"""

import math

import torch
from torch import Tensor, nn

from vits.layers.attention import TransformerEncoder
from vits.layers.depth_separable import DepthSeparableStack
from vits.layers.splines import SplineParameters, spline, spline_inverse
from vits.layers.wavenet import WaveNet

__all__ = ["ElementwiseAffine", "Flip", "Log", "MeanCoupling", "SplineCoupling"]


class ElementwiseAffine(nn.Module):
    """y = m + exp(s) x with m and s of each channel; initialised to the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(channels, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1))

    def forward(
        self, x: Tensor, mask: Tensor, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (B, C, S); ``context`` is not used."""
        del context
        y = (self.mean + self.log_scale.exp() * x) * mask
        return y, (self.log_scale * mask).sum((1, 2))

    def inverse(self, y: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        """Map y (B, C, S) back."""
        del context
        return (y - self.mean) * (-self.log_scale).exp() * mask


class Flip(nn.Module):
    """Reverses the channels, so that the next coupling changes the other half."""

    def forward(
        self, x: Tensor, mask: Tensor, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (B, C, S); the log-determinant is 0."""
        del mask, context
        return x.flip(1), x.new_zeros(x.shape[0])

    def inverse(self, y: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        """Map y (B, C, S) back."""
        del mask, context
        return y.flip(1)


class Log(nn.Module):
    """y = log max(x, floor)."""

    def __init__(self, floor: float = 1e-5) -> None:
        super().__init__()
        self.floor = floor

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (B, C, S) to its logarithm; the log-determinant is (B,)."""
        y = x.clamp_min(self.floor).log() * mask
        return y, -y.sum((1, 2))

    def inverse(self, y: Tensor, mask: Tensor) -> Tensor:
        """Map y (B, C, S) back."""
        return y.exp() * mask


class SplineCoupling(nn.Module):
    """Splines of the second half of the channels, with parameters computed from the first half.

    Source: Durkan et al. 2019, arXiv:1906.04032; VITS appendix B, figure 5b. Widths and heights
    are divided by the square root of the filter width, as in the original. Initialised to the
    identity up to the spline's minimum sizes.
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        kernel_size: int,
        n_layers: int,
        n_bins: int,
        tail_bound: float,
    ) -> None:
        super().__init__()
        self.half_channels, self.n_bins, self.tail_bound = channels // 2, n_bins, tail_bound
        self.scale = 1 / math.sqrt(filter_channels)
        self.pre = nn.Conv1d(self.half_channels, filter_channels, 1)
        self.stack = DepthSeparableStack(filter_channels, kernel_size, n_layers, dropout=0.0)
        self.projection = nn.Conv1d(filter_channels, self.half_channels * (3 * n_bins - 1), 1)
        nn.init.zeros_(self.projection.weight)
        nn.init.zeros_(_bias(self.projection))

    def forward(
        self, x: Tensor, mask: Tensor, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (B, C, S); ``context`` (B, filter_channels, S or 1) is added to the features."""
        x0, x1 = x.split(self.half_channels, dim=1)
        y1, log_slope = spline(x1, self._spline_parameters(x0, mask, context), self.tail_bound)
        return torch.cat([x0, y1], dim=1) * mask, (log_slope * mask).sum((1, 2))

    def inverse(self, y: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        """Map y (B, C, S) back."""
        y0, y1 = y.split(self.half_channels, dim=1)
        x1 = spline_inverse(y1, self._spline_parameters(y0, mask, context), self.tail_bound)
        return torch.cat([y0, x1], dim=1) * mask

    def _spline_parameters(
        self, x0: Tensor, mask: Tensor, context: Tensor | None
    ) -> SplineParameters:
        hidden = self.projection(self.stack(self.pre(x0), mask, context)) * mask
        logits = hidden.unflatten(1, (self.half_channels, -1)).transpose(2, 3)
        k = self.n_bins
        widths, heights, slopes = logits.split([k, k, k - 1], dim=-1)
        return SplineParameters(widths * self.scale, heights * self.scale, slopes)


class MeanCoupling(nn.Module):
    """y1 = x1 + m(x0): the first half of the channels shifts the second; volume-preserving.

    Source: Dinh et al. 2014, arXiv:1410.8516, with a WaveNet for m (VITS section 2.1.3).
    Initialised to the identity. A ``transformer`` adds what it computes to the WaveNet's input
    (VITS2, Kong et al. 2023, arXiv:2307.16430, section 2.3).

    Attributes:
        receptive_radius: frames on either side of a frame that its output depends on, forward and
            inverse; None: all.
    """

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        kernel_size: int,
        dilation_rate: int,
        n_layers: int,
        conditioning_channels: int = 0,
        transformer: TransformerEncoder | None = None,
    ) -> None:
        super().__init__()
        self.half_channels = channels // 2
        self.pre = nn.Conv1d(self.half_channels, hidden_channels, 1)
        self.transformer = transformer
        self.wavenet = WaveNet(
            hidden_channels, kernel_size, dilation_rate, n_layers, conditioning_channels
        )
        self.receptive_radius = None if transformer else self.wavenet.receptive_radius
        self.post = nn.Conv1d(hidden_channels, self.half_channels, 1)
        nn.init.zeros_(self.post.weight)
        nn.init.zeros_(_bias(self.post))

    def forward(
        self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (B, C, T); ``conditioning`` is (B, G, 1); the log-determinant is 0."""
        x0, x1 = x.split(self.half_channels, dim=1)
        y1 = self._shift(x0, mask, conditioning) + x1 * mask
        return torch.cat([x0, y1], dim=1), x.new_zeros(x.shape[0])

    def inverse(self, y: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map y (B, C, T) back."""
        y0, y1 = y.split(self.half_channels, dim=1)
        x1 = (y1 - self._shift(y0, mask, conditioning)) * mask
        return torch.cat([y0, x1], dim=1)

    def _shift(self, x0: Tensor, mask: Tensor, conditioning: Tensor | None) -> Tensor:
        """m(x0): (B, C / 2, T) -> (B, C / 2, T)."""
        hidden = self.pre(x0) * mask
        if self.transformer is not None:
            hidden = hidden + self.transformer(hidden, mask)
        return self.post(self.wavenet(hidden, mask, conditioning)) * mask


def _bias(layer: nn.Conv1d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
