"""Text encoder: symbols -> hidden sequence and prior Gaussian (figure 1: text encoder)."""

import math

from torch import Tensor, nn

from vits.layers.attention import TransformerEncoder
from vits.layers.masking import sequence_mask
from vits.models.outputs import EncodedText, Gaussian

__all__ = ["TextEncoder"]


class TextEncoder(nn.Module):
    """Embedding, transformer, and a projection to mean and log standard deviation.

    Source: VITS section 2.2.1; the embedding is scaled by sqrt(H) as in the original.
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
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(hidden_channels)
        self.embedding = nn.Embedding(n_symbols, hidden_channels)
        nn.init.normal_(self.embedding.weight, 0.0, hidden_channels**-0.5)
        self.encoder = TransformerEncoder(
            hidden_channels, filter_channels, n_heads, n_layers, kernel_size, dropout, window_size
        )
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> EncodedText:
        """Encode a padded batch.

        Args:
            ids: (B, S) int64 rows of the symbol table.
            lengths: (B,) int64.

        Returns:
            ``EncodedText``; every part is zero in the padding.
        """
        mask = sequence_mask(lengths, ids.shape[1])
        embedded = (self.embedding(ids) * self.scale).transpose(1, 2)
        hidden = self.encoder(embedded, mask)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return EncodedText(hidden, Gaussian(mean, log_std), mask)
