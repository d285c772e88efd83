"""Spectral envelope loss: mel spectra smoothed until harmonics disappear."""

import torch
from torch import Tensor, nn

from vits.losses.vits import mel_loss

__all__ = ["HALF_WIDTH", "EnvelopeLoss"]

HALF_WIDTH = 200.0  # Hz; harmonics disappear if it is at least the F0 of the voice


class EnvelopeLoss(nn.Module):
    """Mean absolute difference of log-mel spectra smoothed over frequency.

    mean |log(S exp m^) - log(S exp m)|, S a triangle of 200 Hz to either side of each band with
    weights that add up to 1. In a prior segment (``PriorSegmentsConfig``) the voice chooses the
    pitch, which seldom is the recording's. The mel loss then favours the mean over all pitches: a
    voice without harmonics, like a loud whisper. This loss compares the formants only and leaves
    harmonics to the discriminators.

    Source: none; the paper compares posterior segments only, whose pitch is the recording's.

    Args:
        filterbank: (M, F) mel filterbank, which determines the frequencies of the bands.
        sample_rate: of the waves (Hz).
    """

    smoothing: Tensor

    def __init__(self, filterbank: Tensor, sample_rate: int) -> None:
        super().__init__()
        bins = torch.linspace(0, sample_rate / 2, filterbank.shape[1])
        areas = filterbank.sum(1).clamp(min=1e-9)  # a band may be empty
        centres = filterbank @ bins / areas
        apart = (centres[:, None] - centres[None, :]).abs()
        triangles = (1 - apart / HALF_WIDTH).clamp(min=0)
        smoothing = triangles / triangles.sum(1, keepdim=True)
        self.register_buffer("smoothing", smoothing, persistent=False)

    def forward(self, fake_mel: Tensor, real_mel: Tensor) -> Tensor:
        """Compare two log-mel spectra (B, M, T).

        Returns:
            Scalar, computed in float32 whatever the autocast.
        """
        return mel_loss(self._smooth(fake_mel), self._smooth(real_mel))

    def _smooth(self, log_mel: Tensor) -> Tensor:
        with torch.autocast(log_mel.device.type, enabled=False):
            dtype = torch.promote_types(log_mel.dtype, torch.float32)
            return torch.matmul(self.smoothing.to(dtype), log_mel.to(dtype).exp()).log()
