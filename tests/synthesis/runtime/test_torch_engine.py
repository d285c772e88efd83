"""The PyTorch engine: sampling a sentence, and errors of devices."""

import pytest
import torch

from vits.errors import VoiceError
from vits.synthesis.request import Request
from vits.synthesis.runtime.torch_engine import TorchEngine, to_samples


@pytest.fixture
def engine(make_bundle):
    return TorchEngine(make_bundle(["ada", "bob"]).generator, "cpu", "plain")


IDS = [1, 5, 2, 9, 3]


def test_predicted_durations_are_those_of_a_sample(engine):
    request = Request(seed=7, speaker=1)
    sample, predicted = engine.sample(IDS, request), engine.predict_durations(IDS, request)
    assert engine.durations(sample) == predicted
    assert len(predicted) == len(IDS)
    assert len(engine.decode(sample)) == sum(predicted) * engine.hop_length


def test_with_the_predicted_durations_the_sample_is_the_same(engine):
    request = Request(seed=7)
    free = engine.sample(IDS, request)
    fixed = engine.sample(IDS, request, engine.predict_durations(IDS, request))
    assert torch.equal(free.z, fixed.z)
    other = engine.sample(IDS, request, [2] * len(IDS))
    assert engine.durations(other) == [2] * len(IDS)


def test_an_unknown_device_is_an_error(make_bundle):
    with pytest.raises(VoiceError, match="device 'warp' cannot be used"):
        TorchEngine(make_bundle().generator, "warp")


def test_samples_that_are_not_finite_are_an_error():
    with pytest.raises(VoiceError, match="not finite"):
        to_samples(torch.tensor([[[0.0, torch.nan]]]))
