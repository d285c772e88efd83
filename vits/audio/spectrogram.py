"""Linear magnitude spectrogram, what the posterior encoder sees."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.config import AudioConfig
from vits.errors import AudioError

__all__ = ["Spectrogram"]

_FLOOR = 1e-6  # the original's; keeps the square root's gradient finite at silence


class Spectrogram(nn.Module):
    """Magnitude of the short-time Fourier transform, |STFT| = sqrt(re^2 + im^2 + 1e-6).

    Periodic Hann window, (n_fft - hop_length) / 2 reflected samples at both ends of every sample's
    own length, so that L samples give exactly L // hop_length frames and a sample in a padded
    batch gets the frames it would get alone. Computed in float32 (float64 stays float64)
    whatever the autocast.

    Source: the original's ``mel_processing.py``, which pads a batch after the transform.
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
            wave_lengths: (B,) int64 samples of each, with the same lower bound (which is not
                checked here: that would stop the GPU); None: all L.

        Returns:
            (B, F, T) float32 with F = n_fft // 2 + 1 and T = L // hop_length; frames from
            ``wave_lengths // hop_length`` on are 0.

        Raises:
            AudioError: L is too short to reflect.
        """
        if wave.shape[-1] <= self.padding:
            raise AudioError(
                f"a wave of {wave.shape[-1]} samples must be longer than "
                f"(n_fft - hop_length) / 2 = {self.padding} samples; use a longer one"
            )
        dtype = torch.float64 if wave.dtype == torch.float64 else torch.float32
        with torch.autocast(wave.device.type, enabled=False):  # float32 whatever the autocast
            padded = _reflect(wave.squeeze(1).to(dtype), wave_lengths, self.padding)
            magnitude = self._magnitude(padded)
        if wave_lengths is None:
            return magnitude
        frames = torch.arange(magnitude.shape[-1], device=wave.device)
        real = frames < (wave_lengths // self.hop_length).unsqueeze(1)
        return magnitude * real.unsqueeze(1)

    def _magnitude(self, padded: Tensor) -> Tensor:
        """Return (B, F, T) of waves that carry their padding, (B, L + n_fft - hop_length)."""
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
    """Reflect ``padding`` samples at both ends of each row's own length, (B, L + 2 * padding)."""
    if lengths is None:
        return functional.pad(wave.unsqueeze(1), (padding, padding), mode="reflect").squeeze(1)
    size = wave.shape[-1]
    place = torch.arange(-padding, size + padding, device=wave.device).abs()
    last = lengths.unsqueeze(1) - 1
    index = last - (last - place).abs()  # a place after the end comes back from it
    return wave.gather(1, index.clamp(0, size - 1))
