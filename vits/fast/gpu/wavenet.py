"""WaveNet as one node of the graph, with its gradients in closed form: few kernels on a GPU."""

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from vits.layers.wavenet import WaveNet

__all__ = ["joint_wavenet"]


class _Geometry(NamedTuple):
    """Padding and dilation of a convolution that keeps the length."""

    padding: int
    dilation: int


def joint_wavenet(
    network: WaveNet, x: Tensor, mask: Tensor, biases: tuple[Tensor, ...] | None
) -> Tensor:
    """Compute ``WaveNet.forward``; it can be differentiated once.

    Under autocast, signals and weights have its data type from end to end.

    Args:
        network: has the weights.
        x: (B, C, T).
        mask: (B, 1, T).
        biases: what the conditioning adds to each layer, (B, 2C, 1); or None.

    Returns:
        (B, C, T), zero in the padding.
    """
    layers = [
        cast(nn.Conv1d, layer)
        for pair in zip(network.gates, network.residual_skips, strict=True)
        for layer in pair
    ]
    geometries = [_Geometry(int(x.padding[0]), x.dilation[0]) for x in layers[::2]]
    values = [cast(Tensor, x) for layer in layers for x in (layer.weight, layer.bias)]
    added = list(biases or [])
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, mask, *rest = (v.to(dtype) for v in (x, mask, *added, *values))
        added, values = rest[: len(added)], rest[len(added) :]
    return _WaveNet.apply(x, mask, geometries, len(added), *added, *values)


class _WaveNet(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        mask: Tensor,
        geometries: list[_Geometry],
        n_added: int,
        *tensors: Tensor,
    ) -> Tensor:
        """Map (B, C, T) to (B, C, T); tensors: what is added, then four parameters a layer."""
        added, parameters = tensors[:n_added], tensors[n_added:]
        channels, last = x.shape[1], len(geometries) - 1
        saved: list[Tensor] = []
        skips: Tensor | None = None
        for i, (padding, dilation) in enumerate(geometries):
            gate, gate_bias, residual_skip, bias = parameters[4 * i : 4 * i + 4]
            hidden = torch.conv1d(x, gate, gate_bias, 1, padding, dilation)
            if added:
                hidden.add_(added[i])
            hidden[:, :channels].tanh_()
            gated = torch.nn.functional.glu(hidden, dim=1)
            saved += [x, hidden, gated]
            out = torch.conv1d(gated, residual_skip, bias)
            if i < last:
                residual, out = out.chunk(2, dim=1)
                # the input may have values in the padding, the result of a layer has none
                x = torch.addcmul(x, residual, mask) if i else (x + residual).mul_(mask)
            skips = out.clone() if skips is None else skips.add_(out)
        assert skips is not None
        ctx.save_for_backward(mask, *parameters, *saved)
        ctx.geometries, ctx.n_added = geometries, n_added
        return skips.mul_(mask)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Any, ...]:
        geometries = ctx.geometries
        mask, *tensors = ctx.saved_tensors
        n_parameters = 4 * len(geometries)
        parameters, saved = tensors[:n_parameters], tensors[n_parameters:]
        needed = ctx.needs_input_grad
        wanted = needed[4 + ctx.n_added :]
        to_added: list[Tensor | None] = [None] * ctx.n_added
        to_parameters: list[Tensor | None] = [None] * n_parameters
        channels = outer[0].shape[1]
        # of the residual and of the skips of a layer; the second is the same for all
        to_out = mask.new_empty(len(outer[0]), 2 * channels, outer[0].shape[2])
        to_skips = torch.mul(outer[0], mask, out=to_out[:, channels:])
        to_x: Tensor | None = None
        for i in range(len(geometries) - 1, -1, -1):
            gate, _, residual_skip, _ = parameters[4 * i : 4 * i + 4]
            x, hidden, gated = saved[3 * i : 3 * i + 3]
            to_result = to_skips.contiguous() if to_x is None else to_out
            if to_x is not None:
                torch.mul(to_x, mask, out=to_out[:, :channels])
            to_gated, *to_parameters[4 * i + 2 : 4 * i + 4] = _convolution_backward(
                to_result,
                gated,
                residual_skip,
                _Geometry(0, 1),
                [True, *wanted[4 * i + 2 : 4 * i + 4]],
            )
            to_hidden = torch.ops.aten.glu_backward(to_gated, hidden, 1)
            first = to_hidden[:, :channels]
            torch.ops.aten.tanh_backward.grad_input(first, hidden[:, :channels], grad_input=first)
            if ctx.n_added and needed[4 + i]:
                to_added[i] = to_hidden.sum(2, keepdim=True)
            to_before, *to_parameters[4 * i : 4 * i + 2] = _convolution_backward(
                to_hidden,
                x,
                gate,
                geometries[i],
                [i > 0 or needed[0], *wanted[4 * i : 4 * i + 2]],
            )
            if to_x is not None and to_before is not None:
                to_before.add_(to_out[:, :channels])
            to_x = to_before
        return to_x, None, None, None, *to_added, *to_parameters


def _convolution_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, geometry: _Geometry, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of input, weight and bias, those that are wanted."""
    return torch.ops.aten.convolution_backward(
        gradient,
        x,
        weight,
        [len(weight)],
        [1],
        [geometry.padding],
        [geometry.dilation],
        False,
        [0],
        1,
        wanted,
    )
