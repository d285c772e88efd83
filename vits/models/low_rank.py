"""Low-rank adaptation (LoRA): a trained network learns a difference of few parameters.

A weight W, as a matrix with its first axis as rows, becomes W + U D with U (O, r) and D (r, N).
Where that is not smaller than W, as for biases, it becomes W + S. Of a layer with weight
normalisation both direction and length get one.
"""

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

__all__ = ["LowRank", "Shift", "add_difference", "learn_difference", "load_plain", "split_state"]

FACTORS = ("up", "down", "shift")
_PLACE = re.compile(rf"(.*)\.parametrizations\.(\w+)\.(?:original|0\.({'|'.join(FACTORS)}))")


class LowRank(nn.Module):
    """Adds the product of two narrow matrices to a weight; 0 at first.

    Source: LoRA (Hu et al., ICLR 2022, arXiv:2106.09685), section 4.1, with alpha = r.

    Args:
        weight: the weight (O, ...) that it is for.
        rank: r, at least 1.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        n_rows, n_columns = _shape(weight)
        down = torch.randn(rank, n_columns, dtype=weight.dtype, device=weight.device)
        self.down = nn.Parameter(down * n_columns**-0.5)
        self.up = nn.Parameter(weight.new_zeros(n_rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight (O, ...) with the difference."""
        return weight + (self.up @ self.down).view_as(weight)


class Shift(nn.Module):
    """Adds a tensor of its shape to a small weight; 0 at first.

    Args:
        weight: the weight that it is for.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight (...), any shape, with the difference."""
        return weight + self.shift


def learn_difference(network: nn.Module, rank: int, is_fixed: Callable[[str], bool]) -> None:
    """Let a network learn a difference to its weights, in place; until then it computes the same.

    Args:
        network: a trained network. Its own parameters do not train any more.
        rank: of the differences, at least 1.
        is_fixed: says of a parameter's name whether it gets no difference.
    """
    for name, parameter in list(network.named_parameters()):
        parameter.requires_grad_(False)
        if is_fixed(name):
            continue
        path, _, tensor = name.rpartition(".")
        narrow = rank * sum(_shape(parameter)) < parameter.numel()
        addition = LowRank(parameter, rank) if narrow else Shift(parameter)
        # unsafe leaves out checks, which would compute the weight
        owner = network.get_submodule(path)
        parametrize.register_parametrization(owner, tensor, addition, unsafe=True)


def add_difference(weight: Tensor, factors: Mapping[str, Tensor]) -> Tensor:
    """Return a weight with a difference, computed in float64 and rounded once to float32.

    Args:
        weight: (O, ...).
        factors: ``up`` (O, r) and ``down`` (r, N), or ``shift``, which has the weight's shape.
    """
    exact = {name: factor.double() for name, factor in factors.items()}
    difference = exact["shift"] if "shift" in exact else exact["up"] @ exact["down"]
    return (weight.double() + difference.view_as(weight)).float()


def split_state(
    state: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
    """Split the state of a network that learns a difference.

    Returns:
        The state of the network without it, under its usual names; and by the same names the
        factors of the differences.
    """
    plain, differences = dict[str, Tensor](), dict[str, dict[str, Tensor]]()
    for name, value in state.items():
        own, factor = _place(name)
        if factor is None:
            plain[own] = value
        else:
            differences.setdefault(own, {})[factor] = value
    return plain, differences


def load_plain(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load the state of a network into one that may learn a difference to it.

    Raises:
        RuntimeError: a tensor is missing, unknown or of another shape.
    """
    own = network.state_dict()
    places = {name: _place(name) for name in own}
    names = {plain: name for name, (plain, factor) in places.items() if factor is None}
    kept = {name: own[name] for name, (_, factor) in places.items() if factor is not None}
    network.load_state_dict(kept | {names.get(name, name): value for name, value in state.items()})


def _place(name: str) -> tuple[str, str | None]:
    """Return the usual name of a weight, and which factor of its difference it is; or None."""
    match = _PLACE.fullmatch(name)
    if match is None:
        return name, None
    path, tensor, factor = match.groups()
    return f"{path}.{tensor}", factor


def _shape(weight: Tensor) -> tuple[int, int]:
    """Return the rows and columns of a weight as a matrix."""
    n_rows = len(weight) if weight.ndim else 1
    return n_rows, weight.numel() // max(1, n_rows)
