"""Self-attention with relative positions inside a window, and the transformer built from it."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MASKED_SCORE", "FeedForward", "RelativeAttention", "TransformerEncoder"]

# The original's score for padded keys: their weight underflows to 0. Padded queries attend to
# padding; the mask after the block removes what they compute.
MASKED_SCORE = -1e4


class RelativeAttention(nn.Module):
    """Multi-head self-attention whose keys and values depend on distances up to ``window_size``.

    score[i, j] = q_i . (k_j + r^K_{j-i}) / sqrt(D), output_i = sum_j p[i, j] (v_j + r^V_{j-i});
    r is zero beyond the window and shared by all heads.

    Source: Shaw et al. 2018, arXiv:1803.02155; windowed as in VITS (paper section 2.2.1).

    Args:
        channels: C, a multiple of ``n_heads``.
        n_heads: H.
        window_size: W, the largest distance with an embedding.
        dropout: probability, on the attention weights.
    """

    def __init__(self, channels: int, n_heads: int, window_size: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.window_size = n_heads, window_size
        self.depth = channels // n_heads
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.value = nn.Conv1d(channels, channels, 1)
        self.output = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)
        n_positions, scale = 2 * window_size + 1, self.depth**-0.5
        self.relative_key = nn.Parameter(torch.randn(1, n_positions, self.depth) * scale)
        self.relative_value = nn.Parameter(torch.randn(1, n_positions, self.depth) * scale)
        for layer in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend over real positions.

        Args:
            x: (B, C, S).
            mask: (B, 1, S).

        Returns:
            (B, C, S); undefined in the padding.
        """
        q, k, v = (self._split(layer(x)) for layer in (self.query, self.key, self.value))
        q = q / math.sqrt(self.depth)
        scores = q @ k.transpose(-2, -1) + self._to_absolute(q @ self.relative_key.transpose(1, 2))
        scores = scores.masked_fill(mask.unsqueeze(1) == 0, MASKED_SCORE)
        weights = self.dropout(functional.softmax(scores, dim=-1))
        heads = weights @ v + self._to_relative(weights) @ self.relative_value
        return self.output(heads.transpose(2, 3).flatten(1, 2))

    def _split(self, x: Tensor) -> Tensor:
        """(B, C, S) -> (B, H, S, D)."""
        return x.reshape(x.shape[0], self.n_heads, self.depth, -1).transpose(2, 3)

    def _to_absolute(self, x: Tensor) -> Tensor:
        """Move column r of (B, H, S, 2W+1) to column i + r - W of (B, H, S, S), zero elsewhere.

        Padded to S + 2W + 1 columns and read again as S + 2W columns, each line shifts by one.
        """
        length, window = x.shape[2], self.window_size
        flat = functional.pad(x, (0, length)).flatten(2)[..., :-length]
        shifted = flat.reshape(*x.shape[:2], length, length + 2 * window)
        return shifted[..., window : window + length]

    def _to_relative(self, x: Tensor) -> Tensor:
        """Undo ``_to_absolute``: take the 2W+1 entries around the diagonal of (B, H, S, S)."""
        length, window = x.shape[2], self.window_size
        flat = functional.pad(functional.pad(x, (window, window)).flatten(2), (0, length))
        shifted = flat.reshape(*x.shape[:2], length, length + 2 * window + 1)
        return shifted[..., : 2 * window + 1]


class FeedForward(nn.Module):
    """Two convolutions over time with a ReLU between them."""

    def __init__(
        self, channels: int, filter_channels: int, kernel_size: int, dropout: float
    ) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel_size, padding=padding)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel_size, padding=padding)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, C, S) to (B, C, S), zero where ``mask`` (B, 1, S) is."""
        hidden = self.dropout(torch.relu(self.conv_1(x * mask)))
        return self.conv_2(hidden * mask) * mask


class TransformerEncoder(nn.Module):
    """Post-norm transformer blocks: attention, then feed-forward, each with a residual.

    With ``conditioning_channels``, a projection of the conditioning is added to the input of one
    block.

    Source: VITS section 2.2.1; the conditioning is that of VITS2 (Kong et al. 2023,
    arXiv:2307.16430, section 2.4).
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
        window_size: int,
        *,
        conditioning_channels: int = 0,
        conditioned_layer: int = 0,
    ) -> None:
        super().__init__()
        layers = range(n_layers)
        self.conditioned_layer = conditioned_layer
        self.conditioning = (
            nn.Conv1d(conditioning_channels, channels, 1) if conditioning_channels else None
        )
        self.attentions = nn.ModuleList(
            RelativeAttention(channels, n_heads, window_size, dropout) for _ in layers
        )
        self.attention_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in layers)
        self.feed_forwards = nn.ModuleList(
            FeedForward(channels, filter_channels, kernel_size, dropout) for _ in layers
        )
        self.feed_forward_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in layers)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map (B, C, S) to (B, C, S), zero where ``mask`` (B, 1, S) is.

        Args:
            x: (B, C, S).
            mask: (B, 1, S).
            conditioning: (B, G, 1); needed with ``conditioning_channels``, ignored without.
        """
        x = x * mask
        added = self._project_conditioning(conditioning)
        for i, (attention, norm_1, feed_forward, norm_2) in enumerate(self._blocks()):
            if added is not None and i == self.conditioned_layer:
                x = x + added
            x = x + self.dropout(attention(x, mask))
            x = norm_1(x.transpose(1, 2)).transpose(1, 2)
            x = x + self.dropout(feed_forward(x, mask))
            x = norm_2(x.transpose(1, 2)).transpose(1, 2)
        return x * mask

    def _blocks(self) -> Iterator[tuple[nn.Module, nn.Module, nn.Module, nn.Module]]:
        """Iterate over the parts of each block, in the order in which they compute."""
        return zip(
            self.attentions,
            self.attention_norms,
            self.feed_forwards,
            self.feed_forward_norms,
            strict=True,
        )

    def _project_conditioning(self, conditioning: Tensor | None) -> Tensor | None:
        """Return what is added to the conditioned block's input, (B, C, 1); None for nothing."""
        if self.conditioning is None:
            return None
        assert conditioning is not None, "this transformer needs its conditioning"
        return self.conditioning(conditioning)
