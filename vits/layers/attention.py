"""Self-attention with relative positions inside a window, and the transformer built of it.

Inside, signals are rows (B, S, C).
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.dropout import Dropout
from vits.layers.rows import convolve_rows
from vits.layers.tracing import graph_is_traced

__all__ = ["FeedForward", "RelativeAttention", "TransformerEncoder"]

# The original's fill for the scores of padding, which no row looks at then. What rows of padding
# see themselves is removed by the mask after the block.
MASKED_SCORE = -1e4


class RelativeAttention(nn.Module):
    """Multi-head self-attention whose keys and values know distances up to ``window_size``.

    score[i, j] = q_i . (k_j + r^K_{j-i}) / sqrt(D), output_i = sum_j p[i, j] (v_j + r^V_{j-i});
    r is zero beyond the window and shared by all heads.

    Source: Shaw et al. 2018, arXiv:1803.02155; windowed as in VITS (paper section 2.2.1).
    """

    def __init__(self, channels: int, n_heads: int, window_size: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.window_size = n_heads, window_size
        depth = channels // n_heads
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.value = nn.Conv1d(channels, channels, 1)
        self.output = nn.Conv1d(channels, channels, 1)
        self.dropout = Dropout(dropout)
        n_positions = 2 * window_size + 1
        self.relative_key = nn.Parameter(torch.randn(1, n_positions, depth) * depth**-0.5)
        self.relative_value = nn.Parameter(torch.randn(1, n_positions, depth) * depth**-0.5)
        for layer in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        """Attend over real positions.

        Args:
            x: (B, S, C).
            padding: (B, 1, S), true where there is padding; None: nowhere.

        Returns:
            (B, S, C); padded rows hold no meaning.
        """
        layers = (self.query, self.key, self.value)
        q, k, v = (self._split(convolve_rows(layer, x)) for layer in layers)
        q = q / math.sqrt(q.shape[-1])
        by_diagonals = _may_work_on_diagonals()
        scores, near = q @ k.transpose(-2, -1), q @ self.relative_key.transpose(1, 2)
        if by_diagonals:
            for diagonal, column in self._diagonals(scores, near):
                diagonal.add_(column)
        else:
            scores = scores + self._to_absolute(near)
        if padding is not None:
            scores = scores.masked_fill(padding.unsqueeze(1), MASKED_SCORE)
        weights = self.dropout(functional.softmax(scores, dim=-1))
        if by_diagonals:
            near = torch.zeros_like(near)
            for diagonal, column in self._diagonals(weights, near):
                column.copy_(diagonal)
        else:
            near = self._to_relative(weights)
        heads = weights @ v + near @ self.relative_value
        return convolve_rows(self.output, heads.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """(B, S, C) -> (B, H, S, D)."""
        depth = x.shape[2] // self.n_heads
        return x.reshape(x.shape[0], -1, self.n_heads, depth).transpose(1, 2)

    def _diagonals(self, square: Tensor, near: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield views: each diagonal of (B, H, S, S) in the window, its part of (B, H, S, 2W+1)."""
        for i in range(2 * self.window_size + 1):
            offset = i - self.window_size
            diagonal, first = square.diagonal(offset, 2, 3), max(0, -offset)
            yield diagonal, near[:, :, first : first + diagonal.shape[2], i]

    def _to_absolute(self, x: Tensor) -> Tensor:
        """Move column r of (B, H, S, 2W+1) to column i + r - W of (B, H, S, S), zero elsewhere.

        Rows padded to S + 2W + 1 and re-read S + 2W wide shift by one column per row.
        """
        length, window = x.shape[2], self.window_size
        flat = functional.pad(x, (0, length)).flatten(2)[..., :-length]
        rows = flat.reshape(*x.shape[:2], length, length + 2 * window)
        return rows[..., window : window + length]

    def _to_relative(self, x: Tensor) -> Tensor:
        """Undo ``_to_absolute``: take the 2W+1 entries around the diagonal of (B, H, S, S)."""
        length, window = x.shape[2], self.window_size
        flat = functional.pad(functional.pad(x, (window, window)).flatten(2), (0, length))
        rows = flat.reshape(*x.shape[:2], length, length + 2 * window + 1)
        return rows[..., : 2 * window + 1]


def _find_padding(mask: Tensor) -> Tensor | None:
    """Mark what a mask (B, 1, S) leaves out; None where a look at it shows that it is nothing."""
    padding = mask == 0
    may_look = mask.device.type == "cpu" and _may_work_on_diagonals()
    return None if may_look and not padding.any() else padding


def _may_work_on_diagonals() -> bool:
    """Say whether views may be changed in place: quicker, same values, but no graph can record it.

    With gradients, each such change would copy the whole square on the way back.
    """
    return not (torch.is_grad_enabled() or graph_is_traced())


class FeedForward(nn.Module):
    """Two convolutions over time with a ReLU between them."""

    def __init__(
        self, channels: int, filter_channels: int, kernel_size: int, dropout: float
    ) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel_size, padding=padding)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel_size, padding=padding)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, S, C) to (B, S, C); ``mask`` (B, S, 1) zeroes the padding."""
        hidden = self.dropout(torch.relu(convolve_rows(self.conv_1, x * mask)))
        return convolve_rows(self.conv_2, hidden * mask) * mask


class TransformerEncoder(nn.Module):
    """Post-norm transformer blocks: attention, then feed-forward, each with a residual."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
        window_size: int,
    ) -> None:
        super().__init__()
        layers = range(n_layers)
        self.attentions = nn.ModuleList(
            RelativeAttention(channels, n_heads, window_size, dropout) for _ in layers
        )
        self.attention_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in layers)
        self.feed_forwards = nn.ModuleList(
            FeedForward(channels, filter_channels, kernel_size, dropout) for _ in layers
        )
        self.feed_forward_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in layers)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, C, S) to (B, C, S); ``mask`` (B, 1, S) zeroes the padding."""
        padding, mask = _find_padding(mask), mask.transpose(1, 2)
        x = x.transpose(1, 2) * mask
        for attention, norm_1, feed_forward, norm_2 in zip(
            self.attentions,
            self.attention_norms,
            self.feed_forwards,
            self.feed_forward_norms,
            strict=True,
        ):
            x = norm_1(x + self.dropout(attention(x, padding)))
            x = norm_2(x + self.dropout(feed_forward(x, mask)))
        return (x * mask).transpose(1, 2)
