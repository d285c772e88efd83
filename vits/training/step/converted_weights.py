"""Weights normalised, and converted to the type of autocast, together instead of one by one.

Autocast converts a weight to bfloat16 wherever a layer uses it, and its gradient back: two kernels
for each weight and each bias, a fifth of all kernels of a step, each far too small for a GPU.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.fast.gpu.weight_norm import joint_weight_norm
from vits.layers.attention import RelativeAttention
from vits.models.vits import Vits
from vits.training.step.compilation import is_compiled

__all__ = ["autocast_groups", "converted_weights", "generator_weights"]

CONVERTED: dict[type[nn.Module], tuple[str, ...]] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.Linear), ("weight", "bias")),
    RelativeAttention: ("relative_key", "relative_value"),
}


@contextmanager
def converted_weights(*groups: Iterable[nn.Module | None], device: torch.device) -> Iterator[None]:
    """Give layers weights that are normalised and converted together in the block.

    Weight normalisation is computed once in the block, and under autocast the weights have its data
    type. On a CPU nothing is done. The gradients are those of autocast, except that the gradients
    of a weight that is used more than once are added in bfloat16.

    Args:
        groups: networks whose layers all run under autocast, if it is on. The weights of a group
            share nodes of the graph: they must take part in the same backward pass.
        device: where the networks are.
    """
    if not _is_worth(device):
        yield
        return
    replaced: list[tuple[nn.Module, str]] = []
    with parametrize.cached():
        try:
            for group in groups:
                replaced += _convert(group, _autocast_dtype(device))
            yield
        finally:
            for layer, name in replaced:
                vars(layer).pop(name, None)


def generator_weights(generator: Vits, device: torch.device) -> AbstractContextManager[None]:
    """Return ``converted_weights`` of a generator; compiled networks convert their own."""
    if is_compiled(generator):
        return nullcontext()
    return converted_weights(*autocast_groups(generator), device=device)


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


def _is_worth(device: torch.device) -> bool:
    """Return whether launches cost anything; on a CPU they do not."""
    return device.type != "cpu"


def _autocast_dtype(device: torch.device) -> torch.dtype | None:
    """Return what autocast converts to; None without it."""
    if not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)


def _convert(
    group: Iterable[nn.Module | None], dtype: torch.dtype | None
) -> list[tuple[nn.Module, str]]:
    """Normalise and convert the weights of a group; return what hides parameters."""
    places = [
        (layer, name)
        for network in group
        if network is not None
        for layer in network.modules()
        for kind, names in CONVERTED.items()
        if isinstance(layer, kind)
        for name in names
    ]
    known = {place for place in places if parametrize.is_parametrized(*place)}
    normed = [(x, n) for x, n in places if (x, n) in known and _is_normed(x, n)]
    pairs = [cast(Any, layer).parametrizations[name] for layer, name in normed]
    values = joint_weight_norm([x.original0 for x in pairs], [x.original1 for x in pairs])
    others = [place for place in places if place not in set(normed)]
    plain = [(x, n) for x, n in others if getattr(x, n) is not None]
    if dtype is None:
        plain = []
    else:
        values = _together([*values, *(getattr(layer, name) for layer, name in plain)], dtype)
    for (layer, name), value in zip([*normed, *plain], values, strict=True):
        if (layer, name) in known:
            # what ``parametrize.cached`` returns in the block
            parametrize._cache[id(layer), name] = value  # pyright: ignore[reportPrivateUsage]
        else:
            vars(layer)[name] = value  # found before the parameter
    return plain


def _is_normed(layer: nn.Module, name: str) -> bool:
    """Return whether a parametrised weight is made of length and direction."""
    return hasattr(cast(Any, layer).parametrizations[name], "original1")


def _together(values: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """Convert tensors, those with gradients apart from those without."""
    converted = list(values)
    for trained in (True, False):
        chosen = [i for i, value in enumerate(values) if value.requires_grad == trained]
        if chosen:
            results = _Convert.apply(dtype, *(values[i] for i in chosen))
            for i, value in zip(chosen, results, strict=True):
                converted[i] = value
    return converted


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
