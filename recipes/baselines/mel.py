"""Log-mel spectrograms of mean 0 and deviation 1, which acoustic models and vocoders exchange."""

import torch
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.audio.mel import MelSpectrogram
from vits.config import AudioConfig
from vits.data.prepared.dataset import PreparedDataset

__all__ = ["GriffinLim", "NormalizedMel"]


class NormalizedMel(nn.Module):
    """The log-mel spectrogram, shifted and scaled in each band as the data asks.

    Attributes:
        mel: the log-mel spectrogram of the mel loss.
        hop_length: samples of a frame.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, audio: AudioConfig) -> None:
        super().__init__()
        self.mel, self.hop_length = MelSpectrogram(audio), audio.hop_length
        self.register_buffer("mean", torch.zeros(audio.n_mels, 1))
        self.register_buffer("deviation", torch.ones(audio.n_mels, 1))

    def forward(self, wave: Tensor, wave_lengths: Tensor | None = None) -> Tensor:
        """Map a wave (B, 1, L) to (B, M, T); frames past the end of a wave are silence."""
        return (self.mel(wave, wave_lengths) - self.mean) / self.deviation

    def restore(self, x: Tensor) -> Tensor:
        """Map (B, M, T) back to log-mel."""
        return x * self.deviation + self.mean

    def measure(self, data: PreparedDataset, utterances: int = 100) -> "NormalizedMel":
        """Take mean and deviation from the first ``utterances`` of the data; return self."""
        waves = [data[i].wave for i in range(min(utterances, len(data)))]
        frames = torch.cat([self.mel(wave[None, None])[0] for wave in waves], dim=1)
        self.mean.copy_(frames.mean(1, keepdim=True))
        self.deviation.copy_(frames.std(1, keepdim=True))
        return self


class GriffinLim(nn.Module):
    """A vocoder without weights: the phases that suit the magnitudes best, found by iteration.

    Source: Griffin and Lim 1984; the magnitudes are a least-squares inverse of the mel bands.

    Args:
        mel: what the input was made by.
        audio: its settings.
        iterations: 60, as in Tacotron 2 (Shen et al. 2018, arXiv:1712.05884).
    """

    def __init__(self, mel: NormalizedMel, audio: AudioConfig, iterations: int = 60) -> None:
        super().__init__()
        transforms = import_torchaudio().transforms
        self.mel = mel
        self.least_frames = audio.n_fft // (2 * audio.hop_length) + 2  # that can be reflected
        inverse = torch.linalg.pinv(mel.mel.filterbank.double()).float()
        self.register_buffer("inverse", inverse, persistent=False)
        self.phases = transforms.GriffinLim(
            audio.n_fft,
            iterations,
            win_length=audio.win_length,
            hop_length=audio.hop_length,
            power=1.0,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map a normalized mel spectrogram (B, M, T) to a wave (B, 1, T * hop_length)."""
        frames = x.shape[2]
        x = nn.functional.pad(x, (0, max(0, self.least_frames - frames)), mode="replicate")
        magnitudes = torch.matmul(self.get_buffer("inverse"), self.mel.restore(x).exp())
        wave = self.phases(magnitudes.clamp_min(0))
        half = self.mel.hop_length // 2  # our frames are half a hop further right than torchaudio's
        wave = nn.functional.pad(wave, (half, self.mel.hop_length - half))
        return wave[:, None, : frames * self.mel.hop_length]
