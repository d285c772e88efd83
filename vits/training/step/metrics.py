"""What one training step found: its losses over all ranks, and whether they were finite."""

from typing import TypedDict

import torch
import torch.distributed
from torch import Tensor

from vits.training.step.distributed import sum_over_ranks

__all__ = ["Outcome", "Record"]


class Outcome(TypedDict):
    """What a step tells the callbacks (as ``outputs``); every tensor stays on the device.

    Attributes:
        skipped: 1 where the step changed nothing, as a number was not finite; same on all ranks.
        suspect: 1 where such a number is among this rank's own losses.
        durations: frames of each symbol, found by the alignment (B, S) int64.
        logs: the losses and gradient norms by name, over all ranks.
    """

    skipped: Tensor
    suspect: Tensor
    durations: Tensor
    logs: dict[str, Tensor]


class Record:
    """Gathers losses and gradient norms, and decides on the device whether to skip the step.

    Attributes:
        logs: losses, averaged over all ranks, and gradient norms, by name.
        skipped: 1 from the first number on that is not finite; same on all ranks.
        suspect: 1 where such a number is among this rank's own losses.
    """

    def __init__(self, device: torch.device) -> None:
        self.logs: dict[str, Tensor] = {}
        self.skipped = self.suspect = torch.zeros((), device=device, dtype=torch.float32)

    def add(self, name: str, norm: Tensor, losses: dict[str, Tensor]) -> None:
        """Take in one network's backward pass.

        A number that is not finite on one rank makes both the averaged loss and the averaged
        gradient so on every rank: nothing has to be agreed upon.

        Args:
            name: of the network.
            norm: of its gradients, averaged over the ranks.
            losses: of this rank, weighted with its shares, so that their mean over the ranks is
                the loss of all utterances.
        """
        mine = torch.stack(list(losses.values())).detach()
        world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        all_ranks = sum_over_ranks(mine) / world
        self.logs |= dict(zip(losses, all_ranks.unbind(), strict=True))
        self.logs[f"gradient/{name}"] = norm
        finite = all_ranks.isfinite().all() & norm.isfinite()
        self.skipped = torch.maximum(self.skipped, (~finite).float())
        self.suspect = torch.maximum(self.suspect, (~mine.isfinite().all()).float())
