"""A file encoded chunk by chunk equals the file encoded at once."""

import io
import signal
import struct

import numpy as np
import pytest
import soundfile

from vits.errors import AudioError
from vits.server.formats import FORMATS, Encoder, encode, media_type, output_rate

STEP = 1 / 32768
SNDFILE = [name for name in FORMATS if name != "aac"]


def make_wave(rate, seconds=1.3):
    time = np.arange(int(rate * seconds) + 17) / rate
    noise = np.random.default_rng(1).normal(0, 0.02, len(time))
    return (0.4 * np.sin(2 * np.pi * (300 + 100 * time) * time) + noise).astype(np.float32)


def decode(name, data, sample_rate, length):
    """Return samples and rate; the length, which a stream does not store, is filled in."""
    if name == "pcm":
        return np.frombuffer(data, "<i2") / 32768, sample_rate
    if name == "wav" and struct.unpack_from("<I", data, 40)[0] == 0xFFFFFFFF:
        return np.frombuffer(data[44:], "<i2") / 32768, struct.unpack_from("<I", data, 24)[0]
    if name == "flac" and data[22:26] == bytes(4):
        data = data[:22] + length.to_bytes(4, "big") + data[26:]
    return soundfile.read(io.BytesIO(data))


def encode_in_chunks(name, samples, rate, target=None, **options):
    encoder = Encoder(name, rate, target, **options)
    chunks, start = [], 0
    for size in (100, 4000, 9000, 1, len(samples)):
        chunks.append(encoder.write(samples[start : start + size]))
        start += size
    return b"".join([*chunks, encoder.finish()]), encoder.sample_rate


@pytest.mark.parametrize("target", [None, 24000], ids=["same rate", "24 kHz"])
@pytest.mark.parametrize("rate", [16000, 22050])
@pytest.mark.parametrize("name", SNDFILE)
def test_a_stream_equals_the_complete_file(name, rate, target):
    samples = make_wave(rate)
    whole, sample_rate = decode(name, encode(name, samples, rate, target), target or rate, 0)
    data, streamed_rate = encode_in_chunks(name, samples, rate, target)
    streamed, decoded_rate = decode(name, data, streamed_rate, len(whole))
    assert sample_rate == streamed_rate == decoded_rate == output_rate(name, target or rate)
    assert len(whole) == pytest.approx(len(samples) * decoded_rate / rate, abs=1)
    if name in ("wav", "flac", "pcm"):
        assert len(streamed) == len(whole)
        assert np.abs(streamed - whole).max() <= STEP
        if decoded_rate == rate:
            assert np.abs(whole - samples).max() <= STEP
    elif name == "mp3":  # without its header the codec's delay and padding remain
        assert 0 <= len(streamed) - len(whole) < 4 * 1152
    else:
        assert len(streamed) == len(whole)
        assert np.corrcoef(streamed, whole)[0, 1] > 0.99


def test_bytes_come_before_the_last_chunk():
    samples = make_wave(22050)
    for name in SNDFILE:
        encoder = Encoder(name, 22050)
        chunks = [encoder.write(samples[i : i + 4000]) for i in range(0, len(samples), 4000)]
        assert any(chunks[:-1]), name


def test_loud_samples_are_clipped():
    loud = np.float32([2.0, -2.0, 0.0, 0.5])
    assert np.frombuffer(encode("pcm", loud, 16000), "<i2").tolist() == [32767, -32768, 0, 16384]


def test_an_unsupported_rate_becomes_the_next_higher_one():
    assert [output_rate("opus", rate) for rate in (8000, 16000, 22050, 44100, 96000)] == [
        8000,
        16000,
        24000,
        48000,
        48000,
    ]
    assert output_rate("wav", 96000) == 96000
    assert output_rate("mp3", 22050) == 22050
    assert media_type("pcm", 16000) == "audio/pcm; rate=16000; channels=1"
    assert media_type("mp3", 16000) == "audio/mpeg"


@pytest.mark.parametrize("target", [None, 24000], ids=["same rate", "24 kHz"])
@pytest.mark.parametrize("name", SNDFILE)
def test_a_complete_file_does_not_depend_on_its_pieces(name, target):
    wave = make_wave(16000)
    encoder, start = Encoder(name, 16000, target, complete=True), 0
    for size in (100, 4000, 9000, 1, len(wave)):
        assert encoder.write(wave[start : start + size]) == b""
        start += size
    data, whole = encoder.finish(), encode(name, wave, 16000, target)
    length = round(len(wave) * encoder.sample_rate / 16000)
    one, _ = decode(name, data, encoder.sample_rate, length)
    other, _ = decode(name, whole, encoder.sample_rate, length)
    assert one.shape == other.shape
    difference = np.abs(one - other)
    if name in ("pcm", "wav", "flac"):
        assert difference.max() <= (0 if target is None else 2 * STEP)
    else:  # what an encoder decides depends a little on how much it has heard
        assert np.sqrt((difference**2).mean()) < 0.05 * np.sqrt((other**2).mean())


@pytest.mark.parametrize("complete", [True, False])
def test_aac_is_what_ffmpeg_writes(fake_ffmpeg, complete):
    arguments = fake_ffmpeg("cat")  # it "encodes" by passing the samples on
    wave = make_wave(22050)
    data, rate = encode_in_chunks("aac", wave, 22050, 24000, complete=complete)
    assert (data, rate) == encode_in_chunks("pcm", wave, 22050, 24000)
    assert "-f s16le -ar 24000 -ac 1 -i pipe:0 -c:a aac -f adts" in arguments.read_text()


@pytest.mark.parametrize("script", ["exit 3", "cat >/dev/null; exit 3"])
def test_a_program_that_fails_is_an_error(fake_ffmpeg, script):
    fake_ffmpeg(script)
    wave = make_wave(16000, 9)  # more than a pipe holds
    with pytest.raises(AudioError, match="cannot encode aac"):
        encode("aac", wave, 16000)


def test_a_program_whose_encoder_is_left_ends(fake_ffmpeg):
    fake_ffmpeg("exec cat")
    with Encoder("aac", 16000) as encoder:
        encoder.write(make_wave(16000))
        process = encoder._aac._process
        assert process.poll() is None
    assert process.poll() == -signal.SIGKILL
    with pytest.raises(AudioError, match="closed"):
        encoder.write(make_wave(16000))
