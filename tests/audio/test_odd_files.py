"""Recordings whose headers lie, and files that are none: one error each, and no memory."""

import os
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile

from vits.audio import ffmpeg, files
from vits.errors import AudioError

RATE = 16000


@pytest.fixture
def flac(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(3 * RATE), RATE)
    return path


def set_flac_length(path, length):
    """Write the number of samples into STREAMINFO: the last 36 bits of bytes 18 to 25."""
    raw = bytearray(path.read_bytes())
    (value,) = struct.unpack_from(">Q", raw, 18)
    struct.pack_into(">Q", raw, 18, value >> 36 << 36 | length)
    path.write_bytes(raw)


def test_a_flac_of_unknown_length_is_read(flac):
    whole, _ = files.read(flac)
    set_flac_length(flac, 0)
    samples, rate = files.read(flac)
    assert rate == RATE
    assert np.array_equal(samples, whole)
    assert files.info(flac).seconds == 3


def test_a_header_that_claims_too_much_costs_no_memory(flac):
    set_flac_length(flac, (1 << 36) - 1)
    tracemalloc.start()
    with pytest.raises(AudioError, match=r"truncated|not a readable"):
        files.read(flac)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_recording_that_is_too_long_is_not_read_to_its_end(flac):
    with pytest.raises(AudioError, match="longer than 2 s"):
        files.read(flac, max_seconds=2)


@pytest.mark.parametrize("function", [files.read, files.info, files.riff_shortfall])
def test_a_pipe_is_no_recording(tmp_path, function):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="is a pipe or a device"):
        function(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("offset", "form", "value", "fault"),
    [
        (28, "<I", 1, "bytes per second"),
        (24, "<I", 8000, "bytes per second"),
        (22, "<H", 3, "for 3 channels"),
        (34, "<H", 24, "24 bits"),
    ],
)
def test_a_header_that_contradicts_itself(tmp_path, offset, form, value, fault):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), RATE)
    assert files.riff_contradiction(path) == ""
    raw = bytearray(path.read_bytes())
    struct.pack_into(form, raw, offset, value)
    path.write_bytes(raw)
    with pytest.raises(AudioError, match=fault):
        files.read(path)


@pytest.mark.parametrize("rate", [1, 999, 800_000])
def test_a_rate_that_no_recording_has(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), rate)
    with pytest.raises(AudioError, match="must be from 1000 to 768000 Hz"):
        files.read(tmp_path / "a.wav")


def test_a_riff_file_of_empty_chunks_ends(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVE" + bytes(1 << 20))
    assert files.riff_shortfall(path) == 0


def test_another_format_names_the_command_that_helps(tmp_path, monkeypatch):
    path = tmp_path / "it's.m4a"
    path.write_bytes(b"x")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AudioError, match=r"format m4a.*ffmpeg -i .*it's\.m4a.*wav"):
        files.read(path)


def test_another_format_is_read_through_ffmpeg(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.5), RATE, subtype="FLOAT")
    program = tmp_path / "ffmpeg"
    runs = tmp_path / "runs"
    program.write_text(f"#!/bin/sh\necho >> '{runs}'\n/bin/cat '{tmp_path}/a.wav'\n")
    program.chmod(0o755)
    (tmp_path / "a.m4a").write_bytes(b"x")
    monkeypatch.setenv("PATH", str(tmp_path))
    samples, rate = files.read(tmp_path / "a.m4a")
    assert (rate, samples.shape, samples[0, 0]) == (RATE, (100, 1), 0.5)
    assert files.info(tmp_path / "a.m4a").samples == 100
    assert files.sample_rate(tmp_path / "a.m4a") == RATE
    assert runs.read_text() == "\n"  # decoded once
    (tmp_path / "a.m4a").write_bytes(b"another")
    files.read(tmp_path / "a.m4a")
    assert runs.read_text() == "\n\n"
    samples[:] = 0  # of somebody who normalises the recording
    assert files.read(tmp_path / "a.m4a")[0][0, 0] == 0.5
    (tmp_path / "a.m4a").write_bytes(b"is as long")
    monkeypatch.setattr(ffmpeg, "_LONGEST", 50 / RATE)
    with pytest.raises(AudioError, match="split the recording"):
        files.read(tmp_path / "a.m4a")
    (tmp_path / "a.m4a").write_bytes(b"a third")
    program.write_text("#!/bin/sh\necho moov atom not found >&2; exit 1\n")
    with pytest.raises(AudioError, match="moov atom not found; convert it"):
        ffmpeg.decode(tmp_path / "a.m4a")
