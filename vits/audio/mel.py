"""Log-mel spectrogram, what the mel loss compares."""

import torch
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig

__all__ = ["MelSpectrogram"]

_FLOOR = 1e-5  # the original's: the quietest mel magnitude told apart


class MelSpectrogram(nn.Module):
    """Natural logarithm of mel bands of the linear magnitude, log(max(W |STFT|, 1e-5)).

    W has triangles on Slaney's mel scale, each of area 1 over frequency, as librosa's default.
    Computed in float32 (float64 stays float64) whatever the autocast.

    Source: paper section 2.1.2; filterbank as the original's ``mel_processing.py``.
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
            wave_lengths: (B,) int64 samples of each; None: all L.

        Returns:
            (B, M, L // hop_length) float32; frames after a sample's end are log(1e-5).

        Raises:
            AudioError: L is too short, see ``Spectrogram``.
        """
        return self.from_linear(self.spectrogram(wave, wave_lengths))

    def from_linear(self, spectrogram: Tensor) -> Tensor:
        """Turn linear magnitudes (B, F, T) into log-mel (B, M, T), at least log(1e-5)."""
        dtype = torch.float64 if spectrogram.dtype == torch.float64 else torch.float32
        with torch.autocast(spectrogram.device.type, enabled=False):  # float32 whatever it says
            bands = torch.matmul(self.filterbank.to(dtype), spectrogram.to(dtype))
            return bands.clamp(min=_FLOOR).log()
