"""Deterministic duration predictor of Glow-TTS, VITS's ablation."""

import torch
from torch import Tensor, nn

from vits.models.conditioning import add_conditioning, detach_as
from vits.models.durations.frames import log_frames
from vits.models.durations.two_convolutions import TwoConvolutions
from vits.models.outputs import DurationPass

__all__ = ["DeterministicDurationPredictor"]


class DeterministicDurationPredictor(TwoConvolutions):
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
        hidden_channels += language_channels
        super().__init__(hidden_channels, filter_channels, kernel_size=kernel_size, dropout=dropout)
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
    ) -> DurationPass:
        """Compute the squared error of log-durations (B,), summed over the symbols of each sample.

        Arguments as ``StochasticDurationPredictor.forward``; ``noise`` is not used.
        """
        del noise
        predicted = self.predict(hidden, mask, conditioning, language=language)
        target = log_frames(durations.to(predicted.dtype), mask)
        return DurationPass((predicted - target).square().sum((1, 2)))

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
            return self.regress(x, mask)
