"""ConvNeXt decoder: blocks at the frame rate and one inverse STFT."""

import math

import torch
from torch import Tensor, nn

from vits.layers.convnext import ConvNextBlock
from vits.layers.inverse_spectrogram import InverseSpectrogram

__all__ = ["ConvNextDecoder"]

MAX_LOG_MAGNITUDE = math.log(1e2)  # only the first training steps predict louder bins


class ConvNextDecoder(nn.Module):
    """ConvNeXt blocks at one column for each frame; the last layer gives magnitude and phase.

    Source: Siuzdak, ICLR 2024 (Vocos), arXiv:2306.00814, section 3; conditioning as in VITS.

    Args:
        latent_channels: C of the latent.
        hop_length: samples of a frame.
        channels: width of the blocks.
        inner_channels: width inside each block.
        n_blocks: number of blocks.
        kernel_size: of the convolutions along time (frames), odd.
        n_fft: length of the inverse transform (samples), an even number of hops.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.

    Attributes:
        hop_length: samples of a frame.
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

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            Wave (B, 1, T * hop_length); samples may leave [-1, 1].
        """
        x = self.embed(z, conditioning)
        for block in self.blocks:
            x = block(x)
        return self.synthesize(x)

    def embed(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map a latent (B, C, T) and a speaker (B, G, 1) to (B, channels, T)."""
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return self.norm(x.transpose(1, 2)).transpose(1, 2)

    def synthesize(self, x: Tensor) -> Tensor:
        """Map the last block (B, channels, T) to a wave (B, 1, T * hop_length)."""
        x = self.last_norm(x.transpose(1, 2))
        with torch.autocast(x.device.type, enabled=False):  # phases need float32
            x = self.post(x.to(self.post.weight.dtype)).transpose(1, 2)
            log_magnitude, phase = x.chunk(2, dim=1)
            return self.inverse(log_magnitude.clamp(max=MAX_LOG_MAGNITUDE).exp(), phase)
