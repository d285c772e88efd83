import re
import struct

import numpy as np
import pytest
import soundfile

from vits.audio import files
from vits.errors import AudioError, MissingFileError

RATE = 22050


@pytest.fixture
def wave():
    time = np.arange(RATE) / RATE
    return (0.6 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def on_16_bits(wave):
    return (np.rint(wave * 32768) / 32768).astype(np.float32)


@pytest.mark.parametrize("extension", [".wav", ".flac", ".WAV"])
def test_lossless_formats_return_every_16_bit_value(tmp_path, extension):
    path = tmp_path / f"a{extension}"
    values = (np.arange(-32768, 32768) / 32768).astype(np.float32)
    files.write(path, values, RATE)
    samples, rate = files.read(path)
    assert rate == RATE
    assert samples.shape == (65536, 1)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples[:, 0], values)


def test_repeated_copies_are_identical(tmp_path, wave):
    path = tmp_path / "a.wav"
    for _ in range(3):
        files.write(path, wave, RATE)
        wave = files.read(path)[0][:, 0]
    first = path.read_bytes()
    files.write(path, wave, RATE)
    assert path.read_bytes() == first


@pytest.mark.parametrize("extension", [".ogg", ".mp3"])
def test_lossy_formats_keep_length_and_level(tmp_path, wave, extension):
    path = tmp_path / f"a{extension}"
    files.write(path, np.tile(wave, 8), RATE)  # more than one block
    samples, rate = files.read(path)
    assert rate == RATE
    assert abs(len(samples) - 8 * RATE) < 2500  # an mp3 encoder adds a frame or two
    level = np.sqrt(np.mean(np.square(samples)))
    assert level == pytest.approx(0.6 / np.sqrt(2), rel=0.02)


def test_info_reads_the_header(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.zeros((100, 2)), 8000, subtype="PCM_24")
    assert files.info(path) == (8000, 2, 100, "WAV", "PCM_24")
    assert files.info(path).seconds == 100 / 8000
    assert files.read(path)[0].shape == (100, 2)


def test_clipping_is_counted(tmp_path):
    path = tmp_path / "a.wav"
    wave = np.array([0.5, 2.0, -1.5, 1.0], dtype=np.float32)
    with pytest.warns(UserWarning, match=r"2 of 4 samples .* multiply the wave by 0\.5"):
        files.write(path, wave, RATE)
    np.testing.assert_allclose(files.read(path)[0][:, 0], [0.5, 1, -1, 1], atol=1 / 32768)


@pytest.mark.parametrize(
    ("peak", "factor"), [(1.0000001, 0.999), (1.25, 0.8), (3.0, 0.333), (999.9, 0.001), (1e6, 1e-6)]
)
def test_the_named_factor_avoids_clipping(tmp_path, peak, factor):
    wave = np.array([0.5, -peak], dtype=np.float64)
    with pytest.warns(UserWarning, match="multiply the wave by") as caught:
        files.write(tmp_path / "a.wav", wave, RATE)
    named = float(re.search(r"wave by (\S+) to", str(caught[0].message))[1])
    assert named == pytest.approx(factor)
    assert named * peak <= 1


@pytest.mark.parametrize(
    ("name", "samples", "message"),
    [
        ("a.aiff", np.zeros(4), r"\.aiff.*\.wav, \.flac, \.ogg, \.mp3"),
        ("noextension", np.zeros(4), r"\.wav"),
        ("a.wav", np.zeros((4, 2)), r"\(4, 2\).*\(L,\)"),
        ("a.wav", np.zeros(4, dtype=np.int16), "int16"),
        ("a.wav", np.array([0.0, np.nan, np.inf]), "2 of 3 samples are not finite"),
    ],
)
def test_invalid_samples_and_names_are_errors(tmp_path, name, samples, message):
    with pytest.raises(AudioError, match=message):
        files.write(tmp_path / name, samples, RATE)
    assert not (tmp_path / name).exists()


def test_unsupported_sample_rate_is_an_error(tmp_path):
    with pytest.raises(AudioError, match=r"12345 Hz"):
        files.write(tmp_path / "a.mp3", np.zeros(100), 12345)


def test_missing_folder_and_file_are_named(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        files.write(tmp_path / "nowhere" / "a.wav", np.zeros(4), RATE)
    for function in (files.read, files.info, files.riff_shortfall):
        with pytest.raises(MissingFileError, match=r"absent\.wav does not exist"):
            function(tmp_path / "absent.wav")
        with pytest.raises(AudioError, match="is a folder"):
            function(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello, this is no recording", b"RIFF", b"RIFFxxxxWA"])
def test_non_audio_files_are_a_one_line_error(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        files.read(path)
    assert "\n" not in str(caught.value)
    assert "a.wav" in str(caught.value)


@pytest.mark.parametrize("cut", [1, 2, 1000, 44100 + 8])
def test_truncated_riff_is_an_error_with_the_missing_bytes(tmp_path, wave, cut):
    path = tmp_path / "a.wav"
    files.write(path, wave, RATE)
    assert files.riff_shortfall(path) == 0
    path.write_bytes(path.read_bytes()[:-cut])
    assert files.riff_shortfall(path) == cut
    with pytest.raises(AudioError, match=f"truncated: {cut} bytes"):
        files.read(path)


def test_truncated_flac_is_an_error(tmp_path, wave):
    path = tmp_path / "a.flac"
    files.write(path, wave, RATE)
    assert files.riff_shortfall(path) == 0
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError, match=r"a\.flac"):
        files.read(path)


def riff(*chunks, size=None):
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", promised) + data for name, promised, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


FORMAT = (b"fmt ", 16, struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))


def test_extra_riff_chunks_are_ignored(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(riff((b"LIST", 3, b"abc\0"), FORMAT, (b"data", 8, bytes(8))))
    assert files.riff_shortfall(path) == 0
    assert len(files.read(path)[0]) == 4
    path.write_bytes(riff(FORMAT, (b"data", 8, bytes(8)), (b"LIST", 100, b"cut")))
    assert files.riff_shortfall(path) == 0  # all samples are there


def test_unknown_length_of_a_streamed_wav_is_not_a_truncation(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(riff(FORMAT, (b"data", 0xFFFFFFFF, bytes(8)), size=0xFFFFFFFF))
    assert files.riff_shortfall(path) == 0
    assert len(files.read(path)[0]) == 4


def test_file_cut_inside_its_header_is_truncated(tmp_path):
    path = tmp_path / "a.wav"
    whole = riff(FORMAT, (b"data", 8, bytes(8)))
    path.write_bytes(whole[:30])
    assert files.riff_shortfall(path) == len(whole) - 30


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_writing_in_chunks_equals_writing_at_once(tmp_path, wave, name):
    files.write(tmp_path / name, wave, RATE)
    with files.AudioWriter(tmp_path / f"pieces_{name}", RATE) as writer:
        for piece in np.array_split(wave, 5):
            writer.write(piece)
        assert not (tmp_path / f"pieces_{name}").exists()
    np.testing.assert_allclose(
        files.read(tmp_path / f"pieces_{name}")[0], files.read(tmp_path / name)[0], atol=1e-6
    )


def test_clipped_samples_of_all_chunks_are_counted_once(tmp_path):
    def write():
        with files.AudioWriter(tmp_path / "a.wav", RATE) as writer:
            writer.write(np.array([0.5, 2.0, -1.5]))
            writer.write(np.array([0.5, 4.0, 1.0]))

    with pytest.warns(UserWarning, match=r"3 of 6 samples .* by 0\.25") as caught:
        write()
    assert len(caught) == 1


def test_an_error_keeps_the_old_file_and_leaves_no_other(tmp_path):
    files.write(tmp_path / "a.wav", np.ones(5) / 2, RATE)
    before = (tmp_path / "a.wav").read_bytes()

    def write():
        with files.AudioWriter(tmp_path / "a.wav", RATE) as writer:
            writer.write(np.zeros(3))
            writer.write(np.array([np.nan]))

    with pytest.raises(AudioError, match="not finite"):
        write()
    with pytest.raises(AudioError, match="12345 Hz"):
        files.AudioWriter(tmp_path / "a.mp3", 12345)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == before
