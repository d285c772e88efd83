"""Discriminator of the magnitude spectrogram at one resolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.residual import LEAKY_SLOPE
from vits.models.outputs import DiscriminatorOutput

__all__ = ["SpectrogramDiscriminator"]

KERNEL = (9, 3)  # bins, frames
BIN_STRIDES = (2, 2, 2, 2)
_FLOOR = 1e-6  # keeps the square root's gradient finite at silence


class SpectrogramDiscriminator(nn.Module):
    """Convolutions over bins and frames of |STFT| with a hop of a quarter window.

    Source: Jang et al. 2021 (UnivNet), arXiv:2106.07889, section 2.3. Two differences: the strides
    are along the bins, not the frames, and the first layer has one too, since a layer at full
    resolution costs as much as all others together.

    Args:
        n_fft: length of the transform and of its Hann window (samples), a multiple of 4.
        channels: width of every layer.
    """

    window: Tensor

    def __init__(self, n_fft: int, channels: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.convolutions = nn.ModuleList()
        padding = (KERNEL[0] // 2, KERNEL[1] // 2)
        n_in = 1
        for stride in BIN_STRIDES:
            convolution = nn.Conv2d(n_in, channels, KERNEL, (stride, 1), padding)
            self.convolutions.append(weight_norm(convolution))
            n_in = channels
        self.convolutions.append(weight_norm(nn.Conv2d(channels, channels, 3, padding=1)))
        self.post = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L), L longer than half a window; features are (B, C, F, T)."""
        x = self.magnitude(wave).unsqueeze(1)
        features: list[Tensor] = []
        for convolution in self.convolutions:
            x = functional.leaky_relu(convolution(x), LEAKY_SLOPE)
            features.append(x)
        features.append(self.post(x))
        return DiscriminatorOutput(features[-1].flatten(1), tuple(features))

    def magnitude(self, wave: Tensor) -> Tensor:
        """Return |STFT| (B, n_fft / 2 + 1, T) in float32 whatever the autocast."""
        with torch.autocast(wave.device.type, enabled=False):
            wave = wave.squeeze(1).to(torch.promote_types(wave.dtype, torch.float32))
            window = self.window.to(wave.dtype)
            spectrum = torch.stft(
                wave, self.n_fft, self.n_fft // 4, window=window, return_complex=True
            )
            return torch.view_as_real(spectrum).square().sum(-1).add(_FLOOR).sqrt()
