"""Gradients computed ahead of the backward pass, to free their graphs early.

The backward pass of a sum of losses can run one loss at a time. Each runs as soon as its loss is
known: the gradients are kept and the activations are freed. The one backward pass that follows
passes the kept gradients on, so every parameter still gets its whole gradient in that pass, as
averaging over devices requires.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["early_backward", "early_sum", "scale_together"]


def early_sum(functions: Iterable[Callable[[Tensor], Tensor]], x: Tensor) -> Tensor:
    """Return the sum of functions of ``x`` with its gradient already computed.

    The graph of each function is freed before the next one runs, so there is one graph at a time.
    The result can be differentiated once; only ``x`` gets a gradient.

    Args:
        functions: from a tensor like ``x`` to a scalar.
        x: any shape.

    Returns:
        Scalar.
    """
    values: list[Tensor] = []
    gradients: list[Tensor] = []
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        for function in functions:
            value = function(leaf)
            gradients += torch.autograd.grad(value, leaf)
            values.append(value.detach())
    # added in the order of a backward pass: from the last function to the first
    total = sum(gradients[-2::-1], gradients[-1])
    return _Precomputed.apply(torch.stack(values).sum(), [total], x)


def early_backward(
    loss: Tensor, boundary: Iterable[Tensor], parameters: Iterable[nn.Parameter]
) -> Tensor:
    """Return ``loss`` with its gradients already computed, down to ``boundary``.

    The part of the graph that only this loss uses is freed. The graph behind ``boundary`` is kept
    for the backward pass, which also carries the gradients of these tensors. The result can be
    differentiated once.

    Args:
        loss: scalar.
        boundary: tensors that this loss shares with others; the loss must depend on each.
        parameters: the parameters between ``boundary`` and the loss. Those that the loss does not
            depend on get no gradient.

    Returns:
        Scalar.

    Raises:
        RuntimeError: the loss does not depend on a tensor of ``boundary``, so its gradient would
            be lost.
    """
    if not loss.requires_grad:
        return loss
    shared = [x for x in boundary if x.requires_grad]
    inputs = [*shared, *(p for p in parameters if p.requires_grad)]
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True)
    if any(gradient is None for gradient in gradients[: len(shared)]):
        raise RuntimeError(
            "the generator's outputs must be tensors of its own graph, and a wrapper has copied "
            "them: leave out find_unused_parameters and static_graph"
        )
    return _Precomputed.apply(loss.detach(), gradients, *inputs)


class _Precomputed(torch.autograd.Function):
    """A value whose gradients with respect to ``inputs`` are already computed."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, gradients: Sequence[Tensor | None], *inputs: Tensor
    ) -> Tensor:
        del inputs
        ctx.save_for_backward(*gradients)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        # in place: there is no second backward pass, and these may be as large as the weights
        gradients = ctx.saved_tensors
        scale_together([g for g in gradients if g is not None], outer[0])
        return None, None, *gradients


def scale_together(tensors: Iterable[Tensor], factor: Tensor) -> None:
    """Multiply tensors by a scalar tensor in place, in few kernels on a GPU.

    Tensors of one device and data type share their kernels. Each gets the factor in its own type.
    """
    groups: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
    for tensor in tensors:
        groups.setdefault((tensor.device, tensor.dtype), []).append(tensor)
    for group in groups.values():
        torch._foreach_mul_(group, factor.to(group[0]))  # pyright: ignore[reportPrivateImportUsage]
