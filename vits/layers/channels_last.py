"""Convolutions for speaking that keep all channels of a moment together: the same sums, sooner.

Torch keeps (B, C, T) channel by channel, and oneDNN's kernels are much quicker where the channels
of one moment are neighbours. A tensor (B, C, T) whose memory is (B, T, C) is just what a picture
(B, C, 1, T) is to torch in its channels-last order, so nothing is copied between one convolution
and the next: what works value by value keeps the order of memory as it is.
"""

import platform

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ChannelsLastConv", "RoundedLinear", "computes_bf16", "keep_channels_last"]

# Numbers of a signal up to which torch does not ask oneDNN, and is slow where there is a dilation.
SHORT = 20480


def computes_bf16() -> bool:
    """Tell whether this processor has instructions that multiply in bfloat16.

    Asked of the processor, not of a clock: the same voice gives the same samples from run to run.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # pyright: ignore[reportPrivateUsage]
    return torch.backends.mkldnn.is_available() and bool(
        torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


class _Rounded(nn.Module):
    """Holds weights in a type and brings what comes in to the one that is computed in.

    Sums of products are float32 in both types. Where the processor has no bfloat16 instructions,
    what is multiplied is rounded to bfloat16 and then computed in float32, which gives the same
    values up to the order of the sums, and is a hundred times quicker there than torch's own.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        rounds = dtype == torch.bfloat16 and weight.device.type == "cpu" and not computes_bf16()
        self.computed = torch.float32 if rounds else dtype
        self.register_buffer("weight", weight.detach().to(dtype).to(self.computed))
        kept = None if bias is None else bias.detach().to(dtype).to(self.computed)
        self.register_buffer("bias", kept)

    def _enter(self, x: Tensor) -> Tensor:
        return x if x.dtype == self.dtype == self.computed else x.to(self.dtype).to(self.computed)

    def _leave(self, y: Tensor) -> Tensor:
        return y if y.dtype == self.dtype else y.to(self.dtype)


class ChannelsLastConv(_Rounded):
    """An ``nn.Conv1d`` or ``nn.ConvTranspose1d`` of plain weights: (B, C, T) to (B, O, T').

    Args:
        plain: the convolution that this one replaces, with its weight normalisation folded.
        dtype: ``torch.float32`` (or float64), or ``torch.bfloat16``: of the weights and the result.
    """

    def __init__(self, plain: nn.Conv1d | nn.ConvTranspose1d, dtype: torch.dtype) -> None:
        weight = plain.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        super().__init__(weight, plain.bias, dtype)
        self.transposed = isinstance(plain, nn.ConvTranspose1d)
        self.stride, self.padding = (1, plain.stride[0]), (0, int(plain.padding[0]))
        self.dilation, self.groups = (1, plain.dilation[0]), plain.groups
        self.more = (0, plain.output_padding[0])  # 0 but for some transposed ones
        spread = self.dilation[1] * (weight.shape[3] - 1)
        keeps_length = self.stride == (1, 1) and 2 * self.padding[1] == spread
        plain_dilated = self.dilation[1] > 1 and self.groups == 1 and keeps_length
        self.slow_if_short = plain_dilated and self.computed == torch.float32

    def forward(self, x: Tensor) -> Tensor:
        """Convolve; the result's memory is (B, T', O)."""
        rows, weight, bias = self._enter(x).unsqueeze(2), self.weight, self.bias
        if self.transposed:
            y = functional.conv_transpose2d(
                rows, weight, bias, self.stride, self.padding, self.more, self.groups, self.dilation
            )
        elif self.slow_if_short and len(rows) == 1 and rows.numel() <= SHORT:
            y = self._sum_products(rows)
        else:
            y = functional.conv2d(
                rows, weight, bias, self.stride, self.padding, self.dilation, self.groups
            )
        return self._leave(y).squeeze(2)

    def _sum_products(self, rows: Tensor) -> Tensor:
        """Convolve (1, C, 1, T), which keeps its length, by a product of matrices for each tap."""
        padding, step, length = self.padding[1], self.dilation[1], rows.shape[3]
        padded = functional.pad(rows[0, :, 0].T, (0, 0, padding, padding))
        total = self.weight.new_zeros(length, len(self.weight))
        if self.bias is not None:
            total += self.bias
        for i, tap in enumerate(self.weight[:, :, 0].unbind(2)):
            total.addmm_(padded[i * step : i * step + length], tap.T)
        return total.T[None, :, None]


class RoundedLinear(_Rounded):
    """An ``nn.Linear`` in another type: (..., C) to (..., O)."""

    def __init__(self, plain: nn.Linear, dtype: torch.dtype) -> None:
        super().__init__(plain.weight, plain.bias, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return self._leave(functional.linear(self._enter(x), self.weight, self.bias))


def keep_channels_last(network: nn.Module, dtype: torch.dtype | None = None) -> None:
    """Replace every convolution along time below a module, in place.

    Args:
        network: its weight normalisation is folded; it can be trained no more.
        dtype: of the convolutions' and products' weights and results; None: each keeps its own.
    """
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            fast: nn.Module = ChannelsLastConv(module, dtype or module.weight.dtype)
        elif isinstance(module, nn.Linear) and dtype not in (None, module.weight.dtype):
            fast = RoundedLinear(module, dtype)
        else:
            continue
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, fast)
