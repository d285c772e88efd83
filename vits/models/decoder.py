"""Decoder: latent -> wave (figure 1: decoder): HiFi-GAN's, and what others share with it."""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.activation import leaky_relu
from vits.layers.convolution import LEAKY_SLOPE, DoubleResidualBlock, SingleResidualBlock
from vits.layers.reach import Columns, Span
from vits.layers.stage import ResidualStage

__all__ = ["LAST_SLOPE", "POST_KERNEL", "HifiGanDecoder", "Stages", "UpsamplingStack"]

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
    """Transposed convolutions, each followed by the mean of residual blocks of several widths.

    A decoder is one of these and a last step: ``_finish`` makes a wave of the stack's columns, and
    ``_columns`` says which of them samples depend on. It calls ``_end_at`` when it has its layers.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2; conditioning as in VITS section 2.2.3.

    Args:
        latent_channels: C of the latent.
        stages: the shapes.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.

    Attributes:
        factor: columns of the stack for each frame of the latent.
        channels: of the stack's columns.
        hop_length: samples of a frame.
        context: frames on either side of a frame that its samples depend on.
        cut: frames of work that each side of a cut costs (``decode_part``).
    """

    hop_length: int
    context: int
    cut: int

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
            blocks = (block(channels, k, d) for k, d in zip(sizes, dilations, strict=True))
            self.blocks.append(ResidualStage(blocks, self._reach_of_a_stage()))
        self.channels = channels

    def _end_at(self, hop_length: int) -> None:
        """Name the samples of a frame, and count what they depend on."""
        self.hop_length = hop_length
        columns = self._columns(Span(0, hop_length - 1))
        needed = self._needed_frames(columns)
        self.context, self.cut = max(-needed.first, needed.last), self._cost_of_a_cut(columns)

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, T * hop_length).
        """
        return self._finish(self.upsample(z, conditioning))

    def decode_part(self, z: Tensor, part: Span, conditioning: Tensor | None = None) -> Tensor:
        """Decode some frames of a latent; the others are heard by them and not decoded.

        Args:
            z: (B, C, T); ``context`` frames around the part are enough.
            part: the frames.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, frames * hop_length).
        """
        samples = part.times(self.hop_length)
        x, first = self._upsample_part(z, self._columns(samples), conditioning)
        first *= self.hop_length // self.factor
        return Columns(self._finish(x), first).within(samples).x

    def upsample(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map a latent (B, C, T) to (B, channels, T * factor); conditioning (B, G, 1) or None."""
        x = self._enter(z, conditioning)
        for upsampler, blocks in zip(self.upsamplers, self.blocks, strict=True):
            x = blocks(upsampler(leaky_relu(x, LEAKY_SLOPE)))
        return x

    def _upsample_part(self, z: Tensor, part: Span, conditioning: Tensor | None = None) -> Columns:
        """Compute some columns of ``upsample``'s result, and in each stage no more than they need.

        Args:
            z: (B, C, T); beyond what ``part`` depends on it may be cut off.
            part: the columns, counted in the result for this ``z``.
            conditioning: (B, G, 1) or None.
        """
        stages, spans = zip(self.upsamplers, self.blocks, strict=True), self._spans(part)
        found = Columns(self._enter(z, conditioning), 0)
        for rate, (upsampler, blocks), (before, inside) in zip(
            self.stages.upsample_rates, stages, spans, strict=True
        ):
            x, first = found.within(before)
            grown = Columns(upsampler(leaky_relu(x, LEAKY_SLOPE)), first * rate)
            x, first = grown.within(inside)
            found = Columns(blocks(x), first)
        return found.within(part)

    def _needed_frames(self, part: Span) -> Span:
        """Return the frames that columns of ``upsample``'s result depend on."""
        return self._spans(part)[0][0].before_convolution(PRE_KERNEL)

    def _cost_of_a_cut(self, part: Span) -> int:
        """Return how many frames' work one side of a cut costs: what is computed twice there.

        Args:
            part: the columns of ``upsample``'s result that a frame in the middle needs.
        """
        rate, channels, work, twice = 1, self.stages.initial_channels, 0.0, 0.0
        for more, (_, inside) in zip(self.stages.upsample_rates, self._spans(part), strict=True):
            rate, channels = rate * more, channels // 2
            products = rate * channels**2
            work += products
            twice += products * max(-inside.first, inside.last - rate + 1) / rate
        return math.ceil(twice / work)

    @abstractmethod
    def _columns(self, samples: Span) -> Span:
        """Return the columns of ``upsample``'s result that samples depend on."""

    @abstractmethod
    def _finish(self, x: Tensor) -> Tensor:
        """Map ``upsample``'s columns to a wave (B, 1, L)."""

    def _enter(self, z: Tensor, conditioning: Tensor | None) -> Tensor:
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return x

    def _spans(self, part: Span) -> list[tuple[Span, Span]]:
        """Return for each stage what columns of the result need before it and within it."""
        stages, spans = self.stages, list[tuple[Span, Span]]()
        reach = self._reach_of_a_stage()
        upsamplers = zip(stages.upsample_rates, stages.upsample_kernel_sizes, strict=True)
        for rate, size in reversed(list(upsamplers)):
            inside = Span(part.first - reach, part.last + reach)
            part = inside.before_upsampling(size=size, rate=rate)
            spans.append((part, inside))
        return spans[::-1]

    def _reach_of_a_stage(self) -> int:
        """Count the columns on either side that the widest residual block of a stage sees."""
        stages = self.stages
        plain = 1 if stages.resblock == "1" else 0  # convolutions behind each dilated one
        return max(
            sum((size // 2) * (dilation + plain) for dilation in dilations)
            for size, dilations in zip(
                stages.resblock_kernel_sizes, stages.resblock_dilations, strict=True
            )
        )


class HifiGanDecoder(UpsamplingStack):
    """The stages up to the rate of the wave, and one convolution to a single channel.

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
        self._end_at(self.factor)

    def _columns(self, samples: Span) -> Span:
        return samples.before_convolution(POST_KERNEL)

    def _finish(self, x: Tensor) -> Tensor:
        return torch.tanh(self.post(leaky_relu(x, LAST_SLOPE)))
