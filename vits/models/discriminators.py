"""Discriminators of the raw wave, of periods, of spectrograms (figure 1: discriminator)."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.convolution import LEAKY_SLOPE
from vits.layers.convolve import along_time, convolve
from vits.models.outputs import DiscriminatorOutput
from vits.models.spectrogram_discriminator import SpectrogramDiscriminator

__all__ = ["Discriminators", "PeriodDiscriminator", "ScaleDiscriminator"]

PERIOD_KERNEL, PERIOD_STRIDE = 5, 3
SCALE_KERNELS = (15, 41, 41, 41, 41, 5)
SCALE_STRIDES = (1, 4, 4, 4, 4, 1)


class PeriodDiscriminator(nn.Module):
    """Folds the wave into rows of ``period`` samples and looks along the columns.

    The columns lie one after the other in memory, since a processor convolves along a long last
    axis up to three times as fast as along the one before a short last axis.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.3.
    """

    def __init__(self, period: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.period = period
        self.convolutions = nn.ModuleList()
        n_in = 1
        for i, n_out in enumerate(channels):
            stride = 1 if i == len(channels) - 1 else PERIOD_STRIDE
            convolution = nn.Conv2d(
                n_in, n_out, (PERIOD_KERNEL, 1), (stride, 1), (PERIOD_KERNEL // 2, 0)
            )
            self.convolutions.append(weight_norm(convolution))
            n_in = n_out
        self.post = weight_norm(nn.Conv2d(n_in, 1, (3, 1), padding=(1, 0)))

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Judge a wave (B, 1, L), L at least twice the period."""
        shortage = -wave.shape[2] % self.period
        x = functional.pad(wave, (0, shortage), "reflect") if shortage else wave
        x = x.unflatten(2, (-1, self.period)).mT.contiguous()
        features: list[Tensor] = []
        for convolution in self.convolutions:
            x = _along_columns(convolution, x)
            x = functional.leaky_relu(x, LEAKY_SLOPE, inplace=True)
            features.append(x.mT)
        features.append(_along_columns(self.post, x).mT)
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))


class ScaleDiscriminator(nn.Module):
    """Grouped convolutions over the raw wave.

    Source: Kumar et al. 2019 (MelGAN), arXiv:1910.06711; the first scale of HiFi-GAN's.
    """

    def __init__(self, channels: tuple[int, ...], groups: tuple[int, ...]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        n_in = 1
        for n_out, group, size, stride in zip(
            channels, groups, SCALE_KERNELS, SCALE_STRIDES, strict=True
        ):
            convolution = nn.Conv1d(n_in, n_out, size, stride, size // 2, groups=group)
            self.convolutions.append(weight_norm(convolution))
            n_in = n_out
        self.post = weight_norm(nn.Conv1d(n_in, 1, 3, padding=1))

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Judge a wave (B, 1, L)."""
        features: list[Tensor] = []
        x = wave
        for convolution in self.convolutions:
            x = functional.leaky_relu(along_time(convolution, x), LEAKY_SLOPE, inplace=True)
            features.append(x)
        features.append(self.post(x))
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))


class Discriminators(nn.Module):
    """The scale discriminator, if any, then one for each period, then one for each resolution."""

    def __init__(
        self,
        *,
        periods: tuple[int, ...],
        period_channels: tuple[int, ...],
        scale_channels: tuple[int, ...],
        scale_groups: tuple[int, ...],
        resolutions: tuple[int, ...] = (),
        resolution_channels: int = 0,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList()
        if scale_channels:
            self.members.append(ScaleDiscriminator(scale_channels, scale_groups))
        self.members.extend(PeriodDiscriminator(period, period_channels) for period in periods)
        self.members.extend(SpectrogramDiscriminator(n, resolution_channels) for n in resolutions)

    def forward(self, wave: Tensor) -> list[DiscriminatorOutput]:
        """Judge a wave (B, 1, L) with every member."""
        return [member(wave) for member in self.members]


def _along_columns(convolution: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution over the rows of (B, C, T, P) to its transpose (B, C, P, T)."""
    assert isinstance(convolution, nn.Conv2d)
    (stride, _), (padding, _) = convolution.stride, convolution.padding
    weight = convolution.weight.squeeze(3)
    return convolve(x, weight, convolution.bias, stride=stride, padding=int(padding))
