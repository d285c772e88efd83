"""The score of a text is that of its best path, found by brute force."""

import numpy as np
import pytest
import torch

from vits.alignment import prior_log_likelihood
from vits.alignment.score import best_path_scores


def test_best_path_scores_equal_brute_force_per_frame(brute_force):
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.normal(size=(1, 3, 6)))
    mean, log_std = (torch.from_numpy(rng.normal(size=(2, 3, 4))) for _ in range(2))
    values, durations = best_path_scores(z, mean, log_std, torch.tensor([4, 2]))
    scores = prior_log_likelihood(z.expand(2, -1, -1), mean, log_std).numpy()
    for i, size in enumerate((4, 2)):
        best, _ = brute_force(scores[i, :, :size])
        assert float(values[i]) == pytest.approx(best / 6, rel=1e-6)
        assert durations[i].sum() == 6
