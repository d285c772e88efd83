"""Convolutions for inference that keep the channels of a moment adjacent in memory.

Torch stores (B, C, T) channel by channel, and oneDNN is much faster where the channels of one
moment are adjacent. A tensor (B, C, T) with the memory order (B, T, C) is an image (B, C, 1, T) in
torch's channels-last order. So weights are stored in that order once, and nothing is copied between
one convolution and the next: elementwise operations keep the memory order.

Weights and products may be rounded to bfloat16; sums of products stay float32. On a CPU without
bfloat16 instructions, the rounded values are multiplied in float32. This gives the same values up
to the order of summation, and is a hundred times faster than torch's own bfloat16 there.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.cpu import computes_bf16
from vits.fast.replacement import take_over
from vits.fast.tracing import is_traced

__all__ = ["PackedConv1d", "PackedConvTranspose1d", "RoundedLinear", "pack"]

# elements of a signal up to which torch does not use oneDNN, and is slow for dilated convolutions
SHORT = 20480


class _Packed(nn.Module):
    """Mixin of a layer: stores its weight for inference, and rounds what it multiplies.

    The parameters keep their names and shapes. ``load_state_dict``, ``to`` and ``double`` take
    effect, since nothing is stored but the parameters.

    Attributes:
        rounded: what weights, input and output are rounded to; None: the weight's own precision.
    """

    weight: Tensor
    bias: Tensor | None
    rounded: torch.dtype | None

    def prepare(self) -> None:
        """Round and reorder the parameters, in place."""
        emulated = self.weight.device.type == "cpu" and not computes_bf16()
        self._store(torch.float32 if emulated else self.rounded)

    def _store(self, dtype: torch.dtype | None) -> None:
        for parameter in (self.weight, self.bias):
            if parameter is None:
                continue
            value = parameter.data
            if value.dim() == 3:
                value = value.unsqueeze(2).contiguous(memory_format=torch.channels_last).squeeze(2)
            if self.rounded is not None:
                value = value.to(self.rounded).to(dtype)
            parameter.data = value

    def _load_from_state_dict(self, *args: Any, **options: Any) -> None:
        super()._load_from_state_dict(*args, **options)
        self._store(self.weight.dtype)

    def _tensors(self) -> tuple[Tensor, Tensor | None]:
        """Return weight and bias, faster than ``nn.Module`` looks up an attribute."""
        parameters: dict[str, Any] = self._parameters
        return parameters["weight"], parameters["bias"]

    def _enter(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Round an input and bring it to the precision of the weight."""
        if self.rounded is None:
            return x if x.dtype == dtype else x.to(dtype)
        return x if x.dtype == self.rounded == dtype else x.to(self.rounded).to(dtype)

    def _leave(self, y: Tensor) -> Tensor:
        """Round an output; in a model converted to float64 it stays float64."""
        if self.rounded is None or y.dtype == self.rounded:
            return y
        rounded = y.to(self.rounded)
        return rounded.to(y.dtype) if y.dtype == torch.float64 else rounded


class _PackedConvolution(_Packed):
    """Mixin of a convolution, which is computed as that of an image of height 1."""

    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]

    def prepare(self) -> None:
        """Round and reorder the parameters, in place."""
        super().prepare()
        self._stride, self._dilation = (1, *self.stride), (1, *self.dilation)
        self._padding = (0, int(self.padding[0]))


class PackedConv1d(_PackedConvolution, nn.Conv1d):
    """An ``nn.Conv1d`` whose output has the memory order (B, T', O)."""

    def prepare(self) -> None:
        """Round and reorder the parameters, in place."""
        super().prepare()
        span = self.dilation[0] * (self.kernel_size[0] - 1)
        keeps_length = self.stride == (1,) and 2 * int(self.padding[0]) == span
        dense_and_dilated = self.groups == 1 and self.dilation[0] > 1
        self._is_slow_if_short = dense_and_dilated and keeps_length  # in float32

    def forward(self, input: Tensor) -> Tensor:
        """Convolve (B, C, T) to (B, O, T')."""
        weight, bias = self._tensors()
        x = self._enter(input, weight.dtype)
        if is_traced():
            return self._leave(super().forward(x))
        short = self._is_slow_if_short and x.shape[0] == 1 and x.numel() <= SHORT
        if short and weight.dtype == torch.float32:
            return self._leave(_sum_of_products(self, x))
        x, weight = x.unsqueeze(2), weight.unsqueeze(2)
        y = functional.conv2d(
            x, weight, bias, self._stride, self._padding, self._dilation, self.groups
        )
        return self._leave(y).squeeze(2)


def _sum_of_products(convolution: nn.Conv1d, x: Tensor) -> Tensor:
    """Convolve (1, C, T), which keeps its length, by a matrix product for each tap."""
    weight, bias, step = convolution.weight, convolution.bias, convolution.dilation[0]
    padding, length = int(convolution.padding[0]), x.shape[2]
    padded = functional.pad(x[0].T, (0, 0, padding, padding))
    total = weight.new_zeros(length, len(weight))
    if bias is not None:
        total += bias
    for i, tap in enumerate(weight.unbind(2)):
        total.addmm_(padded[i * step : i * step + length], tap.T)
    return total.T[None]


class PackedConvTranspose1d(_PackedConvolution, nn.ConvTranspose1d):
    """An ``nn.ConvTranspose1d`` whose output has the memory order (B, T', O)."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Convolve (B, C, T) to (B, O, T')."""
        weight, bias = self._tensors()
        x = self._enter(input, weight.dtype)
        if output_size is not None or is_traced():
            return self._leave(super().forward(x, output_size))
        x, weight, more = x.unsqueeze(2), weight.unsqueeze(2), (0, *self.output_padding)
        y = functional.conv_transpose2d(
            x, weight, bias, self._stride, self._padding, more, self.groups, self._dilation
        )
        return self._leave(y).squeeze(2)


class RoundedLinear(_Packed, nn.Linear):
    """An ``nn.Linear`` with rounded weights, input and output."""

    def forward(self, input: Tensor) -> Tensor:
        """Map (..., C) to (..., O)."""
        return self._leave(super().forward(self._enter(input, self.weight.dtype)))


PACKED: dict[type[nn.Module], type[_Packed]] = {
    nn.Conv1d: PackedConv1d,
    ChannelsLastConv1d: PackedConv1d,
    nn.ConvTranspose1d: PackedConvTranspose1d,
}


def pack(module: nn.Module, rounded: torch.dtype | None = None) -> nn.Module:
    """Replace every convolution in a module, or the module itself, by its packed equivalent.

    Args:
        module: its weight norm is folded; it cannot be trained any more.
        rounded: what convolutions and linear layers round to; None: each keeps its precision.

    Returns:
        The module; another object where ``module`` is a layer itself.
    """
    for name, child in module.named_children():
        setattr(module, name, pack(child, rounded))
    packed = PACKED.get(type(module))
    if type(module) is nn.Linear and rounded is not None:
        packed = RoundedLinear
    if packed is None:
        return module
    new = take_over(module, packed)
    new.rounded = rounded
    new.prepare()
    return new
