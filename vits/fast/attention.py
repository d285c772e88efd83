"""Transformer encoder that writes scores in place and skips masks of ones, without gradients.

Signals are (B, C, S) with the memory order (B, S, C), see ``vits.fast.channels_last``.
"""

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast.gpu.attention import joint_attention
from vits.fast.masks import apply_mask, autocast_mask, mask_if_padded
from vits.fast.replacement import take_over
from vits.fast.tracing import is_traced, may_branch_on_values
from vits.layers.attention import (
    MASKED_SCORE,
    FeedForward,
    RelativeAttention,
    TransformerEncoder,
)

__all__ = [
    "FastFeedForward",
    "FastRelativeAttention",
    "FastTransformerEncoder",
    "JoinedRelativeAttention",
]

LANES = 16  # elements of the widest vector registers: softmax is fastest over multiples of them


class FastTransformerEncoder(TransformerEncoder):
    """A ``TransformerEncoder`` that looks once whether there is padding."""

    def forward(self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map (B, C, S) to (B, C, S), zero where ``mask`` (B, 1, S) is; as the plain one."""
        if is_traced():
            return super().forward(x, mask, conditioning)
        needed = mask_if_padded(mask)
        x = apply_mask(x, needed).transpose(1, 2)
        added = self._project_conditioning(conditioning)
        launched = x.device.type != "cpu" and torch.is_grad_enabled()
        for i, (attention, norm_1, feed_forward, norm_2) in enumerate(self._blocks()):
            if added is not None and i == self.conditioned_layer:
                x = x + added.transpose(1, 2)
            y = self.dropout(attention(x.transpose(1, 2), needed))
            x = norm_1(x + y.transpose(1, 2))
            if launched and needed is not None and isinstance(feed_forward, FastFeedForward):
                y = feed_forward.joint_forward(x.transpose(1, 2), needed)
            else:
                y = feed_forward(x.transpose(1, 2), needed)
            x = norm_2(x + self.dropout(y).transpose(1, 2))
        return apply_mask(x.transpose(1, 2), needed)


class FastFeedForward(FeedForward):
    """A ``FeedForward`` that takes None for a mask of ones."""

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, C, S) to (B, C, S), zero where ``mask`` (B, 1, S) is."""
        if mask is not None:
            return super().forward(x, mask)
        return self.conv_2(self.dropout(torch.relu(self.conv_1(x))))

    def joint_forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Compute ``forward`` in few kernels: (B, C, S), undefined in the padding."""
        hidden = self.dropout(torch.relu(self.conv_1(x * mask)))
        return self.conv_2(hidden * autocast_mask(mask))


class FastRelativeAttention(RelativeAttention):
    """A ``RelativeAttention`` that takes None for a mask of ones, and computes scores in place."""

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, C, S) to (B, C, S); ``mask`` is (B, 1, S)."""
        if mask is not None and is_traced():
            return super().forward(x, mask)
        padding = None if mask is None else (mask == 0).unsqueeze(1)
        if x.device.type != "cpu" and torch.is_grad_enabled():
            return self.joint_forward(x, padding)
        q, k, v = map(self._split_heads, self._project(x))
        q = q / math.sqrt(self.depth)
        attend = self._attend_in_place if may_branch_on_values() else self._attend
        heads = attend(q, k, v, padding)
        rows = heads.transpose(1, 2).flatten(2)
        return self.output(rows.transpose(1, 2))

    def joint_forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        """Attend in few kernels on a GPU: (B, C, S) to (B, C, S); ``padding`` (B, 1, 1, S)."""
        weight, bias = self._joined_projections()
        rows = functional.linear(x.transpose(1, 2), weight, bias)
        parts = rows.unflatten(2, (3, self.n_heads, self.depth)).permute(2, 0, 3, 1, 4)
        q, k, v = parts.flatten(1, 2).unbind()
        relative = self.relative_key, self.relative_value
        heads = joint_attention(q, k, v, *relative, padding, self.dropout.p * self.training)
        rows = heads.unflatten(0, (len(x), -1)).transpose(1, 2).flatten(2)
        return self.output(rows.transpose(1, 2))

    def _joined_projections(self) -> tuple[Tensor, Tensor]:
        """Return weight (3C, C) and bias (3C,) of queries, keys and values."""
        layers = self.query, self.key, self.value
        weight = torch.cat([layer.weight for layer in layers]).squeeze(2)
        return weight, torch.cat([cast(Tensor, layer.bias) for layer in layers])

    def _project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute queries, keys and values, each (B, C, S)."""
        return self.query(x), self.key(x), self.value(x)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, padding: Tensor | None) -> Tensor:
        """Average the values of each head: all (B, H, S, D), ``padding`` (B, 1, 1, S) or None."""
        scores = q @ k.transpose(-2, -1) + self._to_absolute(q @ self.relative_key.transpose(1, 2))
        if padding is not None:
            scores = scores.masked_fill(padding, MASKED_SCORE)
        weights = self.dropout(functional.softmax(scores, dim=-1))
        return weights @ v + self._to_relative(weights) @ self.relative_value

    def _attend_in_place(self, q: Tensor, k: Tensor, v: Tensor, padding: Tensor | None) -> Tensor:
        """Compute ``_attend`` faster, without a graph.

        Each line of scores has a margin of at least the window on both sides. So the windows of all
        lines are one strided view, which is written in place; what leaves a line ends in a margin.
        """
        batch, columns = q.shape[:2], slice(self.window_size, self.window_size + q.shape[2])
        width = -(-(columns.stop + self.window_size) // LANES) * LANES
        q, k, v = q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
        wide = q.new_empty(len(q), q.shape[1], width)
        torch.bmm(q, k.transpose(1, 2), out=wide[..., columns])
        self._windows(wide).add_(q @ self.relative_key.transpose(1, 2))
        wide[..., : columns.start] = wide[..., columns.stop :] = -math.inf
        if padding is not None:
            wide[..., columns].unflatten(0, batch).masked_fill_(padding, MASKED_SCORE)
        weights = self.dropout(functional.softmax(wide, dim=-1))
        heads = weights[..., columns] @ v + self._windows(weights) @ self.relative_value
        return heads.unflatten(0, batch)

    def _split_heads(self, x: Tensor) -> Tensor:
        """(B, C, S) -> (B, H, S, D)."""
        rows = x.transpose(1, 2)
        return rows.reshape(x.shape[0], -1, self.n_heads, self.depth).transpose(1, 2)

    def _windows(self, wide: Tensor) -> Tensor:
        """View the window (N, S, 2W + 1) around the diagonal of (N, S, W + S + margin)."""
        n, length, width = wide.shape
        return wide.as_strided(
            (n, length, 2 * self.window_size + 1), (length * width, width + 1, 1)
        )


class JoinedRelativeAttention(FastRelativeAttention):
    """A ``RelativeAttention`` for inference: one product gives queries, keys and values.

    Its state dict is that of ``RelativeAttention``.
    """

    joined_weight: nn.Parameter
    joined_bias: nn.Parameter

    @classmethod
    def of(cls, attention: RelativeAttention) -> "JoinedRelativeAttention":
        """Join the layers of an attention."""
        joined = take_over(attention, cls)
        parts = [attention.query, attention.key, attention.value]
        weight = torch.cat([part.weight.detach().squeeze(2) for part in parts])
        bias = torch.cat([part.bias.detach() for part in parts if part.bias is not None])
        for name in _PARTS:
            delattr(joined, name)
        joined.joined_weight = nn.Parameter(weight, requires_grad=False)
        joined.joined_bias = nn.Parameter(bias, requires_grad=False)
        return joined

    def _joined_projections(self) -> tuple[Tensor, Tensor]:
        return self.joined_weight, self.joined_bias

    def _project(self, x: Tensor) -> tuple[Tensor, ...]:
        rows = functional.linear(x.transpose(1, 2), self.joined_weight, self.joined_bias)
        return tuple(part.transpose(1, 2) for part in rows.chunk(3, dim=2))

    def __getattr__(self, name: str) -> Any:
        """Compute one part as the plain class does, which a traced graph holds."""
        if name not in _PARTS:
            return super().__getattr__(name)
        part, channels = _PARTS.index(name), len(self.joined_bias) // len(_PARTS)
        indices = slice(part * channels, (part + 1) * channels)
        weight, bias = self.joined_weight[indices].unsqueeze(2), self.joined_bias[indices]
        return lambda x: functional.conv1d(x, weight, bias)

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        weight, bias = (destination.pop(f"{prefix}joined_{kind}") for kind in ("weight", "bias"))
        for name, w, b in zip(_PARTS, weight.chunk(3), bias.chunk(3), strict=True):
            destination[f"{prefix}{name}.weight"] = w.unsqueeze(2)
            destination[f"{prefix}{name}.bias"] = b

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **options: Any
    ) -> None:
        state = dict(state_dict)
        for kind in ("weight", "bias"):
            names = [f"{prefix}{name}.{kind}" for name in _PARTS]
            if all(name in state for name in names):
                joined = torch.cat([state.pop(name) for name in names])
                state[f"{prefix}joined_{kind}"] = joined.flatten(1) if kind == "weight" else joined
        super()._load_from_state_dict(state, prefix, *args, **options)


_PARTS = ("query", "key", "value")
