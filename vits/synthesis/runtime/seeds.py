"""Chance that can be repeated."""

import secrets
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from vits.errors import VoiceError

if TYPE_CHECKING:
    import torch

__all__ = ["Chance", "choose_seed", "seeded_generator", "sentence_seed"]

Chance = tuple[int, int]
"""The seed of a text, and the place of a sentence among its sentences."""


def choose_seed(seed: object) -> int:
    """Return the seed, or a new one for None."""
    if seed is None:
        return secrets.randbits(63)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < 2**63:
        raise VoiceError(f"seed {seed!r} must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def sentence_seed(seed: int, index: int) -> int:
    """Return the seed of one sentence, whatever is spoken before it or beside it."""
    (state,) = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)
    return int(state) & (2**63 - 1)


def seeded_generator(device: "torch.device", seed: int, index: int) -> "torch.Generator":
    """Make torch's generator of one sentence."""
    import torch

    return torch.Generator(device).manual_seed(sentence_seed(seed, index))
