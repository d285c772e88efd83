"""Seeding of each training step from (seed, step, rank)."""

import numpy as np
import torch

__all__ = ["seed_step"]


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed torch on every device for one training step.

    A run that resumes at the same step draws the same segments, noise and dropout. Its checkpoint
    needs no generator state.
    """
    mixed = np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(mixed))
