"""Inverse short-time Fourier transform, the last step of iSTFT and ConvNeXt decoders."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["InverseSpectrogram"]


class InverseSpectrogram(nn.Module):
    """Inverse short-time Fourier transform with exactly ``hop_length`` samples for each frame.

    Frames are windowed (periodic Hann), added where they overlap and divided by the sum of the
    squared windows. Frame t is centred on the middle of samples [t, t + 1) * hop_length, as in
    ``vits.audio.spectrogram``; samples beyond both ends are removed. Computed in float32
    (float64 stays float64) whatever the autocast.

    Args:
        n_fft: length of the transform and of the window (samples), even.
        hop_length: samples from frame to frame, at most half of ``n_fft`` and of its parity.
    """

    window: Tensor

    def __init__(self, n_fft: int, hop_length: int) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        window = torch.hann_window(n_fft, dtype=torch.float64).float()
        self.register_buffer("window", window, persistent=False)

    def forward(self, magnitude: Tensor, phase: Tensor) -> Tensor:
        """Synthesise.

        Args:
            magnitude: (B, F, T), F = n_fft / 2 + 1.
            phase: (B, F, T) radians, not necessarily wrapped.

        Returns:
            Wave (B, 1, T * hop_length).
        """
        dtype = torch.promote_types(magnitude.dtype, torch.float32)
        with torch.autocast(magnitude.device.type, enabled=False):  # phases need float32
            magnitude, phase = magnitude.to(dtype), phase.to(dtype)
            spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
            window = self.window.to(dtype)
            frames = torch.fft.irfft(spectrum, self.n_fft, dim=1) * window[:, None]
            weights = window.square()[:, None].expand(1, -1, frames.shape[2])
            wave = self._overlap(frames) / self._overlap(weights)
        return wave

    def _overlap(self, frames: Tensor) -> Tensor:
        """Overlap-add frames (B, n_fft, T) to (B, 1, T * hop_length)."""
        n_frames = frames.shape[2]
        length = (n_frames - 1) * self.hop_length + self.n_fft
        total = functional.fold(
            frames, (1, length), (1, self.n_fft), stride=(1, self.hop_length)
        ).squeeze(2)
        start = (self.n_fft - self.hop_length) // 2
        return total[..., start : start + n_frames * self.hop_length]
