"""Detects graph tracing, where the plain modules run instead of their fast equivalents."""

import torch

__all__ = ["is_traced", "may_branch_on_values"]


def is_traced() -> bool:
    """Return whether torch compiles, exports or traces the running code."""
    return torch.compiler.is_compiling() or torch._C._is_tracing()


def may_branch_on_values() -> bool:
    """Return whether code may read values and write in place: no gradients, no traced graph.

    With gradients, writing to a view would copy its base in the backward pass.
    """
    return not (torch.is_grad_enabled() or is_traced())
