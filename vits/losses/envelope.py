"""The loss of the spectral envelope: mel spectra in which no harmonic can be told."""

import torch
from torch import Tensor, nn

from vits.losses.vits import mel_loss

__all__ = ["HALF_WIDTH", "EnvelopeLoss"]

HALF_WIDTH = 200.0  # Hz; the ripple of harmonics goes where it is a voice's F0 or more


class EnvelopeLoss(nn.Module):
    """Mean absolute difference of log-mel spectra that were smoothed over frequency.

    mean |log(S exp m^) - log(S exp m)|, S a triangle of 200 Hz to either side of each band, its
    weights adding up to 1. In a prior segment (``prior_segments``) the pitch is the voice's choice
    and seldom the recording's. The mel loss then asks for the mean of all pitches, which is a voice
    without harmonics, a loud whisper; this one asks for the formants only, and leaves it to the
    discriminators to ask for harmonics.

    Source: none; the paper compares posterior segments only, whose pitch is the recording's.

    Args:
        filterbank: (M, F) of the mel spectra; it tells where the bands lie.
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
