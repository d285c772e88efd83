"""Adversarial duration predictor of VITS2: text and noise -> frames of each symbol."""

import torch
from torch import Tensor, nn

from vits.models.conditioning import add_conditioning, detach_as
from vits.models.durations.frames import log_frames
from vits.models.durations.two_convolutions import TwoConvolutions
from vits.models.outputs import DurationPass, JudgedDurations

__all__ = ["AdversarialDurationPredictor"]

NOISE_CHANNELS = 2  # as the stochastic predictor's, so that callers draw the same for both


class AdversarialDurationPredictor(TwoConvolutions):
    """Two convolutions that map text and noise to log-durations.

    Trained by the squared error of log-durations and against a ``DurationDiscriminator``, it draws
    from the distribution of durations without a flow.

    Source: Kong et al. 2023 (VITS2), arXiv:2307.16430, section 2.1. How the noise enters is not
    said there; here a projection of it is added to the text.
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
        self.noise = nn.Conv1d(NOISE_CHANNELS, hidden_channels, 1)
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

        Arguments as ``StochasticDurationPredictor.forward``; the noise is the predictor's own. The
        result has the durations that the discriminator judges.
        """
        predicted = self.predict(hidden, mask, conditioning, language=language, noise=noise)
        target = log_frames(durations.to(predicted.dtype), mask)
        speaker = None if conditioning is None else conditioning.detach()
        judged = JudgedDurations(target, predicted, hidden.detach(), mask, speaker)
        return DurationPass((predicted - target).square().sum((1, 2)), judged)

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
        """Sample log-durations (B, 1, S).

        Arguments as ``StochasticDurationPredictor.predict``. A ``noise_scale`` of 0 gives the
        durations for noise of 0.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            x = detach_as(hidden, self.conv_1)
            if noise is None:
                noise = torch.randn_like(mask.to(x.dtype).repeat(1, NOISE_CHANNELS, 1))
            x = x + self.noise(noise.to(x.dtype) * noise_scale)
            x = add_conditioning(x, (self.conditioning, conditioning), (self.language, language))
            return self.regress(x, mask)
