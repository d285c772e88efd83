"""Voices with pitch in ONNX Runtime: the same pitch, excitation and wave as in torch."""

from copy import deepcopy

import numpy as np
import pytest

from vits.synthesis import Voice, load

TEXT = "Well, so it is then, or not."
NAMES = ("pitched", "pitched duo")
pytestmark = pytest.mark.slow


@pytest.fixture
def load_voice(export):
    return lambda name: load(export(name, "onnx").graph.parent)


def whole(voice, **options):
    return voice(TEXT, seed=3, **options)


@pytest.mark.parametrize(
    ("name", "to"),
    [("pitched", "onnx"), ("pitched duo", "onnx"), ("pitched piper", "piper")],
)
def test_a_graph_equals_torch_for_the_pitch_that_it_predicts(export, name, to):
    assert export(name, to).verification.difference < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_and_a_batch_equal_single_calls(load_voice, name):
    voice = load_voice(name)
    expected = whole(voice).samples
    peak = np.abs(expected).max()
    streamed = np.concatenate([chunk.samples for chunk in voice.stream(TEXT, seed=3)])
    batched = voice.synthesize([TEXT, "Who?", TEXT], seeds=[3, 4, 5])
    for samples in (streamed, batched[0].samples):
        np.testing.assert_allclose(samples, expected, atol=1e-5 * peak)


@pytest.mark.parametrize("name", NAMES)
def test_durations_are_torchs_and_pitch_leaves_them(load_voice, make_voice, name):
    voice = load_voice(name)
    plain, moved = whole(voice), whole(voice, pitch=3.0, pitch_range=0.5)
    assert plain.words == moved.words == whole(Voice(deepcopy(make_voice(name)))).words
    assert not np.array_equal(plain.samples, moved.samples)
    word = whole(voice, word_pitch={1: 3.0})
    assert word.words == plain.words
    assert not np.array_equal(plain.samples, word.samples)


def test_the_whole_graph_takes_the_pitch(export):
    """``pitch`` and ``pitch_range`` are inputs with defaults, for other programs."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(export("pitched", "onnx").graph))
    feed = {
        "ids": np.array([[5, 6, 7, 8, 9]]),
        "id_lengths": np.array([5]),
        "noise_scale": np.zeros(1, np.float32),
        "length_scale": np.ones(1, np.float32),
        "noise_scale_duration": np.zeros(1, np.float32),
        "excitation_noise": np.zeros((1, 1, 32 * 200), np.float32),
    }
    plain, same, moved = (
        session.run(["wave"], feed | given)[0]
        for given in ({}, {"pitch": np.zeros(1, np.float32)}, {"pitch": np.ones(1, np.float32)})
    )
    np.testing.assert_array_equal(plain, same)
    assert plain.shape == moved.shape
    assert not np.array_equal(plain, moved)
