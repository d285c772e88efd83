"""Control of a pitch: nothing at its defaults, semitones and movements by hand, per symbol."""

import math

import pytest
import torch

from vits.models.pitch import AS_PREDICTED, PitchControl

DURATIONS = torch.tensor([[2, 3, 1], [1, 0, 2]])
MASK = torch.tensor([[[1.0] * 6], [[1.0] * 3 + [0.0] * 3]])


@pytest.fixture
def pitch():
    """Two samples, the second shorter; some frames without voice."""
    log_f0 = math.log(180) + 0.3 * torch.randn(2, 6)
    voiced = torch.tensor([[1, 1, 0, 1, 1, 0], [0, 1, 1, 0, 0, 0]]).float()
    return torch.stack([log_f0, voiced], dim=1) * MASK


@pytest.mark.parametrize(
    "control",
    [
        AS_PREDICTED,
        PitchControl(torch.zeros(1), torch.ones(1)),
        PitchControl(torch.zeros(2, 3), torch.ones(2, 3)),
    ],
)
def test_the_default_changes_no_bit(pitch, control):
    assert torch.equal(control.apply(pitch, DURATIONS, MASK), pitch)


def test_twelve_semitones_are_twice_the_f0_and_voicing_and_padding_stay(pitch):
    changed = PitchControl(shift=12.0).apply(pitch, DURATIONS, MASK)
    assert torch.allclose(changed[:, 0].exp(), 2 ** MASK[:, 0] * pitch[:, 0].exp())
    assert torch.equal(changed[:, 1], pitch[:, 1])
    assert not changed[1, 0, 3:].any()


def test_the_range_is_around_the_mean_of_the_voiced_frames(pitch):
    changed = PitchControl(range=0.5).apply(pitch, DURATIONS, MASK)
    for before, after in zip(pitch, changed, strict=True):
        voiced = before[1] > 0
        mean = before[0, voiced].mean()
        assert torch.allclose(after[0, voiced], mean + 0.5 * (before[0, voiced] - mean))
    flat = PitchControl(range=0.0).apply(pitch, DURATIONS, MASK)
    assert torch.allclose(flat[0, 0], flat[0, 0, :1].expand(6))


def test_each_symbol_has_its_frames(pitch):
    shifts = torch.tensor([[12.0, 0.0, -12.0], [0.0, 5.0, 12.0]])
    changed = PitchControl(shift=shifts).apply(pitch, DURATIONS, MASK)
    octaves = (changed - pitch)[:, 0] / math.log(2)
    expected = torch.tensor([[1.0, 1, 0, 0, 0, -1], [0, 1, 1, 0, 0, 0]])
    assert torch.allclose(octaves, expected, atol=1e-6)


def test_a_sample_without_voice_stays_finite(pitch):
    pitch[:, 1] = 0
    for control in (PitchControl(4.0, 2.0), PitchControl(range=0.0)):
        assert control.apply(pitch, DURATIONS, MASK).isfinite().all()
