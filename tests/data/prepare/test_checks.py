import struct

import numpy as np
import pytest
import soundfile

from vits.data.prepare.checks import (
    Reason,
    RejectedError,
    check_file,
    check_length,
    check_level,
    check_samples,
)
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.errors import ConfigError

RATE = 16000
LIMITS = RecordingLimits()


def reason(function, *arguments):
    with pytest.raises(RejectedError) as caught:
        function(*arguments)
    assert caught.value.detail
    assert "\n" not in caught.value.detail
    return caught.value.reason


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(RATE), RATE)
    return path


def test_a_good_file_passes(recording):
    check_file(recording, RATE, LIMITS)
    check_file(recording, 8000, LIMITS)


def test_a_missing_file(tmp_path):
    assert reason(check_file, tmp_path / "no.wav", RATE, LIMITS) is Reason.MISSING


def test_an_empty_file(tmp_path):
    (tmp_path / "a.wav").touch()
    assert reason(check_file, tmp_path / "a.wav", RATE, LIMITS) is Reason.EMPTY


@pytest.mark.parametrize("cut", [1, 1000])
def test_a_truncated_file(recording, cut):
    recording.write_bytes(recording.read_bytes()[:-cut])
    assert reason(check_file, recording, RATE, LIMITS) is Reason.TRUNCATED


def test_a_text_file_is_unreadable(tmp_path):
    (tmp_path / "a.wav").write_text("<html>404 not found</html>")
    assert reason(check_file, tmp_path / "a.wav", RATE, LIMITS) is Reason.UNREADABLE
    assert reason(check_file, tmp_path, RATE, LIMITS) is Reason.UNREADABLE


def test_a_lower_rate_needs_permission(recording):
    assert reason(check_file, recording, 22050, LIMITS) is Reason.WRONG_RATE
    check_file(recording, 22050, RecordingLimits(allow_upsampling=True))


def test_no_samples():
    assert reason(check_samples, np.zeros((0, 1), np.float32), LIMITS) is Reason.EMPTY


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite(value):
    samples = np.zeros((100, 2), np.float32)
    samples[50, 1] = value
    assert reason(check_samples, samples, LIMITS) is Reason.NOT_FINITE


def test_clipping_is_checked_per_channel():
    samples = np.zeros((10_000, 2), np.float32)
    samples[:20, 1] = 1.0
    check_samples(samples, LIMITS)  # 0.2 % is allowed
    samples[:21, 1] = -1.0
    assert reason(check_samples, samples, LIMITS) is Reason.CLIPPED


def test_silence():
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    check_level(1.1e-3 * noise, LIMITS)
    assert reason(check_level, 0.9e-3 * noise, LIMITS) is Reason.SILENT
    assert reason(check_level, 0 * noise, LIMITS) is Reason.SILENT


def test_length_is_checked_in_whole_frames():
    check_length(32 * 256, RATE, 256, LIMITS)
    assert reason(check_length, 32 * 256 - 1, RATE, 256, LIMITS) is Reason.TOO_SHORT


def test_length_in_seconds():
    limits = RecordingLimits(min_seconds=1.0, max_seconds=2.0)
    check_length(RATE, RATE, 256, limits)
    check_length(2 * RATE, RATE, 256, limits)
    assert reason(check_length, RATE - 1, RATE, 256, limits) is Reason.TOO_SHORT
    assert reason(check_length, 2 * RATE + 1, RATE, 256, limits) is Reason.TOO_LONG


def test_a_header_of_unknown_length_is_no_truncation(recording):
    raw = bytearray(recording.read_bytes())
    raw[4:8] = raw[40:44] = struct.pack("<I", 0xFFFFFFFF)  # as programs write to a pipe
    recording.write_bytes(raw)
    check_file(recording, RATE, LIMITS)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"min_seconds": 5.0, "max_seconds": 5.0}, "min_seconds 5.0 must be in"),
        ({"max_clipped": 2.0}, "max_clipped 2.0 must be in"),
        ({"silence_dbfs": 60.0}, "silence_dbfs 60.0 must be less"),
        ({"max_deviation": -1.0}, "max_deviation -1.0 must not be negative"),
        ({"segment_frames": 0}, "segment_frames 0 must be greater"),
    ],
)
def test_invalid_limits_are_errors(values, rule):
    with pytest.raises(ConfigError, match=rule):
        RecordingLimits(**values)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"trim_db": 0.0}, "trim_db 0.0 must be greater"),
        ({"loudness_dbfs": 3.0}, "loudness_dbfs 3.0 must be below 0"),
        ({"unknown": "guess"}, "unknown 'guess' must be"),
    ],
)
def test_invalid_options_are_errors(values, rule):
    with pytest.raises(ConfigError, match=rule):
        PrepareConfig(**values)


def test_a_constant_wave_is_silent():
    wave = np.full(RATE, 0.3, np.float32)
    assert reason(check_level, wave, LIMITS) is Reason.SILENT
    wave[::2] += 2**-15
    assert reason(check_level, wave, LIMITS) is Reason.SILENT


def test_a_missing_file_says_what_stands_there(tmp_path):
    (tmp_path / "wavs").mkdir()
    (tmp_path / "wavs/k00.m4a").touch()
    with pytest.raises(RejectedError, match=r"wavs has k00\.m4a"):
        check_file(tmp_path / "wavs/k00.wav", RATE, LIMITS)
    with pytest.raises(RejectedError, match="has wavs/"):
        check_file(tmp_path / "wav/k00.wav", RATE, LIMITS)


def test_a_low_rate_names_the_options_that_help(recording):
    with pytest.raises(RejectedError, match="--sample-rate 16000, or use --allow-upsampling"):
        check_file(recording, 22050, LIMITS)
