"""Subband STFT loss of the multi-band decoder."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from vits.errors import ConfigError

__all__ = ["RESOLUTIONS", "Filterbank", "Resolution", "SubbandLoss"]

_FLOOR = 1e-7  # of the squared magnitude, before its root and logarithm


class Resolution(NamedTuple):
    """One short-time Fourier transform, in samples of a band."""

    n_fft: int
    win_length: int
    hop_length: int


# those of multi-band MelGAN
RESOLUTIONS = (Resolution(384, 150, 30), Resolution(683, 300, 60), Resolution(171, 60, 10))


class Filterbank(Protocol):
    """Splits a wave into ``n_bands`` bands, such as ``vits.layers.filterbank.PseudoQmf``."""

    n_bands: int

    def analysis(self, wave: Tensor) -> Tensor:
        """Map a wave (B, 1, L) to bands (B, M, L / M)."""
        ...


class SubbandLoss(nn.Module):
    """Spectral convergence and log-magnitude distance of the bands, averaged over resolutions.

    |S - S^|_F / |S|_F + mean |log S - log S^| for each utterance, S the magnitudes of all bands of
    the recording. The same filterbank splits both waves, so the loss works for every decoder.

    Source: Yamamoto et al. 2020 (Parallel WaveGAN), arXiv:1910.11480, section 2.2; on bands Yang et
    al. 2020 (multi-band MelGAN), arXiv:2005.05106, section 2.2; in VITS Kawamura et al., ICASSP
    2023, section 2.3.

    Args:
        filterbank: maps a wave (B, 1, L) to its bands (B, M, L / M), and has ``n_bands``.
        length: length of the shortest wave (samples).

    Raises:
        ConfigError: a wave of ``length`` samples is too short for the transforms of its bands.
    """

    def __init__(self, filterbank: Filterbank, length: int) -> None:
        super().__init__()
        needed = filterbank.n_bands * (max(resolution.n_fft for resolution in RESOLUTIONS) // 2 + 1)
        if length < needed:
            raise ConfigError(
                f"segment_frames of {length} samples must cover at least {needed} samples with "
                "loss_weights.subband: lengthen the segments, or give the weight 0"
            )
        self.filterbank = filterbank
        for i, resolution in enumerate(RESOLUTIONS):
            window = torch.hann_window(resolution.win_length)
            self.register_buffer(f"window{i}", window, persistent=False)

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        """Compare two waves (B, 1, L), L a multiple of the number of bands.

        Returns:
            Mean over the utterances; scalar, computed in float32 whatever the autocast.
        """
        with torch.autocast(fake.device.type, enabled=False):
            dtype = torch.promote_types(fake.dtype, torch.float32)
            fake = self.filterbank.analysis(fake.to(dtype))
            real = self.filterbank.analysis(real.to(dtype))
            distances = [self._distance(fake, real, i) for i in range(len(RESOLUTIONS))]
        return torch.stack(distances).mean()

    def _distance(self, fake: Tensor, real: Tensor, i: int) -> Tensor:
        fake, real = self._magnitude(fake, i), self._magnitude(real, i)
        convergence = (real - fake).norm(dim=1) / real.norm(dim=1)
        return convergence.mean() + (real.log() - fake.log()).abs().mean()

    def _magnitude(self, bands: Tensor, i: int) -> Tensor:
        """Return |STFT| (B, M * F * T) of bands (B, M, L / M)."""
        spectrum = torch.stft(
            bands.flatten(0, 1),
            RESOLUTIONS[i].n_fft,
            hop_length=RESOLUTIONS[i].hop_length,
            win_length=RESOLUTIONS[i].win_length,
            window=self.get_buffer(f"window{i}").to(bands.dtype),
            return_complex=True,
        )
        magnitude = torch.view_as_real(spectrum).square().sum(-1).clamp_min(_FLOOR).sqrt()
        return magnitude.reshape(len(bands), -1)
