"""Discriminators with the fastest form of each convolution and activations in place."""

from torch import Tensor, nn
from torch.nn import functional

from vits.fast.convolve import convolve, run_convolution
from vits.fast.tracing import is_traced
from vits.layers.residual import LEAKY_SLOPE
from vits.models.discriminators import PeriodDiscriminator, ScaleDiscriminator
from vits.models.outputs import DiscriminatorOutput
from vits.models.spectrogram_discriminator import SpectrogramDiscriminator

__all__ = ["FastPeriodDiscriminator", "FastScaleDiscriminator", "FastSpectrogramDiscriminator"]


class FastPeriodDiscriminator(PeriodDiscriminator):
    """A ``PeriodDiscriminator`` that convolves along the last axis.

    A CPU convolves along a long last axis up to three times as fast as along the axis before a
    short last one.
    """

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L), L at least twice the period; features are (B, C, T, P)."""
        if is_traced():
            return super().forward(wave)
        x = self.fold(wave).mT.contiguous()
        features: list[Tensor] = []
        for convolution in self.convolutions:
            x = _convolve_transposed(convolution, x)
            x = functional.leaky_relu(x, LEAKY_SLOPE, inplace=True)
            features.append(x.mT)
        features.append(_convolve_transposed(self.post, x).mT)
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))


class FastScaleDiscriminator(ScaleDiscriminator):
    """A ``ScaleDiscriminator`` with activations in place."""

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L); features are (B, C, T)."""
        if is_traced():
            return super().forward(wave)
        features: list[Tensor] = []
        x = wave
        for convolution in self.convolutions:
            x = run_convolution(convolution, x)
            x = functional.leaky_relu(x, LEAKY_SLOPE, inplace=True)
            features.append(x)
        features.append(self.post(x))
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))


class FastSpectrogramDiscriminator(SpectrogramDiscriminator):
    """A ``SpectrogramDiscriminator`` with activations in place."""

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L), L longer than half a window; features are (B, C, F, T)."""
        if is_traced():
            return super().forward(wave)
        x = self.magnitude(wave).unsqueeze(1)
        features: list[Tensor] = []
        for convolution in self.convolutions:
            x = functional.leaky_relu(convolution(x), LEAKY_SLOPE, inplace=True)
            features.append(x)
        features.append(self.post(x))
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))


def _convolve_transposed(convolution: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution with kernel (K, 1) on (B, C, T, P) to its transpose (B, C, P, T)."""
    assert isinstance(convolution, nn.Conv2d)
    (stride, _), (padding, _) = convolution.stride, convolution.padding
    weight = convolution.weight.squeeze(3)
    return convolve(x, weight, convolution.bias, stride=stride, padding=int(padding))
