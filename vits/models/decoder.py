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
from vits.models.pitch.source import Source, pitch_layer, require_source

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

    With pitch, every stage adds the excitation, brought to its rate by a strided convolution.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2; conditioning as in VITS section 2.2.3;
    the excitation of Wang et al. 2019 (hn-NSF), arXiv:1908.10256.

    Args:
        latent_channels: C of the latent.
        stages: the shapes.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        excited_hop: samples of a frame of the excitation; 0: not excited.

    Attributes:
        factor: columns of the stack for each frame of the latent.
        channels: of the last stage.
        hop_length: samples of a frame.
    """

    hop_length: int

    def __init__(
        self,
        latent_channels: int,
        stages: Stages,
        *,
        conditioning_channels: int = 0,
        excited_hop: int = 0,
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
        first = stages.initial_channels
        self.pitch = pitch_layer(first, PRE_KERNEL) if excited_hop else None
        self.excitations = _excitation_layers(stages, excited_hop) if excited_hop else None

    def forward(
        self, z: Tensor, conditioning: Tensor | None = None, source: Source | None = None
    ) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.
            source: of the T frames; required with pitch, ignored without.

        Returns:
            Wave (B, 1, T * hop_length).
        """
        x = self.embed(z, conditioning, source)
        for i, blocks in enumerate(self.blocks):
            x, excitation = self.upsample(i, x), self.excitation(i, source)
            x = blocks(x if excitation is None else x + excitation)
        return self.synthesize(x)

    def embed(
        self, z: Tensor, conditioning: Tensor | None = None, source: Source | None = None
    ) -> Tensor:
        """Map a latent (B, C, T), a speaker (B, G, 1) and a source to (B, initial_channels, T)."""
        x = self.pre(z)
        if self.pitch is not None:
            x = x + self.pitch(require_source(source).features)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return x

    def upsample(self, i: int, x: Tensor) -> Tensor:
        """Upsample (B, C, T) to (B, C / 2, T * rate), the input of residual stage ``i``."""
        return self.upsamplers[i](functional.leaky_relu(x, LEAKY_SLOPE))

    def excitation(self, i: int, source: Source | None) -> Tensor | None:
        """Return what residual stage ``i`` adds (B, C / 2, T * rate); None without pitch."""
        if self.excitations is None:
            return None
        return self.excitations[i](require_source(source).excitation)

    @abstractmethod
    def synthesize(self, x: Tensor) -> Tensor:
        """Map the last stage (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""


def _excitation_layers(stages: Stages, hop_length: int) -> nn.ModuleList:
    """Return a strided convolution to the rate and width of each stage, of weights 0."""
    layers, size, channels = nn.ModuleList(), hop_length, stages.initial_channels
    for rate in stages.upsample_rates:
        size, channels = size // rate, channels // 2
        layer = nn.Conv1d(1, channels, size, size, bias=False)
        nn.init.zeros_(layer.weight)
        layers.append(layer)
    return layers


class HifiGanDecoder(UpsamplingStack):
    """Upsampling to the sample rate, then one convolution to a single channel.

    Samples are in [-1, 1].

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2.

    Args:
        latent_channels: C of the latent.
        stages: the shapes; a frame has the product of ``upsample_rates`` samples.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        pitched: whether it is excited.
    """

    def __init__(
        self,
        latent_channels: int,
        stages: Stages,
        *,
        conditioning_channels: int = 0,
        pitched: bool = False,
    ) -> None:
        super().__init__(
            latent_channels,
            stages,
            conditioning_channels=conditioning_channels,
            excited_hop=math.prod(stages.upsample_rates) if pitched else 0,
        )
        self.post = nn.Conv1d(self.channels, 1, POST_KERNEL, padding=POST_KERNEL // 2, bias=False)
        self.hop_length = self.factor

    def synthesize(self, x: Tensor) -> Tensor:
        """Map (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""
        return torch.tanh(self.post(functional.leaky_relu(x, LAST_SLOPE)))
