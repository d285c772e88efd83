"""Seeds: repeatable randomness for every sentence of a text."""

import secrets
from numbers import Integral
from typing import TYPE_CHECKING

from vits.errors import VoiceError

if TYPE_CHECKING:
    import torch

__all__ = ["choose_seed", "derive_seed", "seeded_generator"]


def choose_seed(seed: object) -> int:
    """Check a seed, or draw a new one for None.

    Raises:
        VoiceError: it is no whole number from 0 to 2**63 - 1.
    """
    if seed is None:
        return secrets.randbits(63)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < 2**63:
        raise VoiceError(f"seed {seed!r} must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def derive_seed(seed: int, index: int) -> int:
    """Derive the seed of sentence ``index``, independent of all other sentences."""
    import numpy as np  # late: `vits say --help` must not load it

    (state,) = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)
    return int(state) & (2**63 - 1)


def seeded_generator(device: "torch.device", seed: int) -> "torch.Generator":
    """Create a random generator of torch with a seed."""
    import torch

    return torch.Generator(device).manual_seed(seed)
