"""What a speaker encoder hears of a recording, and recordings that say nobody."""

import numpy as np
import pytest

from vits.audio.speaker_encoders.recordings import speech_of
from vits.errors import AudioError


def noise(seconds, rate=16000):
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * rate))


def test_pauses_and_level_are_taken_out():
    speech = noise(1.5)
    pause = np.zeros(16000)
    apart = np.concatenate([pause, speech[:12000], pause, speech[12000:], pause])
    alone, heard = speech_of(speech, 16000, "x"), speech_of(0.3 * apart, 16000, "x")
    assert alone.dtype == heard.dtype == np.float32
    assert abs(len(heard) - len(alone)) <= 4 * 480  # a frame of 30 ms at each end of a piece
    assert np.sqrt(np.mean(alone**2)) == pytest.approx(10 ** (-23 / 20), rel=1e-3)
    assert speech_of(noise(2.0, 8000), 8000, "x").shape == (2 * 16000 // 480 * 480,)


@pytest.mark.parametrize(
    ("wave", "words"),
    [
        (np.zeros(32000), "a.wav is silent: no sound is above -60 dBFS"),
        (np.zeros(0), "a.wav is silent"),
        (noise(0.2), r"a.wav: 0\.2 s of speech must be at least 1 s"),
        (np.concatenate([noise(0.5), np.zeros(32000)]), r"a.wav: 0\.5 s of speech must be"),
        (np.zeros(600 * 16000, np.float32), "a.wav: 600 s must be at most 300 s"),
        (np.append(noise(2), np.nan), "a.wav has NaN"),
    ],
)
def test_recordings_of_nobody_are_one_line(wave, words):
    with pytest.raises(AudioError, match=words):
        speech_of(wave, 16000, "a.wav")
