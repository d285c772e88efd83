"""Weights in the precision of autocast, converted together instead of one by one.

Autocast converts a weight to bfloat16 wherever a layer uses it, and its gradient back: two kernels
for each weight and each bias, a fifth of all kernels of a step, each far too small for a GPU.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.models.vits import Vits

__all__ = ["autocast_groups", "converted_weights"]

LAYERS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.Linear)


@contextmanager
def converted_weights(*groups: Iterable[nn.Module | None], device: torch.device) -> Iterator[None]:
    """Give layers converted weights in the block, where autocast would convert them.

    Weight normalisation is computed once in the block. Without autocast, and on a CPU, nothing is
    done. The gradients are those of autocast, except that the gradients of a weight that is used
    more than once are added in bfloat16.

    Args:
        groups: networks whose layers all run under autocast. The weights of a group share a node
            of the graph: they must take part in the same backward pass.
        device: where the networks are.
    """
    dtype = _autocast_dtype(device)
    if dtype is None:
        yield
        return
    replaced: list[tuple[nn.Module, str]] = []
    with parametrize.cached():
        try:
            for group in groups:
                replaced += _convert(group, dtype)
            yield
        finally:
            for layer, name in replaced:
                vars(layer).pop(name, None)


def autocast_groups(generator: Vits) -> list[list[nn.Module | None]]:
    """Return the networks of a generator that run under autocast, as groups.

    The prior's side may have a backward pass of its own (``weighted_sum``). What computes in
    float32 is not among them: duration and pitch predictor, and the ends of decoders.
    """
    decoder = generator.decoder
    return [
        [generator.text_encoder, generator.prior_flow],
        [generator.posterior_encoder, decoder.blocks, getattr(decoder, "upsamplers", None)],
    ]


def _autocast_dtype(device: torch.device) -> torch.dtype | None:
    """Return what autocast converts to; None without it, and on a CPU, which has no launches."""
    if device.type == "cpu" or not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)


def _convert(group: Iterable[nn.Module | None], dtype: torch.dtype) -> list[tuple[nn.Module, str]]:
    """Convert the weights of a group; return what hides parameters of the same name."""
    places = [
        (layer, name)
        for network in group
        if network is not None
        for layer in network.modules()
        if isinstance(layer, LAYERS)
        for name in ("weight", "bias")
        if getattr(layer, name) is not None
    ]
    values: list[Tensor] = [getattr(layer, name) for layer, name in places]
    for trained in (True, False):
        chosen = [i for i, value in enumerate(values) if value.requires_grad == trained]
        if not chosen:
            continue
        converted = _Convert.apply(dtype, *(values[i] for i in chosen))
        for i, value in zip(chosen, converted, strict=True):
            values[i] = value
    hidden = []
    for (layer, name), value in zip(places, values, strict=True):
        if parametrize.is_parametrized(layer, name):
            # what ``parametrize.cached`` returns in the block
            parametrize._cache[id(layer), name] = value  # pyright: ignore[reportPrivateUsage]
        else:
            vars(layer)[name] = value  # found before the parameter
            hidden.append((layer, name))
    return hidden


class _Convert(torch.autograd.Function):
    """Converts tensors of one data type to another, in few kernels."""

    @staticmethod
    def forward(ctx: Any, dtype: torch.dtype, *values: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.dtype = values[0].dtype
        return tuple(_copies(values, dtype))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        copies = iter(_copies([g for g in gradients if g is not None], ctx.dtype))
        return None, *(None if g is None else next(copies) for g in gradients)


def _copies(values: Iterable[Tensor], dtype: torch.dtype) -> list[Tensor]:
    values = list(values)
    copies = [torch.empty_like(value, dtype=dtype) for value in values]
    if copies:
        torch._foreach_copy_(copies, values)  # pyright: ignore[reportPrivateImportUsage]
    return copies
