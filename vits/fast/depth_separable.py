"""Depth-separable convolutions that stay in one memory order and skip masks of ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.masks import apply_mask, mask_if_padded
from vits.fast.tracing import is_traced
from vits.layers.depth_separable import DepthSeparableStack

__all__ = ["FastDepthSeparableStack"]


class FastDepthSeparableStack(DepthSeparableStack):
    """A ``DepthSeparableStack`` that computes on (B, S, C) and looks once for padding."""

    def forward(self, x: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        """Map (B, C, S) to (B, C, S), zero where ``mask`` (B, 1, S) is."""
        if is_traced():
            return super().forward(x, mask, context)
        needed = mask_if_padded(mask)
        needed = None if needed is None else needed.transpose(1, 2)
        rows = (x if context is None else x + context).transpose(1, 2)
        if needed is not None and x.device.type != "cpu":
            return self._forward_masked(rows, needed).transpose(1, 2)
        for layer in self.layers():
            rows = rows + self._residual_branch(apply_mask(rows, needed), *layer)
        return apply_mask(rows, needed).transpose(1, 2)

    def _forward_masked(self, rows: Tensor, mask: Tensor) -> Tensor:
        """Map (B, S, C) to (B, S, C) with one kernel for residual and mask (B, S, 1)."""
        rows = rows * mask
        for layer in self.layers():
            rows = torch.addcmul(rows, self._residual_branch(rows, *layer), mask)
        return rows

    def _residual_branch(
        self,
        rows: Tensor,
        depthwise: nn.Module,
        norm_1: nn.Module,
        pointwise: nn.Module,
        norm_2: nn.Module,
    ) -> Tensor:
        """Return what a layer adds to masked (B, S, C)."""
        y = functional.gelu(norm_1(_map_rows(depthwise, rows)))
        y = functional.gelu(norm_2(_map_rows(pointwise, y)))
        return self.dropout(y.transpose(1, 2)).transpose(1, 2)


def _map_rows(convolution: nn.Module, rows: Tensor) -> Tensor:
    """Convolve (B, S, C) to (B, S, O)."""
    if isinstance(convolution, ChannelsLastConv1d):
        return convolution.map_rows(rows)
    return convolution(rows.transpose(1, 2)).transpose(1, 2)
