"""Excitation of a decoder: the harmonics of F0 and noise, and the phase of its spectrum."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.config.pitch import AMPLITUDE, UNVOICED_NOISE, VOICED_NOISE

__all__ = ["ShortTimePhase", "excite"]


def excite(
    log_f0: Tensor, voiced: Tensor, noise: Tensor, *, sample_rate: int, hop_length: int
) -> Tensor:
    """Sum all harmonics of F0 below half the sample rate, with equal amplitudes, and add noise.

    Between the middles of frames log F0 is interpolated. The phase of a harmonic is k times the
    sum of F0 up to the sample. Frames without voice have noise only.

    Source: Wang, Takaki & Yamagishi 2019 (hn-NSF), arXiv:1908.10256, section 2; here the sum of
    sines has its closed form, sin(K x / 2) sin((K + 1) x / 2) / sin(x / 2).

    Args:
        log_f0: (B, 1, T) natural logarithm of F0 in Hz.
        voiced: (B, 1, T), 1 in frames with voice, otherwise 0.
        noise: (B, 1, T * hop_length) standard normal.
        sample_rate: of the excitation (Hz).
        hop_length: samples of a frame.

    Returns:
        (B, 1, T * hop_length).
    """
    f0 = _interpolate(log_f0.double(), hop_length).exp()  # float32 would lose the phase
    turns = (f0 / sample_rate).cumsum(2)
    turns = math.pi * (turns - turns.round()).to(log_f0.dtype)  # half the phase, +-pi/2
    count = (sample_rate / 2 / f0).floor().to(log_f0.dtype)
    base = turns.sin()
    inside = base.abs() > 1e-6  # the sum is 0 where the phase is
    harmonics = (count * turns).sin() * ((count + 1) * turns).sin()
    harmonics = torch.where(inside, harmonics / torch.where(inside, base, 1.0), 0.0)
    share = voiced[..., None].expand(-1, -1, -1, hop_length).flatten(2)
    deviation = UNVOICED_NOISE + share * (VOICED_NOISE - UNVOICED_NOISE)
    return share * AMPLITUDE * harmonics + deviation * noise


def _interpolate(x: Tensor, hop_length: int) -> Tensor:
    """Interpolate (B, 1, T) linearly between the middles of frames: (B, 1, T * hop_length)."""
    places = torch.arange(hop_length, dtype=x.dtype, device=x.device)
    offset = (places + 0.5) / hop_length - 0.5  # of each sample from the middle of its frame
    slope = x[..., 1:] - x[..., :-1]
    before = functional.pad(slope, (1, 0))[..., None] * offset.clamp(max=0.0)
    after = functional.pad(slope, (0, 1))[..., None] * offset.clamp(min=0.0)
    return (x[..., None] + before + after).flatten(2)


class ShortTimePhase(nn.Module):
    """Phase of a short-time Fourier transform with the frames of ``InverseSpectrogram``.

    Frame t is centred on the middle of samples [t, t + 1) * hop_length; beyond both ends the
    signal is 0. Computed in float32 (float64 stays float64) whatever the autocast.

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

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (B, 1, T * hop_length) to phases (B, F, T) in radians."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        padding = (self.n_fft - self.hop_length) // 2
        with torch.autocast(x.device.type, enabled=False):
            x = functional.pad(x.to(dtype), (padding, padding)).squeeze(1)
            spectrum = torch.stft(
                x,
                self.n_fft,
                self.hop_length,
                window=self.window.to(dtype),
                center=False,
                return_complex=True,
            )
            return spectrum.angle()
