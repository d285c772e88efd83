"""Computing as if alone in the process."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["isolated", "neutral"]


@contextmanager
def neutral(device: torch.device) -> Generator[None]:
    """Compute without autocast and without a default device, whatever the caller has set.

    The default dtype belongs to the whole process, other threads included, so it cannot be changed
    here: what is computed inside must name its dtypes.

    Args:
        device: where the computation runs.
    """
    with ExitStack() as stack:
        if torch.is_autocast_enabled(device.type):
            stack.enter_context(torch.autocast(device.type, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


@contextmanager
def isolated(device: torch.device) -> Generator[None]:
    """Compute as in ``neutral``, without gradients."""
    with torch.inference_mode(), neutral(device):
        yield
