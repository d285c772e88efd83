"""The PyTorch engine: sampling a sentence, and errors of devices."""

import pytest
import torch

from vits.errors import VoiceError
from vits.synthesis.runtime.torch_engine import TorchEngine, to_samples


@pytest.fixture
def engine(make_bundle):
    return TorchEngine(make_bundle(["ada", "bob"]).generator, "cpu", "plain")


@pytest.fixture
def settings(make_bundle):
    return make_bundle().settings


IDS, SEED = [1, 5, 2, 9, 3], (7, 0)


def test_predicted_durations_are_those_of_a_sample(engine, settings):
    sample = engine.sample(IDS, 1, settings, SEED)
    predicted = engine.predict_durations(IDS, 1, settings, SEED)
    assert engine.durations(sample) == predicted
    assert len(predicted) == len(IDS)
    assert len(engine.decode(sample)) == sum(predicted) * engine.hop_length


def test_with_the_predicted_durations_the_sample_is_the_same(engine, settings):
    predicted = engine.predict_durations(IDS, 0, settings, SEED)
    free = engine.sample(IDS, 0, settings, SEED)
    fixed = engine.sample(IDS, 0, settings, SEED, predicted)
    assert torch.equal(free.z, fixed.z)
    other = engine.sample(IDS, 0, settings, SEED, [2] * len(IDS))
    assert engine.durations(other) == [2] * len(IDS)


def test_an_unknown_device_is_an_error(make_bundle):
    with pytest.raises(VoiceError, match="device 'warp' cannot be used"):
        TorchEngine(make_bundle().generator, "warp")


def test_samples_that_are_not_finite_are_an_error():
    with pytest.raises(VoiceError, match="not finite"):
        to_samples(torch.tensor([[[0.0, torch.nan]]]))
