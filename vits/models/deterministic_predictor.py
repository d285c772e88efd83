"""Deterministic duration predictor of Glow-TTS, VITS's ablation.

It shares its interface with ``vits.models.duration_predictor``.
"""

import torch
from torch import Tensor, nn

from vits.models.conditioning import add_conditioning, detach_as

__all__ = ["DeterministicDurationPredictor"]


class DeterministicDurationPredictor(nn.Module):
    """Two convolutions that regress log-durations.

    Source: Kim et al. 2020 (Glow-TTS), arXiv:2005.11129, appendix A; VITS's ablation.
    """

    def __init__(
        self,
        hidden_channels: int,
        filter_channels: int,
        *,
        kernel_size: int,
        dropout: float,
        conditioning_channels: int = 0,
        language_channels: int = 0,
    ) -> None:
        super().__init__()
        hidden_channels += language_channels
        padding = kernel_size // 2
        self.conv_1 = nn.Conv1d(hidden_channels, filter_channels, kernel_size, padding=padding)
        self.norm_1 = nn.LayerNorm(filter_channels)
        self.conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.norm_2 = nn.LayerNorm(filter_channels)
        self.projection = nn.Conv1d(filter_channels, 1, 1)
        self.dropout = nn.Dropout(dropout)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, hidden_channels, 1) if conditioning_channels else None
        )
        self.language = (
            nn.Conv1d(language_channels, hidden_channels, 1) if language_channels else None
        )

    def forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        durations: Tensor,
        conditioning: Tensor | None = None,
        *,
        language: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Return the squared error of log-durations (B,), summed over the symbols of each sample.

        Arguments as ``StochasticDurationPredictor.forward``; ``noise`` is not used.
        """
        del noise
        predicted = self.predict(hidden, mask, conditioning, language=language)
        # 1e-6 keeps symbols without frames finite, as in the original
        target = (durations.to(predicted.dtype) + 1e-6).log() * mask
        return (predicted - target).square().sum((1, 2))

    def predict(
        self,
        hidden: Tensor,
        mask: Tensor,
        conditioning: Tensor | None = None,
        *,
        language: Tensor | None = None,
        noise_scale: float | Tensor = 1.0,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Return log-durations (B, 1, S); ``noise`` is not used.

        Arguments as ``StochasticDurationPredictor.predict``.
        """
        del noise_scale, noise
        with torch.autocast(hidden.device.type, enabled=False):
            x = detach_as(hidden, self.conv_1)
            x = add_conditioning(x, (self.conditioning, conditioning), (self.language, language))
            x = torch.relu(self.conv_1(x * mask))
            x = self.dropout(self.norm_1(x.transpose(1, 2)).transpose(1, 2))
            x = torch.relu(self.conv_2(x * mask))
            x = self.dropout(self.norm_2(x.transpose(1, 2)).transpose(1, 2))
            return self.projection(x * mask) * mask
