"""Posterior encoder: linear spectrogram -> latent (figure 1: posterior encoder)."""

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.layers.masking import sequence_mask
from vits.layers.wavenet import WaveNet
from vits.models.outputs import Gaussian, Posterior

__all__ = ["NoPosteriorEncoder", "PosteriorEncoder", "leave_out_posterior"]


class PosteriorEncoder(nn.Module):
    """WaveNet over the linear-magnitude spectrogram, with a Gaussian for each frame.

    Source: VITS section 2.2.2.
    """

    def __init__(
        self,
        n_bins: int,
        hidden_channels: int,
        latent_channels: int,
        *,
        kernel_size: int,
        dilation_rate: int,
        n_layers: int,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__()
        self.pre = nn.Conv1d(n_bins, hidden_channels, 1)
        self.wavenet = WaveNet(
            hidden_channels, kernel_size, dilation_rate, n_layers, conditioning_channels
        )
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(
        self,
        spectrogram: Tensor,
        lengths: Tensor,
        conditioning: Tensor | None = None,
        *,
        noise: Tensor | None = None,
    ) -> Posterior:
        """Encode a padded batch and sample z = mean + noise * exp(log_std).

        Args:
            spectrogram: (B, F, T) linear magnitude.
            lengths: (B,) int64 frames.
            conditioning: (B, G, 1) speaker, or None.
            noise: (B, C, T) standard normal; sampled when None.

        Returns:
            ``Posterior``; every part is zero in the padding.
        """
        mask = sequence_mask(lengths, spectrogram.shape[2])
        hidden = self.pre(spectrogram)
        hidden = hidden * mask.to(hidden.dtype)
        hidden = self.wavenet(hidden, mask.to(hidden.dtype), conditioning)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        noise = torch.randn_like(mean) if noise is None else noise
        distribution = Gaussian(mean, log_std)
        return Posterior(distribution.sample(noise) * mask, distribution, mask)


class NoPosteriorEncoder(nn.Module):
    """Placeholder for the posterior encoder of a compact voice, which has none."""

    def forward(self, *args: object, **options: object) -> None:
        """Refuse to encode a spectrogram (B, F, T).

        Raises:
            VoiceError: always.
        """
        raise VoiceError(
            "this voice is compact: it has no posterior encoder, so it can speak, but not convert "
            "recordings; take the whole voice or its checkpoint"
        )


def leave_out_posterior(generator: nn.Module) -> None:
    """Remove the posterior encoder, in place; inference and training from the prior still work."""
    generator.add_module("posterior_encoder", NoPosteriorEncoder())
