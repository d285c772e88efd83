"""Decoder at the rate of the frames: ConvNeXt blocks and one inverse Fourier transform."""

import math

import torch
from torch import Tensor, nn

from vits.layers.convnext import ConvNextBlock
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.layers.reach import Columns, Span

__all__ = ["ConvNextDecoder"]

LOUDEST_LOG = math.log(1e2)  # a bin louder than this is a mistake of the first steps


class ConvNextDecoder(nn.Module):
    """Stays at one column for each frame and lets the last layer name magnitude and phase.

    Source: Siuzdak, ICLR 2024 (Vocos), arXiv:2306.00814, section 3; conditioning as in VITS.

    Args:
        latent_channels: C of the latent.
        hop_length: samples of a frame.
        channels: width of the blocks.
        inner_channels: width inside each block.
        n_blocks: how many.
        kernel_size: of the convolutions along time (frames), odd.
        n_fft: length of the inverse transform (samples), an even number of hops.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.

    Attributes:
        hop_length: samples of a frame.
        context: frames on either side of a frame that its samples depend on.
        cut: frames of work that each side of a cut costs (``decode_part``).
    """

    def __init__(
        self,
        latent_channels: int,
        hop_length: int,
        *,
        channels: int,
        inner_channels: int,
        n_blocks: int,
        kernel_size: int,
        n_fft: int,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__()
        self.hop_length, self.kernel_size = hop_length, kernel_size
        self.pre = nn.Conv1d(latent_channels, channels, kernel_size, padding=kernel_size // 2)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, channels, 1) if conditioning_channels else None
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.blocks = nn.ModuleList(
            ConvNextBlock(channels, inner_channels, kernel_size, 1 / n_blocks)
            for _ in range(n_blocks)
        )
        self.last_norm = nn.LayerNorm(channels, eps=1e-6)
        self.post = nn.Linear(channels, n_fft + 2)
        self.inverse = InverseSpectrogram(n_fft, hop_length)
        needed = self._spans(Span(0, hop_length - 1))
        beyond = [max(-span.first, span.last) for span in needed]
        self.context, self.cut = beyond[0], math.ceil(sum(beyond[1:]) / n_blocks)

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, T * hop_length); nothing holds it in [-1, 1] but training.
        """
        x = self._enter(z, conditioning)
        for block in self.blocks:
            x = block(x)
        return self._finish(x)

    def decode_part(self, z: Tensor, part: Span, conditioning: Tensor | None = None) -> Tensor:
        """Decode some frames of a latent, as ``UpsamplingStack.decode_part``."""
        samples = part.times(self.hop_length)
        _, *spans = self._spans(samples)
        found = Columns(self._enter(z, conditioning), 0)
        for block, span in zip(self.blocks, spans, strict=True):
            x, first = found.within(span)
            found = Columns(block(x), first)
        x, first = found.within(self._windows(samples))
        return Columns(self._finish(x), first * self.hop_length).within(samples).x

    def _enter(self, z: Tensor, conditioning: Tensor | None) -> Tensor:
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return self.norm(x.transpose(1, 2)).transpose(1, 2)

    def _finish(self, x: Tensor) -> Tensor:
        """Map the last block's columns (B, C, T) to a wave (B, 1, T * hop_length)."""
        x = self.last_norm(x.transpose(1, 2))
        with torch.autocast(x.device.type, enabled=False):  # phases need float32 whatever it says
            x = self.post(x.to(self.post.weight.dtype)).transpose(1, 2)
            log_magnitude, phase = x.chunk(2, dim=1)
            return self.inverse(log_magnitude.clamp(max=LOUDEST_LOG).exp(), phase)

    def _windows(self, samples: Span) -> Span:
        """Return the frames whose windows reach samples."""
        return samples.before_upsampling(size=self.inverse.n_fft, rate=self.hop_length)

    def _spans(self, samples: Span) -> list[Span]:
        """Return what samples need of the latent, then of the input of each block."""
        spans = [self._windows(samples)]
        for _ in range(len(self.blocks) + 1):
            spans.append(spans[-1].before_convolution(self.kernel_size))
        return spans[:0:-1]
