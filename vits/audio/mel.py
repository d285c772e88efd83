"""Log-mel spectrogram, compared by the mel loss."""

import torch
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig

__all__ = ["MelSpectrogram"]

_FLOOR = 1e-5  # smallest mel magnitude, as in the original


class MelSpectrogram(nn.Module):
    """Natural logarithm of mel-band magnitudes, log(max(W |STFT|, 1e-5)).

    W holds triangular filters on Slaney's mel scale, normalized to unit area, as librosa's default.
    Computed in float32 (float64 stays float64) under any autocast.

    Source: paper section 2.1.2; filterbank as in ``mel_processing.py`` of the original.
    """

    filterbank: Tensor

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(config)
        filterbank = import_torchaudio().functional.melscale_fbanks(
            config.n_bins,
            f_min=config.f_min,
            f_max=config.sample_rate / 2 if config.f_max is None else config.f_max,
            n_mels=config.n_mels,
            sample_rate=config.sample_rate,
            norm="slaney",
            mel_scale="slaney",
        )
        self.register_buffer("filterbank", filterbank.T.contiguous(), persistent=False)

    def forward(self, wave: Tensor, wave_lengths: Tensor | None = None) -> Tensor:
        """Compute the log-mel spectrogram of a batch.

        Args:
            wave: (B, 1, L) in [-1, 1].
            wave_lengths: (B,) int64 samples of each wave; None: L for all.

        Returns:
            (B, M, L // hop_length) float32; frames past the end of a wave are log(1e-5).

        Raises:
            AudioError: L is too short; see ``Spectrogram``.
        """
        return self.from_linear(self.spectrogram(wave, wave_lengths))

    def from_linear(self, spectrogram: Tensor) -> Tensor:
        """Convert linear magnitudes (B, F, T) to log-mel (B, M, T), at least log(1e-5)."""
        dtype = torch.float64 if spectrogram.dtype == torch.float64 else torch.float32
        with torch.autocast(spectrogram.device.type, enabled=False):  # always in full precision
            bands = torch.matmul(self.filterbank.to(dtype), spectrogram.to(dtype))
            return bands.clamp(min=_FLOOR).log()
