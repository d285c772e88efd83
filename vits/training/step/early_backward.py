"""Gradients that are computed before the backward pass, so that their graphs are freed early.

What is a sum of losses can go backwards one term at a time, each as soon as it is known. The
gradients are kept, the activations behind them are not, and the one backward pass that follows
hands the gradients on. So every parameter still gets all of its gradient in that pass, which is
what averages over devices wait for.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["early_gradient", "settle"]


def early_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return ``function(x)``, whose gradient is computed here and not in the backward pass.

    The graph of ``function`` is freed before this returns: of several functions of one ``x`` only
    one graph is held at a time. The result takes part in autograd as usual, but once only: no
    second derivatives. No gradient reaches anything but ``x``.

    Args:
        function: from a tensor like ``x`` to a scalar.
        x: any shape.

    Returns:
        Scalar.
    """
    with torch.enable_grad():
        own = x.detach().requires_grad_()
        value = function(own)
        gradients = torch.autograd.grad(value, own)
    return _HandedOver.apply(value.detach(), gradients, x)


def settle(loss: Tensor, through: Iterable[Tensor], parameters: Iterable[nn.Parameter]) -> Tensor:
    """Return ``loss`` with its gradients computed here; the graph it alone used is freed.

    The result takes part in autograd as usual, but once only. Nothing behind ``through`` is
    touched: its graph stays for the backward pass, which brings the gradient of these tensors.

    Args:
        loss: scalar.
        through: where the loss' graph meets that of other losses; all must be part of it.
        parameters: all that the loss depends on in front of ``through``. One that it does not
            depend on gets no gradient.

    Returns:
        Scalar.

    Raises:
        RuntimeError: the loss does not depend on a tensor of ``through``, so a gradient would be
            lost.
    """
    if not loss.requires_grad:
        return loss
    meeting = [x for x in through if x.requires_grad]
    inputs = [*meeting, *(p for p in parameters if p.requires_grad)]
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True)
    if any(gradient is None for gradient in gradients[: len(meeting)]):
        raise RuntimeError(
            "the generator's outputs must be tensors of its own graph, and a wrapper has copied "
            "them: leave out find_unused_parameters and static_graph"
        )
    return _HandedOver.apply(loss.detach(), gradients, *inputs)


class _HandedOver(torch.autograd.Function):
    """A value whose gradients with respect to ``inputs`` are known."""

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
        scaled = (None if g is None else g.mul_(outer[0].to(g)) for g in ctx.saved_tensors)
        return None, None, *scaled
