"""A recording as the speaker: the same file the same samples, averages, files, refusals."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from vits.audio.speaker_encoders.vector import SpeakerVector, average
from vits.cli import main
from vits.config import SpeakerVectorsConfig
from vits.errors import AudioError, VoiceError
from vits.models.vits import Vits
from vits.synthesis import Voice, load, speaker_files, write_voice


class Bands:
    """Energies of 6 bands of the spectrum, a vector of length 1."""

    name, size = "bands", 6

    def __call__(self, speech):
        power = np.abs(np.fft.rfft(speech)) ** 2
        bands = np.array([band.sum() for band in np.array_split(power, 6)])
        return (bands / np.linalg.norm(bands)).astype(np.float32)


@pytest.fixture(autouse=True)
def bands(monkeypatch):
    monkeypatch.setattr(speaker_files, "open_encoder", {"bands": Bands()}.__getitem__)


@pytest.fixture(scope="module")
def make_vector_bundle(make_bundle, make_config):
    def make(encoder="bands"):
        kind = SpeakerVectorsConfig(encoder=encoder, size=6)
        torch.manual_seed(1)
        generator = Vits(make_config(2, speaker_vectors=kind))
        generator.speaker_embedding.vectors.copy_(torch.eye(2, 6))
        return make_bundle(("ada", "bob"), generator=generator)

    return make


@pytest.fixture(scope="module")
def folder(make_vector_bundle, tmp_path_factory):
    return write_voice(tmp_path_factory.mktemp("vectors") / "voice", make_vector_bundle())


@pytest.fixture(scope="module")
def voice(folder):
    return load(folder)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two people, as low and as high noise, and recordings of nobody."""
    place, random = tmp_path_factory.mktemp("people"), np.random.default_rng(0)
    white = 0.1 * random.standard_normal(24000)
    low = np.convolve(white, np.ones(9) / 3, "same")
    for name, wave in {
        "low": low,
        "high": np.diff(white),
        "short": white[:3200],
        "silence": np.zeros(24000),
    }.items():
        soundfile.write(place / f"{name}.wav", wave, 16000)
    return place


def speak(voice, speaker, **options):
    return voice("one two.", speaker=speaker, seed=3, **options).samples


def test_the_same_file_speaks_the_same_samples_and_another_does_not(voice, recordings):
    low, high = (speak(voice, str(recordings / f"{name}.wav")) for name in ("low", "high"))
    assert np.array_equal(speak(voice, recordings / "low.wav"), low)
    vector = voice.speaker_vector(recordings / "low.wav")
    assert vector.recordings == ("low.wav",)
    assert np.array_equal(speak(voice, vector), low)
    assert low.shape != high.shape or not np.allclose(low, high, atol=1e-5)


def test_a_stream_and_a_batch_are_the_call(voice, recordings):
    vector = voice.speaker_vector(recordings / "low.wav")
    whole = speak(voice, vector)
    parts = [part.samples for part in voice.stream("one two.", speaker=vector, seed=3)]
    stream = np.concatenate(parts)
    assert stream.shape == whole.shape
    assert np.abs(stream - whole).max() <= 1e-5 * np.abs(whole).max()
    (batch,) = voice.synthesize(["one two."], seeds=[3], speaker=vector)
    assert np.abs(batch.samples - whole).max() <= 1e-5 * np.abs(whole).max()


def test_a_named_speaker_is_its_vector_and_a_mix_their_mean(voice):
    rows = np.eye(2, 6)
    ada = SpeakerVector(encoder="bands", values=tuple(rows[0].tolist()))
    assert np.array_equal(speak(voice, "ada"), speak(voice, ada))
    mix = SpeakerVector(encoder="bands", values=tuple((0.25 * rows[0] + 0.75 * rows[1]).tolist()))
    assert np.array_equal(speak(voice, {"ada": 1, "bob": 3}), speak(voice, mix))


def test_several_recordings_are_averaged_and_kept_in_a_file(voice, recordings, tmp_path):
    files = [recordings / "low.wav", recordings / "high.wav"]
    both = voice.speaker_vector(*files)
    assert both == average([voice.speaker_vector(file) for file in files])
    both.write(tmp_path / "both.speaker")
    assert (tmp_path / "both.speaker").stat().st_size < 10_000
    assert np.array_equal(speak(voice, str(tmp_path / "both.speaker")), speak(voice, both))


def test_anybody_is_converted_to_anybody(voice, recordings):
    low, high = recordings / "low.wav", recordings / "high.wav"
    options = {"source": low, "target": high, "seed": 5}
    one, again = (voice.convert(low, **options).samples for _ in range(2))
    assert np.array_equal(one, again)
    assert not np.array_equal(voice.convert(low, **{**options, "target": "ada"}).samples, one)


def test_what_says_nobody_is_one_line(voice, recordings, tmp_path):
    with pytest.raises(AudioError, match=r"short\.wav: 0\.2 s of speech"):
        speak(voice, recordings / "short.wav")
    with pytest.raises(AudioError, match=r"silence\.wav is silent"):
        speak(voice, recordings / "silence.wav")
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        speak(voice, "gone.wav")
    other = SpeakerVector(encoder="other", values=(1.0,))
    with pytest.raises(VoiceError, match="of the encoder other must be of bands"):
        speak(voice, other)
    other.write(tmp_path / "other.speaker")
    with pytest.raises(VoiceError, match="of the encoder other must be of bands"):
        voice.speaker_vector(tmp_path / "other.speaker")


def test_a_voice_without_vectors_says_so(tiny_duo, recordings):
    with pytest.raises(VoiceError, match="needs a voice that was trained with speaker vectors"):
        speak(load(tiny_duo), str(recordings / "low.wav"))


def test_an_encoder_in_onnx_is_asked_for(make_vector_bundle, recordings):
    voice = Voice(make_vector_bundle("onnx:0123"))
    with pytest.raises(VoiceError, match="give its file with --speaker-encoder PATH"):
        speak(voice, recordings / "low.wav")


@pytest.fixture
def say(folder, tmp_path, capsys):
    def run(*flags, voice=folder):
        words = ["say", "one two.", "-o", tmp_path / "out.wav", "--voice", voice, *flags]
        status = main([str(word) for word in words])
        return status, capsys.readouterr().err

    return run


def test_say_takes_recordings_and_keeps_the_speaker(say, voice, recordings, tmp_path):
    low, high = recordings / "low.wav", recordings / "high.wav"
    kept = tmp_path / "both.speaker"
    flags = ("--speaker-audio", low, "--speaker-audio", high, "--save-speaker", kept)
    assert say(*flags, "--seed", 3) == (0, "")
    first = Path(tmp_path / "out.wav").read_bytes()
    assert SpeakerVector.read(kept) == voice.speaker_vector(low, high)
    assert say("--speaker-audio", kept, "--seed", 3) == (0, "")
    assert (tmp_path / "out.wav").read_bytes() == first


def test_say_refuses_in_one_line(say, recordings, tiny_duo):
    low = recordings / "low.wav"
    for flags, words in (
        (("--speaker-audio", low, "--speaker", "ada"), "are both given"),
        (("--save-speaker", "x.speaker"), "--save-speaker has no effect without"),
        (("--speaker-audio", recordings / "silence.wav"), "is silent"),
    ):
        status, error = say(*flags)
        assert status == 2
        assert re.search(words, error)
        assert error.count("\n") == 1
    status, error = say("--speaker-audio", low, voice=tiny_duo)
    assert (status, error.count("\n")) == (2, 1)
