"""Decoders and residual blocks that save less for the backward pass."""

import torch
from torch import Tensor
from torch.nn import functional

from vits.fast.activation import leaky_relu
from vits.fast.convolve import run_convolution
from vits.fast.tracing import is_traced
from vits.layers.residual import (
    LEAKY_SLOPE,
    DoubleResidualBlock,
    ResidualStage,
    SingleResidualBlock,
)
from vits.models.decoder import LAST_SLOPE, HifiGanDecoder, UpsamplingStack
from vits.models.istft_decoder import IstftDecoder

__all__ = [
    "FastDoubleResidualBlock",
    "FastHifiGanDecoder",
    "FastIstftDecoder",
    "FastResidualStage",
    "FastSingleResidualBlock",
    "PiecewiseResidualStage",
]

# elements of a signal that are computed at once: 4 MB in float32, which fits the caches of a CPU
PIECE = 2**20


class FastDoubleResidualBlock(DoubleResidualBlock):
    """A ``DoubleResidualBlock`` with the fastest form of each convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        if is_traced():
            return super().forward(x)
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = run_convolution(dilated, leaky_relu(x, LEAKY_SLOPE))
            y = functional.leaky_relu(y, LEAKY_SLOPE, inplace=True)
            x = run_convolution(plain, y).add_(x)
        return x


class FastSingleResidualBlock(SingleResidualBlock):
    """A ``SingleResidualBlock`` with the fastest form of each convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        if is_traced():
            return super().forward(x)
        for dilated in self.dilated:
            x = run_convolution(dilated, leaky_relu(x, LEAKY_SLOPE)).add_(x)
        return x


class FastResidualStage(ResidualStage):
    """A ``ResidualStage`` that sums in place."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        if is_traced():
            return super().forward(x)
        return self._mean(x)

    def _mean(self, x: Tensor) -> Tensor:
        total: Tensor = self[0](x)
        for block in list(self)[1:]:
            total.add_(block(x))
        return total.div_(len(self))


class PiecewiseResidualStage(FastResidualStage):
    """A ``ResidualStage`` that computes a long signal in pieces that fit the caches.

    ``receptive_radius`` columns on either side of a cut are computed twice.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        if is_traced():
            return super().forward(x)
        length, size, radius = x.shape[2], max(1, PIECE // x.shape[1]), self.receptive_radius
        if length <= size:
            return self._mean(x)
        result = torch.empty_like(x)
        for start in range(0, length, size):
            stop, begin = min(start + size, length), max(0, start - radius)
            piece = self._mean(x[..., begin : stop + radius])  # fewer columns at the end
            result[..., start:stop] = piece[..., start - begin : stop - begin]
        return result


class _FastUpsamplingStack(UpsamplingStack):
    """Mixin of decoders: the leaky ReLU before each upsampling saves its output only."""

    def upsample(self, i: int, x: Tensor) -> Tensor:
        """Upsample (B, C, T) to (B, C / 2, T * rate)."""
        if is_traced():
            return super().upsample(i, x)
        return self.upsamplers[i](leaky_relu(x, LEAKY_SLOPE))


class FastHifiGanDecoder(_FastUpsamplingStack, HifiGanDecoder):
    """A ``HifiGanDecoder`` that saves less for the backward pass."""

    def synthesize(self, x: Tensor) -> Tensor:
        """Map (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""
        if is_traced():
            return super().synthesize(x)
        return torch.tanh(self.post(leaky_relu(x, LAST_SLOPE)))


class FastIstftDecoder(_FastUpsamplingStack, IstftDecoder):
    """An ``IstftDecoder`` that saves less for the backward pass."""

    def synthesize(self, x: Tensor) -> Tensor:
        """Map (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""
        if is_traced():
            return super().synthesize(x)
        return self.invert(leaky_relu(x, LAST_SLOPE))
