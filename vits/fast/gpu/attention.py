"""Attention with relative positions as one node of the graph: few kernels on a GPU.

A line of scores has a margin of the window on both sides, so that the windows of all lines are one
strided view of the scores. The products with relative keys and values read and write it.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.attention import MASKED_SCORE

__all__ = ["joint_attention"]


def joint_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    relative_key: Tensor,
    relative_value: Tensor,
    padding: Tensor | None,
    dropout: float,
) -> Tensor:
    """Compute the heads of ``RelativeAttention``; they can be differentiated once.

    The weights are computed in at least float32.

    Args:
        q: queries (N, S, D) of all heads of all utterances.
        k: keys (N, S, D).
        v: values (N, S, D).
        relative_key: (1, 2W + 1, D).
        relative_value: (1, 2W + 1, D).
        padding: (B, 1, 1, S) bool, N a multiple of B; None: there is none.
        dropout: probability, on the weights.

    Returns:
        (N, S, D).
    """
    relative = (x.to(q.dtype) for x in (relative_key, relative_value))
    return _Attention.apply(q, k, v, *relative, padding, dropout)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        relative_key: Tensor,
        relative_value: Tensor,
        padding: Tensor | None,
        dropout: float,
    ) -> Tensor:
        """Map queries, keys and values (N, S, D) to heads (N, S, D)."""
        ctx.scale, ctx.kept = 1 / math.sqrt(q.shape[-1]), 1 - dropout
        n_positions = relative_key.shape[1]
        wide, scores, windows = _with_margins(q, n_positions)
        windows.copy_(_product(q, relative_key[0].T))
        scores.baddbmm_(q, k.mT, beta=ctx.scale, alpha=ctx.scale)
        if padding is not None:
            heads = wide.unflatten(0, (len(padding), -1))[..., n_positions // 2 :]
            heads[..., : q.shape[1]].masked_fill_(padding, MASKED_SCORE)
        precise = torch.promote_types(q.dtype, torch.float32)
        weights = functional.softmax(scores, dim=-1, dtype=precise)
        dropped, kept = weights, None
        if dropout:
            dropped, kept = torch.native_dropout(weights, dropout, True)
        wide, columns, windows = _with_margins(v, n_positions)
        columns.copy_(dropped)
        ctx.save_for_backward(q, k, v, relative_key, relative_value, weights, kept, wide)
        heads = torch.bmm(columns, v)
        return heads.baddbmm_(windows, relative_value.expand(len(v), -1, -1))

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, relative_key, relative_value, weights, kept, wide = ctx.saved_tensors
        n_positions, to_heads = relative_key.shape[1], outer[0].contiguous()
        columns, windows = _views(wide, n_positions)
        to_v = torch.bmm(columns.mT, to_heads)
        to_relative_value = torch.bmm(windows.mT, to_heads).sum(0, keepdim=True)
        _, to_weights, windows = _with_margins(q, n_positions)
        windows.copy_(_product(to_heads, relative_value[0].T))
        to_weights.baddbmm_(to_heads, v.mT)
        if kept is not None:
            to_weights = torch.ops.aten.native_dropout_backward(to_weights, kept, 1 / ctx.kept)
        to_scores = torch.ops.aten._softmax_backward_data(
            to_weights.to(weights.dtype), weights, -1, weights.dtype
        )
        _, columns, windows = _with_margins(q, n_positions)
        torch.mul(to_scores, ctx.scale, out=columns)
        to_q = torch.bmm(columns, k).baddbmm_(windows, relative_key.expand(len(q), -1, -1))
        to_relative_key = torch.bmm(windows.mT, q).sum(0, keepdim=True)
        return to_q, torch.bmm(columns.mT, q), to_v, to_relative_key, to_relative_value, None, None


def _product(rows: Tensor, matrix: Tensor) -> Tensor:
    """Multiply (N, S, D) with one matrix (D, R): (N, S, R)."""
    return torch.mm(rows.flatten(0, 1), matrix).unflatten(0, rows.shape[:2])


def _with_margins(q: Tensor, n_positions: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return zeros (N, S, S + 2W) like queries (N, S, D), with the views of ``_views``."""
    wide = q.new_zeros(*q.shape[:2], q.shape[1] + n_positions - 1)
    return wide, *_views(wide, n_positions)


def _views(wide: Tensor, n_positions: int) -> tuple[Tensor, Tensor]:
    """View (N, S, S + 2W) without its margins (N, S, S), and its windows (N, S, 2W + 1)."""
    n, length, width = wide.shape
    start = n_positions // 2
    windows = wide.as_strided((n, length, n_positions), (length * width, width + 1, 1))
    return wide[..., start : start + length], windows
