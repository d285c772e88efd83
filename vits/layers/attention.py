"""Self-attention with relative positions inside a window, and the transformer built of it.

Inside, signals are rows (B, S, C).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.dropout import Dropout
from vits.layers.masking import mask_rows, masked, may_look, needed_mask
from vits.layers.rows import convolve_rows

__all__ = ["FeedForward", "RelativeAttention", "TransformerEncoder"]

# The original's fill for the scores of padding, which no row looks at then. What rows of padding
# see themselves is removed by the mask after the block.
MASKED_SCORE = -1e4
LANES = 16  # of the widest vectors: rows of a multiple of it are summed soonest


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
        self.joined: nn.Linear | None = None
        self.dropout = Dropout(dropout)
        n_positions = 2 * window_size + 1
        self.relative_key = nn.Parameter(torch.randn(1, n_positions, depth) * depth**-0.5)
        self.relative_value = nn.Parameter(torch.randn(1, n_positions, depth) * depth**-0.5)
        for layer in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(layer.weight)

    def join(self) -> None:
        """Let one product give queries, keys and values, which cannot be trained from then on."""
        layers = (self.query, self.key, self.value)
        channels = self.query.in_channels
        joined = nn.Linear(channels, 3 * channels, device="meta")  # without values: draws nothing
        joined.weight = _join(layer.weight.squeeze(2) for layer in layers)
        joined.bias = _join(layer.bias for layer in layers)
        self.joined = joined
        del self.query, self.key, self.value

    def forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        """Attend over real positions.

        Args:
            x: (B, S, C).
            padding: (B, 1, S), true where there is padding; None: nowhere.

        Returns:
            (B, S, C); padded rows hold no meaning.
        """
        if self.joined is None:
            seen = (convolve_rows(layer, x) for layer in (self.query, self.key, self.value))
        else:
            seen = self.joined(x).chunk(3, dim=2)
        q, k, v = map(self._split, seen)
        q = q / math.sqrt(q.shape[-1])
        attend = self._attend_in_place if may_look() else self._attend
        heads = attend(q, k, v, None if padding is None else padding.unsqueeze(1))
        return convolve_rows(self.output, heads.transpose(1, 2).flatten(2))

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, padding: Tensor | None) -> Tensor:
        """Mix the values of each head: all (B, H, S, D), ``padding`` (B, 1, 1, S) or None."""
        scores = q @ k.transpose(-2, -1) + self._to_absolute(q @ self.relative_key.transpose(1, 2))
        if padding is not None:
            scores = scores.masked_fill(padding, MASKED_SCORE)
        weights = self.dropout(functional.softmax(scores, dim=-1))
        return weights @ v + self._to_relative(weights) @ self.relative_value

    def _attend_in_place(self, q: Tensor, k: Tensor, v: Tensor, padding: Tensor | None) -> Tensor:
        """Do what ``_attend`` does, sooner, where no graph records it.

        Every row of scores stands between two margins of at least the window's width. So the
        windows of all rows are one view, which is changed in place; what of it is not in a row is
        in a margin.
        """
        batch, rows = q.shape[:2], slice(self.window_size, self.window_size + q.shape[2])
        width = -(-(rows.stop + self.window_size) // LANES) * LANES
        q, k, v = q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
        wide = q.new_empty(len(q), q.shape[1], width)
        torch.bmm(q, k.transpose(1, 2), out=wide[..., rows])
        self._windows(wide).add_(q @ self.relative_key.transpose(1, 2))
        wide[..., : rows.start] = wide[..., rows.stop :] = -math.inf
        if padding is not None:
            wide[..., rows].unflatten(0, batch).masked_fill_(padding, MASKED_SCORE)
        weights = self.dropout(functional.softmax(wide, dim=-1))
        heads = weights[..., rows] @ v + self._windows(weights) @ self.relative_value
        return heads.unflatten(0, batch)

    def _split(self, x: Tensor) -> Tensor:
        """(B, S, C) -> (B, H, S, D)."""
        depth = x.shape[2] // self.n_heads
        return x.reshape(x.shape[0], -1, self.n_heads, depth).transpose(1, 2)

    def _windows(self, wide: Tensor) -> Tensor:
        """View the window (N, S, 2W+1) around each row's own place in (N, S, W + S + margin)."""
        n, length, width = wide.shape
        return wide.as_strided(
            (n, length, 2 * self.window_size + 1), (length * width, width + 1, 1)
        )

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


def _join(parts: Iterable[Tensor | None]) -> nn.Parameter:
    """Stand parameters below one another."""
    joined = torch.cat([part.detach() for part in parts if part is not None])
    return nn.Parameter(joined, requires_grad=False)


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

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, S, C) to (B, S, C); ``mask`` (B, S, 1) zeroes the padding, if there is any."""
        hidden = self.dropout(torch.relu(convolve_rows(self.conv_1, masked(x, mask))))
        return masked(convolve_rows(self.conv_2, masked(hidden, mask)), mask)


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
        needed = needed_mask(mask)
        padding, rows = None if needed is None else needed == 0, mask_rows(needed)
        x = masked(x.transpose(1, 2), rows)
        for attention, norm_1, feed_forward, norm_2 in zip(
            self.attentions,
            self.attention_norms,
            self.feed_forwards,
            self.feed_forward_norms,
            strict=True,
        ):
            x = norm_1(x + self.dropout(attention(x, padding)))
            x = norm_2(x + self.dropout(feed_forward(x, rows)))
        return masked(x, rows).transpose(1, 2)
