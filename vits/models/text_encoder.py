"""Text encoder: symbols -> hidden sequence and prior Gaussian (figure 1: text encoder)."""

import math

import torch
from torch import Tensor, nn

from vits.layers.attention import TransformerEncoder
from vits.layers.masking import sequence_mask
from vits.models.outputs import EncodedText, Gaussian

__all__ = ["TextEncoder"]


class TextEncoder(nn.Module):
    """Embedding, transformer, and a projection to mean and log standard deviation.

    Source: VITS section 2.2.1; the embedding is scaled by sqrt(H) as in the original. With
    ``language_channels``, as in Coqui TTS and YourTTS (Casanova et al. 2022, arXiv:2112.02418,
    section 2), the language embedding is concatenated to every symbol embedding, and all
    later layers are wider by it. With ``speaker_layer``, the speaker is added to the input of that
    transformer block (VITS2, Kong et al. 2023, arXiv:2307.16430, section 2.4).
    """

    def __init__(
        self,
        n_symbols: int,
        hidden_channels: int,
        latent_channels: int,
        *,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
        window_size: int,
        language_channels: int = 0,
        speaker_channels: int = 0,
        speaker_layer: int | None = None,
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(hidden_channels)
        self.embedding = nn.Embedding(n_symbols, hidden_channels)
        nn.init.normal_(self.embedding.weight, 0.0, hidden_channels**-0.5)
        hidden_channels += language_channels
        self.encoder = TransformerEncoder(
            hidden_channels,
            filter_channels,
            n_heads,
            n_layers,
            kernel_size,
            dropout,
            window_size,
            conditioning_channels=speaker_channels if speaker_layer else 0,
            conditioned_layer=(speaker_layer or 1) - 1,
        )
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor,
        language: Tensor | None = None,
        speaker: Tensor | None = None,
    ) -> EncodedText:
        """Encode a padded batch.

        Args:
            ids: (B, S) int64 symbol ids.
            lengths: (B,) int64.
            language: (B, E, 1); needed with ``language_channels``.
            speaker: (B, G, 1); needed with ``speaker_layer``, ignored without.

        Returns:
            ``EncodedText``; every part is zero in the padding.
        """
        mask = sequence_mask(lengths, ids.shape[1])
        speaker = None if speaker is None else speaker.view_as(speaker)
        embedded = (self.embedding(ids) * self.scale).transpose(1, 2)
        if language is not None:
            embedded = torch.cat([embedded, language.expand(-1, -1, ids.shape[1])], dim=1)
        hidden = self.encoder(embedded, mask, speaker)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return EncodedText(hidden, Gaussian(mean, log_std), mask, language, speaker)
