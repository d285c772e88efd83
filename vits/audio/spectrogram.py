"""Linear magnitude spectrogram, the input of the posterior encoder."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.config import AudioConfig
from vits.errors import AudioError

__all__ = ["Spectrogram"]

_FLOOR = 1e-6  # as in the original; keeps the gradient of the square root finite at silence


class Spectrogram(nn.Module):
    """Magnitude of the short-time Fourier transform, |STFT| = sqrt(re^2 + im^2 + 1e-6).

    The window is a periodic Hann window. Each wave is extended by (n_fft - hop_length) / 2
    reflected samples at both ends of its own length, so L samples give exactly L // hop_length
    frames, and a wave in a padded batch gets the same frames as alone. Computed in float32
    (float64 stays float64) under any autocast.

    Source: ``mel_processing.py`` of the original, which pads a batch after the transform.
    """

    window: Tensor

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.n_fft = config.n_fft
        self.win_length = config.win_length
        self.hop_length = config.hop_length
        self.padding = (config.n_fft - config.hop_length) // 2
        window = torch.hann_window(config.win_length, dtype=torch.float64)
        self.register_buffer("window", window.float(), persistent=False)

    def forward(self, wave: Tensor, wave_lengths: Tensor | None = None) -> Tensor:
        """Compute the spectrogram of a batch.

        Args:
            wave: (B, 1, L) in [-1, 1]; L greater than (n_fft - hop_length) / 2.
            wave_lengths: (B,) int64 samples of each wave, with the same lower bound (not checked,
                since that would synchronise the GPU); None: L for all.

        Returns:
            (B, F, T) float32 with F = n_fft // 2 + 1 and T = L // hop_length; frames from
            ``wave_lengths // hop_length`` on are 0.

        Raises:
            AudioError: L is too short for the reflection.
        """
        if wave.shape[-1] <= self.padding:
            raise AudioError(
                f"a wave of {wave.shape[-1]} samples must be longer than "
                f"(n_fft - hop_length) / 2 = {self.padding} samples; use a longer wave"
            )
        dtype = torch.float64 if wave.dtype == torch.float64 else torch.float32
        with torch.autocast(wave.device.type, enabled=False):  # always in full precision
            padded = _reflect(wave.squeeze(1).to(dtype), wave_lengths, self.padding)
            magnitude = self._magnitude(padded)
        if wave_lengths is None:
            return magnitude
        frames = torch.arange(magnitude.shape[-1], device=wave.device)
        real = frames < (wave_lengths // self.hop_length).unsqueeze(1)
        return magnitude * real.unsqueeze(1)

    def _magnitude(self, padded: Tensor) -> Tensor:
        """Return magnitudes (B, F, T) of padded waves (B, L + n_fft - hop_length)."""
        transform = torch.stft(
            padded,
            self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window=self.window.to(padded.dtype),
            center=False,
            return_complex=True,
        )
        return torch.view_as_real(transform).square().sum(-1).add(_FLOOR).sqrt()


def _reflect(wave: Tensor, lengths: Tensor | None, padding: int) -> Tensor:
    """Reflect ``padding`` samples at both ends of each wave's length: (B, L + 2 * padding)."""
    if lengths is None:
        return functional.pad(wave.unsqueeze(1), (padding, padding), mode="reflect").squeeze(1)
    size = wave.shape[-1]
    position = torch.arange(-padding, size + padding, device=wave.device).abs()
    last = lengths.unsqueeze(1) - 1
    index = last - (last - position).abs()  # reflects positions past the end
    return wave.gather(1, index.clamp(0, size - 1))
