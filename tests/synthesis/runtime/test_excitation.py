"""The excitation without torch beside that of the model."""

import numpy as np
import pytest
import torch

from vits.config.pitch import LOG_F0_CENTRE
from vits.layers.excitation import excite
from vits.models.pitch import PitchControl
from vits.synthesis.request import Request, SymbolPitch
from vits.synthesis.runtime.excitation import control_pitch, make_source
from vits.synthesis.settings import Settings

RATE, HOP, FRAMES = 16000, 64, 50


@pytest.fixture
def pitch():
    rng = np.random.default_rng(1)
    log_f0 = LOG_F0_CENTRE + np.cumsum(rng.normal(0, 0.02, FRAMES))
    return np.stack([log_f0, rng.random(FRAMES) > 0.3])[None].astype(np.float32)


def test_samples_are_those_of_torch(pitch):
    noise = np.random.default_rng(7).standard_normal((1, 1, FRAMES * HOP), np.float32)
    source = make_source(pitch, noise, sample_rate=RATE, hop_length=HOP, n_fft=0)
    assert source.shape == (1, 2 + HOP, FRAMES)
    log_f0, voiced = torch.from_numpy(pitch).chunk(2, dim=1)
    expected = excite(log_f0, voiced, torch.from_numpy(noise), sample_rate=RATE, hop_length=HOP)
    samples = np.swapaxes(source[:, 2:], 1, 2).reshape(-1)
    np.testing.assert_allclose(samples, expected[0, 0].numpy(), atol=2e-5)


@pytest.mark.parametrize("symbols", [None, SymbolPitch((1.0, -2.0, 0.0), (1.0, 0.5, 2.0))])
def test_control_is_that_of_torch(pitch, symbols):
    frames = np.array([20, 10, 20])
    settings = Settings(pitch=2.0, pitch_range=0.7)
    request = Request(seed=1, settings=settings, symbol_pitch=symbols)
    shift, factor = 2.0, 0.7
    if symbols is not None:
        shift, factor = (torch.tensor(values)[None] for values in symbols)
        shift, factor = 2.0 + shift, 0.7 * factor
    given = torch.from_numpy(pitch)
    durations = torch.from_numpy(frames)[None]
    expected = PitchControl(shift, factor).apply(given, durations, torch.ones(1, 1, FRAMES))
    np.testing.assert_allclose(control_pitch(pitch, frames, request), expected.numpy(), atol=1e-5)


def test_no_change_changes_no_bit(pitch):
    request = Request(seed=1, settings=Settings())
    np.testing.assert_array_equal(control_pitch(pitch, np.array([FRAMES]), request), pitch)
