"""Training on several devices: the DDP strategy, batch weights, and sums over all ranks."""

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
from vits.training.precision import choose_precision

__all__ = ["BatchWeights", "Networks", "SeparateDDP", "choose_devices", "sum_over_ranks"]


class Networks(NamedTuple):
    """The networks that a training step calls for passes with gradients, or their DDP wrappers.

    Attributes:
        generator: the whole generator.
        discriminators: one for each discriminator of waves, since each has its own backward pass.
        durations: discriminator of durations, or None.
    """

    generator: Callable[..., Any]
    discriminators: Sequence[Callable[..., Any]]
    durations: Callable[..., Any] | None = None

    @classmethod
    def unwrapped(cls, generator: Vits, discriminators: Discriminators) -> "Networks":
        """Return the networks themselves, for training in one process."""
        return cls(generator, list(discriminators.members), discriminators.durations)


class SeparateDDP(DDPStrategy):
    """Wraps the generator and each discriminator in its own ``DistributedDataParallel``.

    The two networks step in turn on different parameters. Around the whole module, DDP would have
    to search every backward pass for parameters without gradient (``find_unused_parameters``).
    Wrapped separately, each backward pass reaches all parameters of its wrapper, and gradients are
    averaged while it runs. Only ``networks`` of the module is replaced: its weights keep their
    names.

    Args:
        options: of ``DDPStrategy``: ``timeout``, ``process_group_backend`` and others.
    """

    def __init__(self, **options: Any) -> None:
        # no buffer changes in training, so none is broadcast
        super().__init__(**{"broadcast_buffers": False, "gradient_as_bucket_view": True, **options})

    def configure_ddp(self) -> None:
        """Wrap the networks; all ranks start from the weights of rank 0."""
        module = cast(Any, self.lightning_module)
        module.discriminators.requires_grad_(True)  # the last step of an earlier fit froze them
        judges = module.discriminators
        module.networks = Networks(
            self._setup_model(module.generator),
            [self._setup_model(member) for member in judges.members],
            None if judges.durations is None else self._setup_model(judges.durations),
        )

    def teardown(self) -> None:
        """Unwrap the networks."""
        module = cast(Any, self.lightning_module)
        if module is not None:
            module.networks = Networks.unwrapped(module.generator, module.discriminators)
        super().teardown()


def choose_devices(
    options: dict[str, Any], notify: Callable[[str], object] = lambda line: None
) -> dict[str, Any]:
    """Choose devices, strategy and precision where the user has not.

    The number of processes and nodes comes from torchrun. With several devices and no named
    strategy it is ``SeparateDDP``. The precision is that of ``choose_precision``.

    Args:
        options: arguments of ``pl.Trainer``, with the five keys that are returned.
        notify: gets one line that says which precision was chosen, and why.

    Returns:
        ``accelerator``, ``devices``, ``num_nodes``, ``strategy`` and ``precision``.
    """
    names = ("accelerator", "devices", "num_nodes", "strategy")
    chosen = {name: options[name] for name in names}
    if "TORCHELASTIC_RUN_ID" in os.environ and chosen["devices"] == "auto":
        chosen["devices"] = int(os.environ["LOCAL_WORLD_SIZE"])
        chosen["num_nodes"] = int(os.environ["GROUP_WORLD_SIZE"])
    plain = pl.Trainer(**chosen, logger=False, enable_checkpointing=False)
    if chosen["strategy"] in ("auto", "ddp") and isinstance(plain.strategy, DDPStrategy):
        chosen["strategy"] = SeparateDDP()
    precision, line = choose_precision(options["precision"], plain.strategy.root_device)
    notify(line)
    return {**chosen, "precision": precision}


class BatchWeights(NamedTuple):
    """Weights of a rank's mean losses in the mean over all ranks, each a scalar.

    DDP averages the gradients of the ranks, but the batches of the ranks differ in size. A loss
    times its weight gets the gradient that one process would compute with all the utterances in
    one batch. In a single process every weight is 1.

    Attributes:
        utterances: for a mean over the utterances of the batch.
        frames: for a mean over its frames.
        symbols: for a mean over its symbols.
    """

    utterances: Tensor
    frames: Tensor
    symbols: Tensor

    @classmethod
    def of(
        cls, symbol_lengths: Tensor, frame_lengths: Tensor, dtype: torch.dtype = torch.float32
    ) -> "BatchWeights":
        """Compare this rank's batch with those of all ranks.

        Args:
            symbol_lengths: (B,) int64.
            frame_lengths: (B,) int64.
            dtype: of the losses; a weight of lower precision would round them.
        """
        counts = (torch.ones_like(frame_lengths), frame_lengths, symbol_lengths)
        mine = torch.stack([count.sum() for count in counts]).to(dtype)
        total = sum_over_ranks(mine)
        world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        return cls(*(mine * world / total))


def sum_over_ranks(values: Tensor) -> Tensor:
    """Return the sum of a tensor over all ranks, of the same shape; the host does not wait."""
    if not torch.distributed.is_initialized():
        return values
    total = values.clone()
    torch.distributed.all_reduce(total)
    return total
