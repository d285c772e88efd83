"""Discriminator of durations: one score for each symbol, given its text."""

import torch
from torch import Tensor, nn

from vits.models.conditioning import add_conditioning, detach_as
from vits.models.durations.two_convolutions import TwoConvolutions

__all__ = ["DurationDiscriminator"]


class DurationDiscriminator(TwoConvolutions):
    """Two convolutions over text and log-durations that score every symbol.

    Source: Kong et al. 2023 (VITS2), arXiv:2307.16430, section 2.1: time step-wise, conditioned on
    the text encoder's output. The layers are not listed there; here they are the predictor's, and
    the speaker is given as well, as to the predictor.

    Args:
        hidden_channels: width of the text encoder's output, languages included.
        filter_channels: inner width.
        kernel_size: width of the convolutions (symbols), odd.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
    """

    def __init__(
        self,
        hidden_channels: int,
        filter_channels: int,
        *,
        kernel_size: int,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__(hidden_channels, filter_channels, kernel_size=kernel_size, dropout=0.0)
        self.duration = nn.Conv1d(1, hidden_channels, 1)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, hidden_channels, 1) if conditioning_channels else None
        )

    def forward(
        self,
        log_durations: Tensor,
        hidden: Tensor,
        mask: Tensor,
        conditioning: Tensor | None = None,
    ) -> Tensor:
        """Score durations: 1 for those of a recording, 0 for predicted ones.

        Args:
            log_durations: (B, 1, S) natural logarithm of frames.
            hidden: (B, H, S) text encoder output; no gradient flows back into it.
            mask: (B, 1, S).
            conditioning: (B, G, 1) speaker, or None; no gradient flows back into it.

        Returns:
            (B, 1, S), 0 in the padding.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            x = detach_as(hidden, self.conv_1)
            x = x + self.duration(log_durations.to(x.dtype))
            x = add_conditioning(x, (self.conditioning, conditioning))
            return self.regress(x, mask)
