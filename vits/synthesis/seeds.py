"""Chance that can be repeated."""

import secrets
from numbers import Integral

import numpy as np
import torch

from vits.errors import VoiceError

__all__ = ["choose_seed", "seeded_generator"]


def choose_seed(seed: object) -> int:
    """Return the seed, or a new one for None."""
    if seed is None:
        return secrets.randbits(63)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < 2**63:
        raise VoiceError(f"seed {seed!r} must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def seeded_generator(device: torch.device, seed: int, index: int) -> torch.Generator:
    """Make the generator of one sentence, whatever is spoken before it or beside it."""
    (state,) = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(state) & (2**63 - 1))
