"""Pitch predictor: text, stretched to frames -> log F0 and voicing of every frame."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.config import PitchConfig
from vits.config.pitch import LOG_F0_CENTRE, SEMITONE
from vits.errors import ConfigError
from vits.layers.convnext import ConvNextBlock
from vits.models.conditioning import add_conditioning, detach_as

__all__ = ["PitchPredictor", "pitch_predictor", "require_pitch"]

# of the error of log F0 in frames without voice, where the contour is interpolated
UNVOICED_WEIGHT = 0.1


class PitchPredictor(nn.Module):
    """ConvNeXt blocks at the frame rate that regress log F0 and classify voicing.

    No gradient flows back into the text, as with the durations. Computed in float32 whatever the
    autocast.

    Source: Shirahata et al. 2022 (Period VITS), arXiv:2210.15964, section 3.2, where the frame
    prior network has these two outputs; its own network here, so that it can be added to a voice.

    Args:
        in_channels: of the text's hidden sequence and of the prior's mean together.
        channels: width of the blocks.
        inner_channels: width inside each block.
        n_layers: number of blocks.
        kernel_size: of the convolutions (frames), odd.
        dropout: of the input.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        channels: int,
        inner_channels: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.pre = nn.Conv1d(in_channels, channels, 1)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, channels, 1) if conditioning_channels else None
        )
        self.blocks = nn.ModuleList(
            ConvNextBlock(channels, inner_channels, kernel_size, 1 / n_layers)
            for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.post = nn.Conv1d(channels, 2, 1)

    def forward(
        self,
        hidden: Tensor,
        mean: Tensor,
        mask: Tensor,
        pitch: Tensor,
        conditioning: Tensor | None = None,
    ) -> Tensor:
        """Return the loss (B,), summed over the frames of each sample.

        It is the absolute error of F0 in semitones, plus the cross entropy of voicing in nats.

        Args:
            hidden: (B, H, T) of the text, stretched to frames.
            mean: (B, C, T) of the prior, stretched to frames.
            mask: (B, 1, T).
            pitch: (B, 2, T) of the recording: log F0 (log Hz) and voicing.
            conditioning: (B, G, 1) speaker, or None.
        """
        target, voiced = pitch.chunk(2, dim=1)
        log_f0, logit = self._outputs(hidden, mean, mask, conditioning)
        weight = UNVOICED_WEIGHT + (1 - UNVOICED_WEIGHT) * voiced
        error = (log_f0 - target).abs() / SEMITONE * weight
        entropy = functional.binary_cross_entropy_with_logits(logit, voiced, reduction="none")
        return ((error + entropy) * mask).sum((1, 2))

    def predict(
        self, hidden: Tensor, mean: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> Tensor:
        """Predict the pitch (B, 2, T): log F0 (log Hz) and voicing, 0 or 1; 0 in the padding.

        Arguments as in ``forward``.
        """
        log_f0, logit = self._outputs(hidden, mean, mask, conditioning)
        return torch.cat([log_f0, (logit > 0).to(log_f0.dtype)], dim=1) * mask

    def _outputs(
        self, hidden: Tensor, mean: Tensor, mask: Tensor, conditioning: Tensor | None
    ) -> tuple[Tensor, ...]:
        """Return log F0 and the logit of voicing, each (B, 1, T)."""
        with torch.autocast(hidden.device.type, enabled=False):
            x = torch.cat([detach_as(hidden, self.pre), detach_as(mean, self.pre)], dim=1)
            x = self.pre(self.dropout(x))
            x = add_conditioning(x, (self.conditioning, conditioning))
            for block in self.blocks:
                x = block(x * mask)
            x = self.norm(x.transpose(1, 2)).transpose(1, 2)
            log_f0, logit = self.post(x).chunk(2, dim=1)
            return log_f0 + LOG_F0_CENTRE, logit


def pitch_predictor(
    config: PitchConfig | None, in_channels: int, conditioning_channels: int
) -> PitchPredictor | None:
    """Build the pitch predictor of a configuration; None for a model without pitch.

    Args:
        config: its sizes.
        in_channels: of the text's hidden sequence and of the prior's mean together.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
    """
    if config is None:
        return None
    return PitchPredictor(in_channels, conditioning_channels=conditioning_channels, **vars(config))


def require_pitch(pitch: Tensor | None) -> Tensor:
    """Return the pitch that a model with pitch is trained with.

    Raises:
        ConfigError: there is none.
    """
    if pitch is None:
        raise ConfigError("pitch None must be the data's: prepare it with --pitch")
    return pitch
