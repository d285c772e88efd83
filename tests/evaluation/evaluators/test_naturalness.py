"""Naturalness as a network predicts it."""

import functools
import sys
import types

import numpy as np
import pytest

import vits
from vits.errors import AudioError, ConfigError
from vits.evaluation import DnsMos, Predictor, load_predictor

SECONDS = 2.3  # DNSMOS doubles it to 9.2 s, which its window of 9 s fits into once


@pytest.fixture(scope="module")
def dnsmos():
    """Its networks on one thread: more of them would wait for the suite's other workers."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = functools.partial(onnxruntime.InferenceSession, sess_options=options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "InferenceSession", session)
        yield load_predictor("dnsmos")


@pytest.fixture(scope="module")
def speech():
    return vits.load()("The garden behind the old house is quiet.", seed=1).samples


@pytest.fixture(scope="module")
def noisy(speech):
    return speech + np.random.default_rng(1).normal(0, 0.02, len(speech)).astype(np.float32)


def test_noise_makes_speech_less_natural(dnsmos, speech, noisy):
    clean, worse = (dnsmos.rate(wave[: int(16000 * SECONDS)], 16000) for wave in (speech, noisy))
    assert 1.0 <= worse < clean - 0.2 < 5.0


def test_the_rate_of_the_wave_makes_no_difference(dnsmos):
    time = np.arange(int(48000 * SECONDS)) / 48000
    wave = (0.2 * np.sin(2 * np.pi * 220 * time) * (1 + np.sin(2 * np.pi * 3 * time))).astype("f4")
    assert dnsmos.rate(wave, 48000) == pytest.approx(dnsmos.rate(wave[::3], 16000), abs=0.05)


def test_what_is_louder_than_full_scale_is_clipped(dnsmos):
    wave = np.sin(np.arange(int(16000 * SECONDS)) / 20)
    assert dnsmos.rate(2 * wave, 16000) == dnsmos.rate(np.clip(2 * wave, -1, 1), 16000)


def test_no_wave_has_no_naturalness(dnsmos):
    with pytest.raises(AudioError, match="without samples"):
        dnsmos.rate(np.zeros(0), 16000)


def test_distill_mos_hears_noise(speech, noisy):
    distillmos = load_predictor("distill-mos")
    clean = distillmos.rate(speech, 16000)
    assert distillmos.rate(speech, 16000) == clean
    assert 1.0 <= distillmos.rate(noisy, 16000) < clean - 0.2 < 5.0
    with pytest.raises(AudioError, match="without samples"):
        distillmos.rate(np.zeros(0), 16000)


class Critic:
    def rate(self, samples, sample_rate):
        return 3.5


class Mute:
    pass


def test_a_predictor_is_made_by_its_name(monkeypatch, dnsmos):
    module = types.ModuleType("critics")
    module.Critic, module.Mute = Critic, Mute
    monkeypatch.setitem(sys.modules, "critics", module)
    assert isinstance(dnsmos, DnsMos)
    assert isinstance(dnsmos, Predictor)
    assert load_predictor("critics:Critic").rate(np.zeros(1), 16000) == 3.5
    assert load_predictor("none") is None
    for name, words in (
        ("ear", "must be dnsmos, distill-mos, none or package.module:factory"),
        ("critics:Reader", "cannot be imported"),
        ("critics:Mute", "lacks rate"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_predictor(name)
