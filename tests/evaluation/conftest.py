"""espeak-ng recordings, a tiny voice with random weights, and a fake recogniser."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from vits.config import (
    FrontendConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.evaluation import Item, UtteranceMetrics
from vits.evaluation.evaluators.error_rates import ErrorCount
from vits.evaluation.pitch import PitchDistance
from vits.evaluation.results import Recognition, RecordingDistance
from vits.models.vits import Vits
from vits.synthesis import Card, Voice, VoiceBundle, write_voice
from vits.text import Frontend, SymbolTable

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ,.!?'()<>&/\""


class Parrot:
    """Always returns the same words, and aligns every text."""

    def transcribe(self, samples, sample_rate):
        return "good morning, vera"

    def aligns(self, samples, sample_rate, text):
        return len(samples) > 0 or None


@pytest.fixture
def parrot():
    return Parrot()


@pytest.fixture
def make_voice(tmp_path):
    """Write a voice that speaks noise in milliseconds."""

    def make(name="ada", seed=3):
        torch.manual_seed(seed)
        frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable.from_texts([LETTERS]))
        config = VitsConfig(
            n_symbols=len(frontend.symbols),
            hidden_channels=16,
            latent_channels=8,
            text_encoder=TextEncoderConfig(filter_channels=16, n_layers=1),
            decoder=HifiGanConfig(
                upsample_rates=(8, 8, 4), upsample_kernel_sizes=(16, 16, 8), initial_channels=16
            ),
        )
        bundle = VoiceBundle(
            generator=Vits(config),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=(),
            card=Card(name=name, training_steps=7),
        )
        return write_voice(tmp_path / name, bundle)

    return make


@pytest.fixture
def voice(make_voice):
    from vits.synthesis import read_voice

    return Voice(read_voice(make_voice()))


@pytest.fixture(scope="session")
def robot(root, tmp_path_factory):
    """Two sentences that espeak-ng reads, in LJSpeech's layout."""
    folder = tmp_path_factory.mktemp("robot") / "corpus"
    command = [sys.executable, str(root / "recipes/demo/make_corpus.py"), str(folder)]
    subprocess.run([*command, "--count", "2"], check=True, capture_output=True, timeout=60)
    return folder


def chirp(seconds=1.0, rate=16000, seed=0):
    """Something with a pitch and a changing spectrum."""
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * k * 120 * time + k * time**2) / k for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(time))
    return (0.1 * tone * (1.2 + np.sin(8 * time)) + noise).astype(np.float32)


@pytest.fixture
def items():
    """Two texts with recordings at different rates."""
    return [
        Item("a", "Good morning, Vera!", "", lambda: (chirp(0.4), 16000)),
        Item("b", "Good night.", "", lambda: (chirp(0.6, 22050), 22050)),
    ]


@pytest.fixture(scope="session")
def make_bundle():
    """Make a tiny voice for the tones of ``write_tones``; its weights are random."""

    def make_bundle(data, speakers=(), **changes):
        torch.manual_seed(0)
        config = VitsConfig(
            n_symbols=len(data.symbols),
            n_speakers=max(1, len(speakers)),
            hidden_channels=24,
            latent_channels=16,
            speaker_channels=8,
            segment_frames=8,
            audio=data.audio,
            text_encoder=TextEncoderConfig(filter_channels=32, n_layers=1, dropout=0.0),
            posterior_encoder=PosteriorEncoderConfig(n_layers=2),
            prior_flow=PriorFlowConfig(n_layers=1, n_flows=2),
            duration_predictor=StochasticDurationConfig(n_flows=1),
            decoder=HifiGanConfig(
                resblock="2",
                resblock_kernel_sizes=(3,),
                resblock_dilations=((1,),),
                upsample_rates=(8, 8),
                upsample_kernel_sizes=(16, 16),
                initial_channels=16,
            ),
        )
        frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable(tuple(data.symbols)))
        return VoiceBundle(
            generator=Vits(dataclasses.replace(config, **changes)),
            frontend=frontend,
            fingerprint={},
            speakers=tuple(speakers),
            card=Card(name="toy"),
        )

    return make_bundle


@pytest.fixture
def recorded_metrics():
    first, second = _recognition(1, 4, 2, 20, True), _recognition(0, 6, 0, 30, None)
    return [
        UtteranceMetrics(
            Item("a", "One two."), 1.0, np.array([100.0, 200.0]), first, naturalness=4.0
        ),
        UtteranceMetrics(Item("b", "Three."), 2.0, np.array([150.0]), second, naturalness=3.0),
    ]


@pytest.fixture
def spoken_metrics(recorded_metrics):
    near = RecordingDistance(0.5, 4.0, PitchDistance(0.02, 2, 1, 10), 1.0)
    far = RecordingDistance(1.5, 8.0, PitchDistance(0.06, 6, 2, 10), 2.0)
    first, second = _recognition(3, 4, 9, 20, False), _recognition(1, 6, 1, 30, True)
    return [
        UtteranceMetrics(
            recorded_metrics[0].item, 1.2, np.array([165.0]), first, near, 0.5, (), 3.2
        ),
        UtteranceMetrics(
            recorded_metrics[1].item, 1.8, np.array([]), second, far, 0.7, (0.1,), 3.0
        ),
    ]


def _recognition(word_errors, words, character_errors, characters, aligned):
    return Recognition("x", ErrorCount(word_errors, words, character_errors, characters), aligned)
