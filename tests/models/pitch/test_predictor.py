"""Pitch predictor: its loss by hand, its mask, and where its gradients go."""

import math

import pytest
import torch
from torch.nn import functional

from vits.config.pitch import LOG_F0_CENTRE
from vits.models.pitch.predictor import UNVOICED_WEIGHT, PitchPredictor

SIZES = {"channels": 12, "inner_channels": 16, "n_layers": 2, "kernel_size": 5, "dropout": 0.0}


@pytest.fixture
def predictor():
    return PitchPredictor(10, **SIZES, conditioning_channels=3)


def draw(n_frames=20):
    hidden, mean = torch.randn(2, 6, n_frames), torch.randn(2, 4, n_frames)
    mask = torch.ones(2, 1, n_frames)
    mask[1, :, 13:] = 0
    pitch = torch.stack([5 + 0.1 * torch.randn(2, n_frames), torch.randn(2, n_frames) > 0], 1)
    return hidden, mean, mask, pitch * mask, torch.randn(2, 3, 1)


def test_the_loss_is_semitones_and_cross_entropy(predictor):
    hidden, mean, mask, pitch, speaker = draw()
    with torch.no_grad():
        predictor.post.weight.zero_()
        predictor.post.bias.copy_(torch.tensor([0.2, -0.7]))
    loss = predictor(hidden, mean, mask, pitch, speaker)
    expected = torch.zeros(2)
    for item, length in enumerate((20, 13)):
        for log_f0, voiced in pitch[item, :, :length].T:
            semitones = abs(LOG_F0_CENTRE + 0.2 - log_f0) / (math.log(2) / 12)
            share = torch.sigmoid(torch.tensor(-0.7))
            expected[item] += semitones * (1 if voiced else UNVOICED_WEIGHT)
            expected[item] -= (share if voiced else 1 - share).log()
    assert torch.allclose(loss, expected, rtol=1e-5)


def test_gradients_reach_every_weight_and_not_the_text(predictor):
    hidden, mean, mask, pitch, speaker = draw()
    inputs = [x.requires_grad_() for x in (hidden, mean, speaker)]
    predictor(hidden, mean, mask, pitch, speaker).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in predictor.parameters())
    assert all(x.grad is None for x in inputs)


def test_padding_changes_nothing(predictor):
    hidden, mean, mask, pitch, speaker = draw()
    together = predictor.predict(hidden, mean, mask, speaker)
    alone = predictor.predict(hidden[1:, :, :13], mean[1:, :, :13], mask[1:, :, :13], speaker[1:])
    assert torch.allclose(together[1:, :, :13], alone, atol=1e-5)
    assert not together[1, :, 13:].any()
    assert set(together[:, 1].flatten().tolist()) <= {0.0, 1.0}
    loss = predictor(hidden, mean, mask, pitch, speaker)[1]
    crop = predictor(*(x[1:, :, :13] for x in (hidden, mean, mask, pitch)), speaker[1:])[0]
    assert torch.allclose(loss, crop, rtol=1e-5)


@pytest.mark.slow
def test_it_learns_a_contour(predictor):
    hidden, mean, mask, pitch, speaker = draw()
    optimizer = torch.optim.Adam(predictor.parameters(), 1e-2)
    first = predictor(hidden, mean, mask, pitch, speaker).sum().item()
    for _ in range(200):
        optimizer.zero_grad()
        loss = predictor(hidden, mean, mask, pitch, speaker).sum()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2 * first
    assert (
        functional.l1_loss(predictor.predict(hidden, mean, mask, speaker)[:, 1], pitch[:, 1]) < 0.1
    )
