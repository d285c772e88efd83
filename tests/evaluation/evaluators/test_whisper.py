"""Whisper as a recogniser: what it is asked, and a model that is not there."""

import sys
import types

import numpy as np
import pytest

from vits.errors import ConfigError
from vits.evaluation import Recogniser, load_recogniser


class Model:
    """Counts the seconds that it hears; a real model is too large for the tests."""

    def __init__(self, name, **options):
        if name == "absent":
            raise ValueError("no such model")
        self.name, self.options = name, options

    def transcribe(self, samples, **options):
        assert samples.dtype == np.float32
        assert options["temperature"] == 0.0
        assert options["language"] == "en"
        words = [f" heard {len(samples) / 16000:.0f}", " seconds "]
        return (types.SimpleNamespace(text=text) for text in words), None


@pytest.fixture(autouse=True)
def faster_whisper(monkeypatch):
    module = types.ModuleType("faster_whisper")
    module.WhisperModel = Model
    monkeypatch.setitem(sys.modules, "faster_whisper", module)


def test_it_hears_16_khz_and_joins_what_it_heard():
    recogniser = load_recogniser("whisper")
    assert isinstance(recogniser, Recogniser)
    assert recogniser.transcribe(np.zeros(22050 * 3), 22050) == "heard 3 seconds"
    assert recogniser._model.name == "tiny.en"
    assert recogniser._model.options["local_files_only"]


def test_a_folder_is_taken_as_it_is(tmp_path):
    assert load_recogniser(f"whisper:{tmp_path}")._model.name == str(tmp_path)


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(
        ConfigError, match="recogniser whisper:absent cannot be loaded: name a fold"
    ):
        load_recogniser("whisper:absent")
