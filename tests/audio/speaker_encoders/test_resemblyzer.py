"""The encoder of resemblyzer: windows by hand, and the package's own code where installed."""

import sys
import types

import numpy as np
import pytest
import torch

from vits.audio.speaker_encoders import resemblyzer
from vits.audio.speaker_encoders.encoder import open_encoder
from vits.errors import ConfigError, MissingExtraError


def noise(samples):
    return (0.1 * np.random.default_rng(1).standard_normal(samples)).astype(np.float32)


@pytest.fixture
def encoder(monkeypatch):
    """The encoder with random weights."""
    torch.manual_seed(0)
    weights = resemblyzer.Ge2eNetwork().state_dict()
    monkeypatch.setattr(resemblyzer, "_weights", lambda: {**weights, "other": torch.zeros(1)})
    return open_encoder("resemblyzer")


def test_a_vector_is_the_mean_of_windows_of_160_frames(encoder):
    speech = noise(2 * 16000)  # frames 0 to 160 and 77 to 237, the last of 201 are padding
    mels = encoder.network.mel_powers(torch.from_numpy(np.pad(speech, (0, 237 * 160 - 32000))))
    both = torch.cat([encoder.network(mels[None, i : i + 160]) for i in (0, 77)])
    expected = torch.nn.functional.normalize(both.mean(0), dim=0).numpy()
    found = encoder(speech)
    assert found.shape == (encoder.size,) == (256,)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.array_equal(encoder(speech), found)


def test_a_last_window_that_is_mostly_padding_is_left_out(encoder):
    speech = noise(16000 + 9600)  # 161 frames: the window from 77 on would be half empty
    mels = encoder.network.mel_powers(torch.from_numpy(speech))
    np.testing.assert_allclose(encoder(speech), encoder.network(mels[None, :160])[0], atol=1e-6)


def test_what_is_missing_is_one_line(monkeypatch):
    def no_files(name):
        raise resemblyzer.PackageNotFoundError(name)

    resemblyzer._weights.cache_clear()
    monkeypatch.setattr(resemblyzer, "files", no_files)
    with pytest.raises(MissingExtraError, match=r"pip install 'vits\[speakers\]'"):
        open_encoder("resemblyzer")
    with pytest.raises(ConfigError, match="speaker encoder 'x' must be 'resemblyzer' or the path"):
        open_encoder("x")


@pytest.mark.slow
def test_vectors_are_those_of_the_package(monkeypatch):
    if "webrtcvad" not in sys.modules:  # it is only needed for recordings with pauses
        monkeypatch.setitem(sys.modules, "webrtcvad", types.ModuleType("webrtcvad"))
    package = pytest.importorskip("resemblyzer", reason="pip install 'vits[speakers]'")
    resemblyzer._weights.cache_clear()
    reference, encoder = package.VoiceEncoder("cpu", verbose=False), open_encoder("resemblyzer")
    for samples in (16000, 20000, 25600, 40001, 100_000):
        speech = noise(samples)
        np.testing.assert_allclose(encoder(speech), reference.embed_utterance(speech), atol=1e-6)
