"""The search's kernel in plain Python equals its compiled form."""

import numpy as np
import torch

from vits.alignment import monotonic_alignment_search
from vits.alignment.kernel import search_batch


def test_plain_python_kernel_equals_its_compiled_form():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3, 20, 7)).astype(np.float32)
    symbols, frames = np.array([7, 1, 4]), np.array([20, 5, 4])
    plain = np.zeros((3, 7), np.int64)
    search_batch(scores, symbols, frames, plain)
    compiled = monotonic_alignment_search(*map(torch.from_numpy, (scores, symbols, frames)))
    assert np.array_equal(plain, compiled.numpy())
