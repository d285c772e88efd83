"""Decoder: latent -> wave (figure 1: decoder), HiFi-GAN's generator."""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.activation import leaky_relu
from vits.layers.convolution import LEAKY_SLOPE, DoubleResidualBlock, SingleResidualBlock

__all__ = ["HifiGanDecoder"]

# the slope before the last convolution is torch's default, not HiFi-GAN's 0.1: kept for parity
LAST_SLOPE = 0.01


class HifiGanDecoder(nn.Module):
    """Transposed convolutions, each followed by the mean of residual blocks of several widths.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2; conditioning as in VITS section 2.2.3.
    """

    def __init__(
        self,
        latent_channels: int,
        *,
        resblock: str,
        resblock_kernel_sizes: tuple[int, ...],
        resblock_dilations: tuple[tuple[int, ...], ...],
        upsample_rates: tuple[int, ...],
        upsample_kernel_sizes: tuple[int, ...],
        initial_channels: int,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__()
        self.hop_length = math.prod(upsample_rates)
        block = DoubleResidualBlock if resblock == "1" else SingleResidualBlock
        self.pre = nn.Conv1d(latent_channels, initial_channels, 7, padding=3)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, initial_channels, 1) if conditioning_channels else None
        )
        self.upsamplers = nn.ModuleList()
        self.blocks = nn.ModuleList()
        channels = initial_channels
        for rate, size in zip(upsample_rates, upsample_kernel_sizes, strict=True):
            upsampler = nn.ConvTranspose1d(
                channels, channels // 2, size, rate, padding=(size - rate) // 2
            )
            self.upsamplers.append(weight_norm(upsampler))
            channels //= 2
            self.blocks.append(
                nn.ModuleList(
                    block(channels, k, d)
                    for k, d in zip(resblock_kernel_sizes, resblock_dilations, strict=True)
                )
            )
        self.post = nn.Conv1d(channels, 1, 7, padding=3, bias=False)

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, T * hop_length) in [-1, 1].
        """
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        for upsampler, blocks in zip(self.upsamplers, self.blocks, strict=True):
            x = upsampler(leaky_relu(x, LEAKY_SLOPE))
            assert isinstance(blocks, nn.ModuleList)
            total = blocks[0](x)
            for block in blocks[1:]:
                total.add_(block(x))
            x = total.div_(len(blocks))
        return torch.tanh(self.post(leaky_relu(x, LAST_SLOPE)))
