"""The voice in the box: whole, small, licensed, and it speaks at a human pace."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import vits
from vits.synthesis import OnnxVoice
from vits.synthesis.api import DEFAULT_VOICE, find_voice
from vits.synthesis.bundle.onnx_bundle import has_graphs

TEXT = "The birch canoe slid on the smooth planks."


@pytest.fixture(scope="module")
def voice():
    return vits.load()


def test_it_is_small_and_says_where_it_comes_from(voice):
    files = {path.name: path.stat().st_size for path in DEFAULT_VOICE.iterdir()}
    graphs = {"text.onnx", "wave.onnx", "decoder.onnx"} if has_graphs(DEFAULT_VOICE) else set()
    assert set(files) == {"README.md", "card.json", "config.json", "model.safetensors"} | graphs
    assert sum(files.values()) <= 12_500_000
    card = voice.card
    assert card.licence == "CC0-1.0"
    assert card.origin
    assert card.hardware
    assert card.hours > 0
    assert card.figures


def test_its_card_names_every_command_of_its_recipe(voice):
    recipe = Path(__file__).parents[2] / "recipes" / "kathleen" / "card.py"
    assert voice.card.commands == runpy.run_path(str(recipe))["COMMANDS"]


def test_it_speaks_without_being_named():
    speech = vits.synthesize(TEXT, seed=1)
    again = vits.synthesize(TEXT, voice=DEFAULT_VOICE, seed=1)
    np.testing.assert_array_equal(speech.samples, again.samples)
    assert speech.sample_rate == 16000


def test_it_speaks_at_a_human_pace_and_level(voice):
    speech = voice(TEXT, seed=1)
    assert 1.5 < speech.seconds < 5.0  # 8 words, 10 syllables
    level = 20 * np.log10(np.sqrt(np.mean(speech.samples**2)))
    assert -40 < level < -10
    assert np.abs(speech.samples).max() <= 1.0
    assert [word.text for word in speech.words][:3] == ["The", "birch", "canoe"]


def test_it_is_found_by_its_name_unless_something_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_voice("kathleen") == DEFAULT_VOICE
    assert find_voice("edith") == Path("edith")
    Path("kathleen").mkdir()
    assert find_voice("kathleen") == Path("kathleen")


def test_it_says_the_same_in_onnx_runtime_and_in_torch(voice):
    """Whoever replaces its weights runs ``vits export vits/voices/kathleen --in-place``."""
    torchs = vits.load(runtime="torch")
    assert isinstance(torchs, vits.Voice)
    pitched = torchs._engine.has_pitch  # graphs have no pitch
    assert isinstance(voice, vits.Voice if pitched else OnnxVoice)
    ours, expected = (one(TEXT, seed=5) for one in (voice, torchs))
    assert ours.words == expected.words
    peak = np.abs(expected.samples).max()
    np.testing.assert_allclose(ours.samples, expected.samples, atol=1e-4 * peak)
