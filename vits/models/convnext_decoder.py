"""ConvNeXt decoder: blocks at the frame rate and one inverse STFT."""

import math

import torch
from torch import Tensor, nn

from vits.layers.convnext import ConvNextBlock
from vits.layers.excitation import ShortTimePhase
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.models.pitch.source import Source, pitch_layer, require_source

__all__ = ["ConvNextDecoder"]

MAX_LOG_MAGNITUDE = math.log(1e2)  # only the first training steps predict louder bins


class ConvNextDecoder(nn.Module):
    """ConvNeXt blocks at one column for each frame; the last layer gives magnitude and phase.

    With pitch, the phase of an excitation is added to that of the last layer, so the network need
    not find where the harmonics are; the magnitude stays the network's.

    Source: Siuzdak, ICLR 2024 (Vocos), arXiv:2306.00814, section 3; conditioning as in VITS; the
    excitation is that of Wang et al. 2019 (hn-NSF), arXiv:1908.10256, as a spectrum.

    Args:
        latent_channels: C of the latent.
        hop_length: samples of a frame.
        channels: width of the blocks.
        inner_channels: width inside each block.
        n_blocks: number of blocks.
        kernel_size: of the convolutions along time (frames), odd.
        n_fft: length of the inverse transform (samples), an even number of hops.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        pitched: whether it is excited.

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
        pitched: bool = False,
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
        self.pitch = pitch_layer(channels, kernel_size) if pitched else None
        self.phase = ShortTimePhase(n_fft, hop_length) if pitched else None

    def forward(
        self, z: Tensor, conditioning: Tensor | None = None, source: Source | None = None
    ) -> Tensor:
        """Decode.

        Args:
            z: (B, C, T) latent, zero in the padding.
            conditioning: (B, G, 1) speaker, or None.
            source: of the T frames; required with pitch, ignored without.

        Returns:
            Wave (B, 1, T * hop_length); samples may leave [-1, 1].
        """
        x = self.embed(z, conditioning, source)
        for block in self.blocks:
            x = block(x)
        return self.synthesize(x, self.excitation_phase(source))

    def embed(
        self, z: Tensor, conditioning: Tensor | None = None, source: Source | None = None
    ) -> Tensor:
        """Map a latent (B, C, T), a speaker (B, G, 1) and a source to (B, channels, T)."""
        x = self.pre(z)
        if self.pitch is not None:
            x = x + self.pitch(require_source(source).features)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        return self.norm(x.transpose(1, 2)).transpose(1, 2)

    def excitation_phase(self, source: Source | None) -> Tensor | None:
        """Return the phase (B, F, T) of the excitation; None without pitch."""
        return None if self.phase is None else self.phase(require_source(source).excitation)

    def restart_phase(self) -> None:
        """Let the last layer's phase start at 0, as one that was learned absolutely must."""
        with torch.no_grad():
            for parameter in (self.post.weight, self.post.bias):
                parameter[len(parameter) // 2 :] = 0.0

    def synthesize(self, x: Tensor, excitation_phase: Tensor | None = None) -> Tensor:
        """Map the last block (B, channels, T) to a wave (B, 1, T * hop_length).

        Args:
            x: (B, channels, T).
            excitation_phase: (B, F, T) radians, or None.
        """
        x = self.last_norm(x.transpose(1, 2))
        with torch.autocast(x.device.type, enabled=False):  # phases need float32
            x = self.post(x.to(self.post.weight.dtype)).transpose(1, 2)
            log_magnitude, phase = x.chunk(2, dim=1)
            if excitation_phase is not None:
                phase = phase + excitation_phase
            return self.inverse(log_magnitude.clamp(max=MAX_LOG_MAGNITUDE).exp(), phase)
