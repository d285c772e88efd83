"""Convolution along the last axis, in the form a processor is quickest at: the same sums.

Torch hands convolutions on a processor to oneDNN. Four of its forms are slow there, and each has a
twin that is not (figures: docs/speed.md):

- *products*: the gradient of a wide convolution's weights is a matrix product for each tap;
- *tiled*: a wide convolution of five taps, with two fifths of the products (``toom_cook``);
- *folded*: a dilated convolution is a plain one over the rows of every ``dilation``-th sample;
- *mirrored*: a long kernel runs faster as the transpose of its mirror image.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers import toom_cook
from vits.layers.channels_last import computes_bf16
from vits.layers.tracing import graph_is_traced

__all__ = ["Form", "along_time", "choose_form", "convolve"]

WIDE = (128, 512)  # channels of the narrower and the wider side from which on products win
TILED = 192  # channels of both sides from which on fewer products pay for their transforms
MANY = 400  # columns from which on they pay for those of the weights
NARROW = 128  # channels up to which the other two forms win, where the processor has AVX2 only
FOLDABLE = 7  # taps from which on folding pays for its copies
LONG = 9  # taps from which on the mirror image is faster


class Form(NamedTuple):
    """How to compute a convolution; all forms give the same values up to rounding."""

    products: bool = False
    tiled: bool = False
    folded: bool = False
    mirrored: bool = False


def along_time(convolution: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution to (B, C, T); an ``nn.Conv1d`` without groups in its quickest form."""
    if not isinstance(convolution, nn.Conv1d) or convolution.groups > 1:
        return convolution(x)
    return convolve(
        x,
        convolution.weight,
        convolution.bias,
        stride=convolution.stride[0],
        padding=int(convolution.padding[0]),
        dilation=convolution.dilation[0],
    )


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    form: Form | None = None,
) -> Tensor:
    """Convolve every row of the last axis.

    Off the processor and while a graph is recorded, torch's own convolution is called; in bfloat16
    too, but for the first of the twins.

    Args:
        x: (B, C, T) or (B, C, P, T); all P rows are convolved alike.
        weight: (O, C, K).
        bias: (O,) or None.
        stride: between outputs.
        padding: zeros on each side.
        dilation: between taps.
        form: how to compute it; None chooses by the shapes and the processor.

    Returns:
        (B, O, T') or (B, O, P, T').
    """
    geometry = (stride, padding, dilation)
    if form is None:
        form = choose_form(x, weight, *geometry)
    # torch's own where there is nothing to change: custom functions cannot be compiled or exported
    if form == Form() or not torch.is_grad_enabled():
        return _forward(x, weight, bias, geometry, form)
    if torch.is_autocast_enabled("cpu"):  # torch rounds what its own convolutions are given
        mixed = torch.get_autocast_dtype("cpu")
        x, weight = x.to(mixed), weight.to(mixed)
        bias = None if bias is None else bias.to(mixed)
    return _Convolution.apply(x, weight, bias, geometry, form)


def choose_form(x: Tensor, weight: Tensor, stride: int, padding: int, dilation: int) -> Form:
    """Choose what was measured to be fastest for these shapes on this kind of processor."""
    if x.device.type != "cpu" or graph_is_traced():
        return Form()
    n_out, n_in, taps = weight.shape
    wide = taps > 1 and min(n_in, n_out) >= WIDE[0] and max(n_in, n_out) >= WIDE[1]
    if torch.is_autocast_enabled("cpu"):
        return Form(products=wide and computes_bf16())
    same = stride == 1 and padding == dilation * (taps // 2)
    narrow = same and n_in <= NARROW and torch.backends.cpu.get_cpu_capability() == "AVX2"
    folded = narrow and dilation > 1 and taps >= FOLDABLE
    plain = stride == dilation == 1 and taps == toom_cook.TAPS
    many = x.shape[0] * x.shape[2:].numel() >= MANY
    if plain and many and min(n_in, n_out) >= TILED:
        return Form(tiled=True)
    return Form(
        products=wide,
        folded=folded,
        mirrored=narrow and taps >= LONG and (folded or dilation == 1),
    )


def _forward(
    x: Tensor, weight: Tensor, bias: Tensor | None, geometry: tuple[int, int, int], form: Form
) -> Tensor:
    """Never returns a view, which could not be changed in place."""
    stride, padding, dilation = geometry
    if form.tiled:
        y = toom_cook.convolve_in_tiles(x, weight, padding)
        return y if bias is None else y.add_(bias.view(-1, *[1] * (x.dim() - 2)))
    if form.folded:
        inner = (1, weight.shape[2] // 2, 1)
        rows = _forward(_fold(x, dilation), weight, bias, inner, form._replace(folded=False))
        return _unfold(rows, x.shape[2])
    mirror = weight.transpose(0, 1).flip(2) if form.mirrored else weight
    if x.dim() == 3:
        if form.mirrored:
            return functional.conv_transpose1d(x, mirror, bias, 1, padding, dilation=dilation)
        return functional.conv1d(x, weight, bias, stride, padding, dilation)
    mirror, pads, steps = mirror.unsqueeze(2), (0, padding), (1, dilation)
    if form.mirrored:
        return functional.conv_transpose2d(x, mirror, bias, 1, pads, dilation=steps)
    return functional.conv2d(x, mirror, bias, (1, stride), pads, steps)


def _with_rows(x: Tensor) -> Tensor:
    return x if x.dim() == 4 else x.unsqueeze(2)


def _fold(x: Tensor, dilation: int) -> Tensor:
    """(B, C, T) -> (B, C, dilation, T'): row r holds every ``dilation``-th sample from r on."""
    length = x.shape[2]
    whole = length // dilation
    rows = x.new_zeros(*x.shape[:2], dilation, -(-length // dilation))
    rows.mT[:, :, :whole] = x[:, :, : whole * dilation].unflatten(2, (whole, dilation))
    rows[:, :, : length % dilation, whole:] = x[:, :, whole * dilation :, None]
    return rows


def _unfold(rows: Tensor, length: int) -> Tensor:
    """Undo ``_fold``; ``length`` is that of its argument's last axis."""
    dilation = rows.shape[2]
    whole = length // dilation
    x = rows.new_empty(*rows.shape[:2], length)
    x[:, :, : whole * dilation].unflatten(2, (whole, dilation)).copy_(rows.mT[:, :, :whole])
    x[:, :, whole * dilation :] = rows[:, :, : length % dilation, whole:].flatten(2)
    return x


def _weight_gradient(
    x: Tensor, gradient: Tensor, taps: int, geometry: tuple[int, int, int]
) -> Tensor:
    """Multiply what came out with what each tap saw: (O, B P T') by (B P T', C), K times."""
    stride, padding, dilation = geometry
    rows = functional.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding)).contiguous()
    came_out = gradient.transpose(0, 1).flatten(1)
    result = x.new_empty(gradient.shape[1], x.shape[1], taps)
    reach = stride * (gradient.shape[3] - 1) + 1
    for tap in range(taps):
        start = tap * dilation
        seen = rows[:, :, start : start + reach : stride].reshape(-1, x.shape[1])
        result[:, :, tap] = came_out @ seen
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        geometry: tuple[int, int, int],
        form: Form,
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry, ctx.form, ctx.n_bias = geometry, form, None if bias is None else len(bias)
        return _forward(x, weight, bias, geometry, form)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (gradient,) = gradients
        for_x, for_weight, for_bias, *_ = ctx.needs_input_grad
        shape, taps = x.shape, weight.shape[2]
        stride, padding, dilation = ctx.geometry
        if ctx.form.folded:
            x, gradient = _fold(x, dilation), _fold(gradient, dilation)
            padding, dilation = taps // 2, 1
        if ctx.form.tiled:
            to_x = toom_cook.input_gradient(gradient, weight, padding) if for_x else None
            to_weight = toom_cook.weight_gradient(x, gradient, padding) if for_weight else None
            to_bias = _with_rows(gradient).sum((0, 2, 3)) if for_bias else None
            return to_x, to_weight, to_bias, None, None
        x, gradient = _with_rows(x), _with_rows(gradient)
        by_products = ctx.form.products and for_weight
        to_x, to_weight, to_bias = torch.ops.aten.convolution_backward(
            gradient,
            x,
            weight.unsqueeze(2),
            None if ctx.n_bias is None else [ctx.n_bias],
            [1, stride],
            [0, padding],
            [1, dilation],
            False,
            [0, 0],
            1,
            # oneDNN finds the bias' gradient only together with the weights'
            [for_x, for_weight and not by_products, for_bias and not by_products],
        )
        if by_products:
            to_bias = gradient.sum((0, 2, 3)) if for_bias else None
            to_weight = _weight_gradient(x, gradient, taps, (stride, padding, dilation))
        elif for_weight:
            to_weight = to_weight.squeeze(2)
        if for_x:
            to_x = _unfold(to_x, shape[2]) if ctx.form.folded else to_x.view(shape)
        return to_x, to_weight, to_bias, None, None
