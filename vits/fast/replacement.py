"""Replaces modules of a network by equivalents of other classes."""

from collections.abc import Mapping
from typing import TypeVar

from torch import nn

__all__ = ["Table", "replace_modules", "take_over"]

Fast = TypeVar("Fast", bound=nn.Module)
Table = Mapping[type[nn.Module], type[nn.Module]]


def replace_modules(
    module: nn.Module, table: Table, below: Mapping[type[nn.Module], Table] | None = None
) -> nn.Module:
    """Replace every module whose class is in a table, in place.

    Args:
        module: the network.
        table: plain class to fast class. Subclasses of a plain class are left alone.
        below: more tables, each for what is inside modules of a class.

    Returns:
        The network; another object than ``module`` where its own class is in the table.
    """
    below = below or {}
    inside = {**table, **below.get(type(module), {})}
    for name, child in module.named_children():
        setattr(module, name, replace_modules(child, inside, below))
    fast = table.get(type(module))
    return module if fast is None else take_over(module, fast)


def take_over(module: nn.Module, fast: type[Fast]) -> Fast:
    """Return a module of class ``fast`` with the parameters, buffers and children of another.

    Nothing is copied: both objects share them, and the old one is to be discarded.
    """
    new = fast.__new__(fast)
    vars(new).update(vars(module))
    return new
