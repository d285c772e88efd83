"""HiFi-GAN decoder: latent -> wave (figure 1: decoder), and its upsampling stack."""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.residual import (
    LEAKY_SLOPE,
    DoubleResidualBlock,
    ResidualStage,
    SingleResidualBlock,
)

__all__ = ["LAST_SLOPE", "POST_KERNEL", "PRE_KERNEL", "HifiGanDecoder", "Stages", "UpsamplingStack"]

# the slope before the last convolution is torch's default, not HiFi-GAN's 0.1: kept for parity
LAST_SLOPE = 0.01
PRE_KERNEL = POST_KERNEL = 7


class Stages(NamedTuple):
    """Shapes of an ``UpsamplingStack``; the meanings are in ``vits.config.DecoderConfig``."""

    resblock: str
    resblock_kernel_sizes: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    upsample_rates: tuple[int, ...]
    upsample_kernel_sizes: tuple[int, ...]
    initial_channels: int


class UpsamplingStack(nn.Module, ABC):
    """Transposed convolutions, each followed by the mean of residual blocks; base of decoders.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2; conditioning as in VITS section 2.2.3.

    Args:
        latent_channels: C of the latent.
        stages: the shapes.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.

    Attributes:
        factor: columns of the stack for each frame of the latent.
        channels: of the last stage.
        hop_length: samples of a frame.
    """

    hop_length: int

    def __init__(
        self, latent_channels: int, stages: Stages, *, conditioning_channels: int = 0
    ) -> None:
        super().__init__()
        self.stages = stages
        self.factor = math.prod(stages.upsample_rates)
        block = DoubleResidualBlock if stages.resblock == "1" else SingleResidualBlock
        channels = stages.initial_channels
        self.pre = nn.Conv1d(latent_channels, channels, PRE_KERNEL, padding=PRE_KERNEL // 2)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, channels, 1) if conditioning_channels else None
        )
        self.upsamplers = nn.ModuleList()
        self.blocks = nn.ModuleList()
        sizes, dilations = stages.resblock_kernel_sizes, stages.resblock_dilations
        for rate, size in zip(stages.upsample_rates, stages.upsample_kernel_sizes, strict=True):
            upsampler = nn.ConvTranspose1d(
                channels, channels // 2, size, rate, padding=(size - rate) // 2
            )
            self.upsamplers.append(weight_norm(upsampler))
            channels //= 2
            blocks = [block(channels, k, d) for k, d in zip(sizes, dilations, strict=True)]
            self.blocks.append(ResidualStage(blocks))
        self.channels = channels

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, T * hop_length).
        """
        x = self.embed(z, conditioning)
        for i, blocks in enumerate(self.blocks):
            x = blocks(self.upsample(i, x))
        return self.synthesize(x)

    def embed(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map a latent (B, C, T) and a speaker (B, G, 1) to (B, initial_channels, T)."""
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return x

    def upsample(self, i: int, x: Tensor) -> Tensor:
        """Upsample (B, C, T) to (B, C / 2, T * rate), the input of residual stage ``i``."""
        return self.upsamplers[i](functional.leaky_relu(x, LEAKY_SLOPE))

    @abstractmethod
    def synthesize(self, x: Tensor) -> Tensor:
        """Map the last stage (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""


class HifiGanDecoder(UpsamplingStack):
    """Upsampling to the sample rate, then one convolution to a single channel.

    Samples are in [-1, 1].

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2.

    Args:
        latent_channels: C of the latent.
        stages: the shapes; a frame has the product of ``upsample_rates`` samples.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
    """

    def __init__(
        self, latent_channels: int, stages: Stages, *, conditioning_channels: int = 0
    ) -> None:
        super().__init__(latent_channels, stages, conditioning_channels=conditioning_channels)
        self.post = nn.Conv1d(self.channels, 1, POST_KERNEL, padding=POST_KERNEL // 2, bias=False)
        self.hop_length = self.factor

    def synthesize(self, x: Tensor) -> Tensor:
        """Map (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""
        return torch.tanh(self.post(functional.leaky_relu(x, LAST_SLOPE)))
