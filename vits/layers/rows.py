"""Convolutions over rows: signals (B, S, C), where the channels of a position lie side by side.

Normalisations and products over channels need no reordering there, and on a processor a depthwise
convolution is quicker as a sum over its taps, forwards and backwards (figures: docs/speed.md).
Parameters are those of ``nn.Conv1d``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.tracing import graph_is_traced

__all__ = ["convolve_rows"]


def convolve_rows(convolution: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution that keeps the length.

    Args:
        convolution: an ``nn.Conv1d`` of an odd kernel, padded by half of what it spans, or what
            took its place for speaking.
        x: (B, S, C).

    Returns:
        (B, S, O).
    """
    if not isinstance(convolution, nn.Conv1d):
        return convolution(x.transpose(1, 2)).transpose(1, 2)
    weight, bias = convolution.weight, convolution.bias
    if weight.shape[2] == 1:
        return functional.linear(x, weight.squeeze(2), bias)
    if convolution.groups == weight.shape[0] == x.shape[2] and _sums_are_quick(x):
        return _sum_of_taps(convolution, x)
    return convolution(x.transpose(1, 2)).transpose(1, 2)


def _sums_are_quick(x: Tensor) -> bool:
    """Say whether sums over taps are: an exported or compiled graph holds the convolution."""
    return x.device.type == "cpu" and not graph_is_traced()


def _sum_of_taps(convolution: nn.Conv1d, x: Tensor) -> Tensor:
    step, padding, length = convolution.dilation[0], int(convolution.padding[0]), x.shape[1]
    padded = functional.pad(x, (0, 0, padding, padding))
    first, *others = convolution.weight.squeeze(1).T.contiguous()  # each tap's channels together
    assert convolution.bias is not None
    total = torch.addcmul(convolution.bias, padded[:, :length], first)
    for i, tap in enumerate(others, start=1):
        total.addcmul_(padded[:, i * step : i * step + length], tap)
    return total
