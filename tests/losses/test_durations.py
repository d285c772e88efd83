"""The losses of judged durations, against values worked out by hand."""

import torch

from vits.losses import duration_adversarial_loss, duration_discriminator_loss

MASK = torch.tensor([[[1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]]])  # 4 real symbols
REAL = torch.tensor([[[1.0, 0.5, 0.0]], [[2.0, 9.0, 9.0]]])
PREDICTED = torch.tensor([[[0.0, 1.0, -1.0]], [[0.5, 9.0, 9.0]]])


def test_by_hand():
    # real: 0, 1/4, 1, 1; predicted: 0, 1, 1, 1/4; over 4 symbols
    assert duration_discriminator_loss(REAL, PREDICTED, MASK) == (2.25 + 2.25) / 4
    # 1, 0, 4, 1/4
    assert duration_adversarial_loss(PREDICTED, MASK) == 5.25 / 4


def test_the_best_discriminator_and_the_best_predictor_lose_nothing():
    ones = torch.ones_like(REAL)
    assert duration_discriminator_loss(ones, 0 * ones, MASK) == 0
    assert duration_adversarial_loss(ones, MASK) == 0


def test_half_precision_does_not_overflow():
    large = torch.full_like(REAL, 400.0).bfloat16()
    assert duration_adversarial_loss(large, MASK).dtype == torch.float32
    assert duration_discriminator_loss(large, large, MASK).isfinite()
