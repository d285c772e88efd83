"""Convolution along the last axis in the form that is fastest on a CPU.

Torch computes convolutions on a CPU with oneDNN. Four cases are slow there, and each has a faster
form (figures: docs/explanation/speed.md):

- *products*: the weight gradient of a wide convolution is a matrix product for each tap;
- *tiled*: a wide convolution of five taps, with two fifths of the products (``toom_cook``);
- *folded*: a dilated convolution is an undilated one along every ``dilation``-th sample;
- *mirrored*: a long kernel is the transposed convolution with its mirror image.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast import toom_cook
from vits.fast.cpu import computes_bf16
from vits.fast.packed import PackedConv1d
from vits.fast.tracing import is_traced

__all__ = ["Form", "choose_form", "convolve", "run_convolution"]

# measured; see docs/explanation/speed.md
WIDE = (128, 512)  # least channels of the narrower and of the wider side for products
TILED = 192  # least channels of both sides for tiles
MANY = 400  # least columns for tiles, which transform the weights first
NARROW = 128  # most channels for the other two forms, on a CPU with AVX2 only
FOLDABLE = 7  # least taps for folding, which copies its input
LONG = 9  # least taps for the mirror image


class Form(NamedTuple):
    """How to compute a convolution; all forms give the same values up to rounding."""

    products: bool = False
    tiled: bool = False
    folded: bool = False
    mirrored: bool = False


def run_convolution(convolution: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution to (B, C, T); an ``nn.Conv1d`` without groups in its fastest form."""
    packed = isinstance(convolution, PackedConv1d)
    if packed or not isinstance(convolution, nn.Conv1d) or convolution.groups > 1:
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
    """Convolve along the last axis.

    Off the CPU and in a traced graph this is torch's own convolution; in bfloat16 only the first
    form differs from it.

    Args:
        x: (B, C, T) or (B, C, P, T); all P lines are convolved alike.
        weight: (O, C, K).
        bias: (O,) or None.
        stride: between outputs.
        padding: zeros on each side.
        dilation: between taps.
        form: how to compute it; None chooses by the shapes and the CPU.

    Returns:
        (B, O, T') or (B, O, P, T').
    """
    geometry = (stride, padding, dilation)
    if form is None:
        form = choose_form(x, weight, *geometry)
    # no custom function where it is not needed: it could not be compiled or exported
    if form == Form() or not torch.is_grad_enabled():
        return _forward(x, weight, bias, geometry, form)
    if torch.is_autocast_enabled("cpu"):  # custom functions round their inputs themselves
        mixed = torch.get_autocast_dtype("cpu")
        x, weight = x.to(mixed), weight.to(mixed)
        bias = None if bias is None else bias.to(mixed)
    return _Convolution.apply(x, weight, bias, geometry, form)


def choose_form(x: Tensor, weight: Tensor, stride: int, padding: int, dilation: int) -> Form:
    """Choose the form that measured fastest for these shapes on this kind of CPU."""
    if x.device.type != "cpu" or is_traced():
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
    """Convolve; never returns a view, since callers write in place."""
    stride, padding, dilation = geometry
    if form.tiled:
        y = toom_cook.convolve_in_tiles(x, weight, padding)
        return y if bias is None else y.add_(bias.view(-1, *[1] * (x.dim() - 2)))
    if form.folded:
        inner = (1, weight.shape[2] // 2, 1)
        lines = _forward(_fold(x, dilation), weight, bias, inner, form._replace(folded=False))
        return _unfold(lines, x.shape[2])
    mirror = weight.transpose(0, 1).flip(2) if form.mirrored else weight
    if x.dim() == 3:
        if form.mirrored:
            return functional.conv_transpose1d(x, mirror, bias, 1, padding, dilation=dilation)
        return functional.conv1d(x, weight, bias, stride, padding, dilation)
    mirror, pads, steps = mirror.unsqueeze(2), (0, padding), (1, dilation)
    if form.mirrored:
        return functional.conv_transpose2d(x, mirror, bias, 1, pads, dilation=steps)
    return functional.conv2d(x, mirror, bias, (1, stride), pads, steps)


def _with_lines(x: Tensor) -> Tensor:
    return x if x.dim() == 4 else x.unsqueeze(2)


def _fold(x: Tensor, dilation: int) -> Tensor:
    """(B, C, T) -> (B, C, dilation, T'): line r holds every ``dilation``-th sample from r on."""
    length = x.shape[2]
    whole = length // dilation
    lines = x.new_zeros(*x.shape[:2], dilation, -(-length // dilation))
    lines.mT[:, :, :whole] = x[:, :, : whole * dilation].unflatten(2, (whole, dilation))
    lines[:, :, : length % dilation, whole:] = x[:, :, whole * dilation :, None]
    return lines


def _unfold(lines: Tensor, length: int) -> Tensor:
    """Undo ``_fold`` of a signal (B, C, length)."""
    dilation = lines.shape[2]
    whole = length // dilation
    x = lines.new_empty(*lines.shape[:2], length)
    x[:, :, : whole * dilation].unflatten(2, (whole, dilation)).copy_(lines.mT[:, :, :whole])
    x[:, :, whole * dilation :] = lines[:, :, : length % dilation, whole:].flatten(2)
    return x


def _weight_gradient(
    x: Tensor, gradient: Tensor, taps: int, geometry: tuple[int, int, int]
) -> Tensor:
    """Multiply output gradients (O, B P T') with the inputs of each of K taps (B P T', C)."""
    stride, padding, dilation = geometry
    lines = functional.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding)).contiguous()
    outputs = gradient.transpose(0, 1).flatten(1)
    result = x.new_empty(gradient.shape[1], x.shape[1], taps)
    length = stride * (gradient.shape[3] - 1) + 1
    for tap in range(taps):
        start = tap * dilation
        inputs = lines[:, :, start : start + length : stride].reshape(-1, x.shape[1])
        result[:, :, tap] = outputs @ inputs
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
        """Map (B, C, T) or (B, C, P, T) to (B, O, T') or (B, O, P, T')."""
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
            to_bias = _with_lines(gradient).sum((0, 2, 3)) if for_bias else None
            return to_x, to_weight, to_bias, None, None
        x, gradient = _with_lines(x), _with_lines(gradient)
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
            # oneDNN computes the bias gradient only together with the weight gradient
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
