"""Metrics of one training step: its losses over all ranks, and whether they are finite."""

from collections.abc import Sequence
from typing import TypedDict

import torch
import torch.distributed
from torch import Tensor

from vits.training.step.distributed import sum_over_ranks

__all__ = ["StepMetrics", "StepOutput"]


class StepOutput(TypedDict):
    """The result of a step, which callbacks get as ``outputs``; every tensor stays on the device.

    Attributes:
        skipped: scalar, 1 if the step changed nothing since a loss or gradient was not finite;
            the same on all ranks.
        suspect: scalar, 1 if one of this rank's own losses was not finite.
        durations: (B, S) int64 frames of each symbol, from the alignment.
        logs: losses and gradient norms by name, over all ranks.
    """

    skipped: Tensor
    suspect: Tensor
    durations: Tensor
    logs: dict[str, Tensor]


class StepMetrics:
    """Collects losses and gradient norms, and decides on the device whether to skip the step.

    Args:
        device: of the losses.

    Attributes:
        logs: losses, averaged over all ranks, and gradient norms, by name.
        skipped: scalar, 1 from the first value on that is not finite; the same on all ranks.
        suspect: scalar, 1 if one of this rank's own losses was not finite.
    """

    def __init__(self, device: torch.device) -> None:
        self.logs: dict[str, Tensor] = {}
        self.skipped = self.suspect = torch.zeros((), device=device, dtype=torch.float32)

    def add(self, name: str, norm: Tensor, losses: dict[str, Tensor]) -> None:
        """Add one network's losses after its backward pass.

        A value that is not finite on one rank makes the averaged loss and the averaged gradient
        not finite on every rank, so the ranks need no agreement.

        Args:
            name: of the network.
            norm: of its gradients, averaged over the ranks.
            losses: of this rank, times its batch weights, so that their mean over the ranks is the
                loss of all utterances.
        """
        mine = torch.stack(list(losses.values())).detach()
        world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        all_ranks = sum_over_ranks(mine) / world
        self.logs |= dict(zip(losses, all_ranks.unbind(), strict=True))
        self.logs[f"gradient/{name}"] = norm
        self.skipped = torch.maximum(self.skipped, _any_not_finite([*all_ranks.unbind(), norm]))
        self.suspect = torch.maximum(self.suspect, _any_not_finite(mine.unbind()))


def _any_not_finite(values: Sequence[Tensor]) -> Tensor:
    """Return 1 if a scalar is NaN or infinite, else 0; as float32, in few kernels."""
    x = torch.stack(list(values))
    return (x - x != 0).any().float()  # infinity - infinity is NaN
