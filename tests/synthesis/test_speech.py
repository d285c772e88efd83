import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

from vits.errors import AudioError, MissingFileError
from vits.synthesis import Speech, Timing

RATE = 22050


@pytest.fixture
def speech():
    time = np.arange(RATE) / RATE
    samples = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    words = (Timing("<b>tone", 0.1, 0.9),)
    return Speech(samples, RATE, (Timing("t", 0.1, 0.4), Timing("o", 0.4, 0.9)), words, 5)


@pytest.mark.parametrize(("ending", "tolerance"), [("wav", 1e-4), ("flac", 1e-4), ("ogg", 0.05)])
def test_a_saved_file_holds_the_same_samples(speech, tmp_path, ending, tolerance):
    path = speech.save(tmp_path / f"speech.{ending}")
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(samples, speech.samples, atol=tolerance)


def test_an_mp3_sounds_the_same(speech, tmp_path):
    samples, rate = soundfile.read(speech.save(str(tmp_path / "speech.mp3")), dtype="float32")
    assert rate == RATE
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(440, abs=2)
    assert np.abs(samples[2000:-3000]).max() == pytest.approx(0.5, abs=0.05)


def test_save_refuses_an_unknown_ending_and_a_missing_folder(speech, tmp_path):
    with pytest.raises(AudioError, match=r"\.txt"):
        speech.save(tmp_path / "speech.txt")
    with pytest.raises(MissingFileError, match="nowhere"):
        speech.save(tmp_path / "nowhere" / "speech.wav")


def test_seconds_and_repr(speech):
    assert speech.seconds == 1.0
    assert repr(speech) == "Speech(1.00 s at 22050 Hz, 1 words, 2 phonemes, seed=5)"


def test_the_notebook_player_carries_the_wave_and_escapes_the_text(speech):
    page = speech._repr_html_()
    data = re.search(r"data:audio/wav;base64,([^\"]+)", page).group(1)
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(samples, speech.samples, atol=1e-4)
    assert "<b>" not in page
    assert "&lt;b&gt;tone" in page


def test_timings_are_json(speech):
    timings = json.loads(json.dumps(speech.timings()))
    assert timings["seconds"] == 1.0
    assert timings["seed"] == 5
    assert timings["phonemes"][1] == {"text": "o", "start": 0.4, "end": 0.9}
    assert timings["words"] == [{"text": "<b>tone", "start": 0.1, "end": 0.9}]
