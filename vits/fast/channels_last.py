"""Convolution that keeps the channels of a position adjacent in memory.

In a tensor (B, C, S) with the memory order (B, S, C), layer normalisation and products over
channels copy nothing, and on a CPU a depthwise convolution is faster as a sum over its taps,
forward and backward (figures: docs/explanation/speed.md). Elementwise operations keep the memory
order, so a text encoder or a duration predictor stays in it from end to end.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast.tracing import is_traced

__all__ = ["ChannelsLastConv1d"]


class ChannelsLastConv1d(nn.Conv1d):
    """An ``nn.Conv1d`` that is fastest where the channels of a position are adjacent."""

    def forward(self, input: Tensor) -> Tensor:
        """Map (B, C, S) to (B, O, S')."""
        if is_traced():
            return super().forward(input)
        return self.map_rows(input.transpose(1, 2)).transpose(1, 2)

    def map_rows(self, rows: Tensor) -> Tensor:
        """Map (B, S, C) to (B, S', O)."""
        if self._is_pointwise():
            return functional.linear(rows, self.weight.squeeze(2), self.bias)
        if self._is_depthwise() and rows.device.type == "cpu":
            return _sum_of_taps(self, rows)
        return super().forward(rows.transpose(1, 2)).transpose(1, 2)

    def _is_pointwise(self) -> bool:
        geometry = (self.kernel_size, self.stride, self.padding, self.groups)
        return geometry == ((1,), (1,), (0,), 1)

    def _is_depthwise(self) -> bool:
        """Return whether each output has one input, and the length stays."""
        if not self.groups == self.in_channels == self.out_channels or self.bias is None:
            return False
        span = self.dilation[0] * (self.kernel_size[0] - 1)
        return self.stride == (1,) and self.padding == (span // 2,) and span % 2 == 0


def _sum_of_taps(convolution: nn.Conv1d, x: Tensor) -> Tensor:
    """Convolve (B, S, C) with a kernel for each channel: (B, S, C)."""
    step, padding, length = convolution.dilation[0], int(convolution.padding[0]), x.shape[1]
    padded = functional.pad(x, (0, 0, padding, padding))
    first, *others = convolution.weight.squeeze(1).T.contiguous()  # each tap's channels together
    assert convolution.bias is not None
    total = torch.addcmul(convolution.bias, padded[:, :length], first)
    for i, tap in enumerate(others, start=1):
        total.addcmul_(padded[:, i * step : i * step + length], tap)
    return total
