"""Randomness that needs no memory: each step's draws are a function of (seed, step, rank)."""

import numpy as np
import torch

__all__ = ["seed_step"]


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed torch on every device for one training step.

    A run that is stopped and goes on at the same step thus draws the same segments, noise and
    dropout, without any generator state in its checkpoint.
    """
    mixed = np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(mixed))
