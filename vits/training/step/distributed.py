"""Training on several devices: the strategy, and sums over all ranks that stay on the device."""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import pytorch_lightning as pl
import torch
import torch.distributed
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor

from vits.models.discriminators import Discriminators
from vits.models.vits import Vits

__all__ = ["Passes", "SeparateDDP", "Shares", "settle_devices", "sum_over_ranks"]


class Passes(NamedTuple):
    """What a training step calls for a pass with gradients: the networks, or their wrappers.

    Attributes:
        generator: all of it.
        discriminators: each of them, in order; each has a backward pass of its own.
    """

    generator: Callable[..., Any]
    discriminators: Sequence[Callable[..., Any]]

    @classmethod
    def plain(cls, generator: Vits, discriminators: Discriminators) -> "Passes":
        """Call the networks themselves: one process."""
        return cls(generator, list(discriminators.members))


class SeparateDDP(DDPStrategy):
    """Wraps the generator and each discriminator in a ``DistributedDataParallel`` of its own.

    The two networks step in turn on different parameters. Around the whole module DDP would have to
    search every backward pass for parameters that got no gradient (``find_unused_parameters``);
    apart, each backward pass reaches all parameters of its wrapper. Gradients are averaged while
    the backward pass still runs. The module's ``passes`` are replaced, its weights keep their
    names.

    Args:
        options: of ``DDPStrategy``: ``timeout``, ``process_group_backend`` and others.
    """

    def __init__(self, **options: Any) -> None:
        # no buffer changes in training, so none is sent around
        super().__init__(**{"broadcast_buffers": False, "gradient_as_bucket_view": True, **options})

    def configure_ddp(self) -> None:
        """Wrap the parts; all ranks start from the weights of rank 0."""
        module = cast(Any, self.lightning_module)
        module.passes = Passes(
            self._setup_model(module.generator),
            [self._setup_model(member) for member in module.discriminators.members],
        )

    def teardown(self) -> None:
        """Unwrap."""
        module = cast(Any, self.lightning_module)
        if module is not None:
            module.passes = Passes.plain(module.generator, module.discriminators)
        super().teardown()


def settle_devices(options: dict[str, Any]) -> dict[str, Any]:
    """Choose devices, strategy and precision where the user left them to us.

    torchrun says how many processes and nodes there are; where several devices take part and no
    strategy is named, it is ``SeparateDDP``; the precision is bf16-mixed on a GPU that computes in
    bfloat16, else 32-true.

    Args:
        options: of ``pl.Trainer``, with the five keys that are returned.

    Returns:
        ``accelerator``, ``devices``, ``num_nodes``, ``strategy`` and ``precision``.
    """
    names = ("accelerator", "devices", "num_nodes", "strategy")
    settled = {name: options[name] for name in names}
    if "TORCHELASTIC_RUN_ID" in os.environ and settled["devices"] == "auto":
        settled["devices"] = int(os.environ["LOCAL_WORLD_SIZE"])
        settled["num_nodes"] = int(os.environ["GROUP_WORLD_SIZE"])
    plain = pl.Trainer(**settled, logger=False, enable_checkpointing=False)
    if settled["strategy"] in ("auto", "ddp") and isinstance(plain.strategy, DDPStrategy):
        settled["strategy"] = SeparateDDP()
    on_gpu = plain.strategy.root_device.type == "cuda"
    fast = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    settled["precision"] = options["precision"] or ("bf16-mixed" if fast else "32-true")
    return settled


class Shares(NamedTuple):
    """What a rank's mean over its utterances, frames or symbols weighs in the mean over all ranks.

    DDP averages the ranks' gradients, and the ranks' batches differ in size. A loss times its
    share has the gradient that one process would find with all the utterances in one batch. Alone,
    every share is 1.
    """

    utterances: Tensor
    frames: Tensor
    symbols: Tensor

    @classmethod
    def of(cls, symbol_lengths: Tensor, frame_lengths: Tensor) -> "Shares":
        """Compare this rank's batch, lengths (B,) int64, with those of all ranks."""
        counts = (torch.ones_like(frame_lengths), frame_lengths, symbol_lengths)
        mine = torch.stack([count.sum() for count in counts]).float()
        total = sum_over_ranks(mine)
        world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        return cls(*(mine * world / total))


def sum_over_ranks(values: Tensor) -> Tensor:
    """Add up a tensor over all ranks; alone, return it as it is. A GPU's host does not wait."""
    if not torch.distributed.is_initialized():
        return values
    total = values.clone()
    torch.distributed.all_reduce(total)
    return total
