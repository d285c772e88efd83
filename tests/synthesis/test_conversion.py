import numpy as np
import pytest
import soundfile
import torch

from vits.errors import AudioError, MissingFileError, VoiceError
from vits.models.pitch import make_source
from vits.synthesis import Voice

RATE = 22050


@pytest.fixture
def recording():
    rng = np.random.default_rng(1)
    return (0.3 * rng.standard_normal(RATE)).astype(np.float32)


def test_conversion_keeps_the_length_and_repeats_with_its_seed(duo, recording):
    first, again = (duo.convert(recording, RATE, "ada", "bob", seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.sample_rate == RATE
    assert 0 <= len(recording) - len(first.samples) < 256
    assert first.phonemes == first.words == ()
    np.testing.assert_array_equal(
        duo.convert(torch.from_numpy(recording), RATE, 0, 1, seed=1).samples, first.samples
    )


def test_source_and_target_speaker_both_matter(duo, recording):
    pairs = [("ada", "bob"), ("bob", "ada"), ("ada", "ada")]
    waves = [duo.convert(recording, RATE, *pair, seed=1, noise_scale=0).samples for pair in pairs]
    assert not np.array_equal(waves[0], waves[1])
    assert not np.array_equal(waves[0], waves[2])


def test_a_recording_of_another_rate_is_resampled(duo, recording):
    speech = duo.convert(recording, 44100, "ada", "bob")
    assert speech.seconds == pytest.approx(len(recording) / 44100, abs=0.02)


def test_a_voice_of_one_speaker_cannot_convert(voice, recording):
    with pytest.raises(VoiceError, match="one speaker"):
        voice.convert(recording, RATE, 0, 0)


@pytest.mark.parametrize(
    ("wave", "message"),
    [
        (np.zeros((2, RATE), np.float32), r"shape \(2, 22050\)"),
        (np.zeros(RATE, np.int16), "int16"),
        (np.full(RATE, np.nan, np.float32), "NaN"),
        (np.zeros(10, np.float32), "longer"),
        (np.zeros(0, np.float32), "longer"),
        (np.zeros(301 * RATE, np.float32), "301 s"),
    ],
)
def test_a_wave_that_cannot_be_converted_is_named(duo, wave, message):
    with pytest.raises(AudioError, match=message) as caught:
        duo.convert(wave, RATE, "ada", "bob")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rate", [0, -1, 1.5])
def test_a_sample_rate_is_a_positive_whole_number(duo, recording, rate):
    with pytest.raises(AudioError, match="sample rate"):
        duo.convert(recording, rate, "ada", "bob")


def test_an_unknown_speaker_is_named(duo, recording):
    with pytest.raises(VoiceError, match="eve"):
        duo.convert(recording, RATE, "ada", "eve")


def test_a_file_is_converted_like_its_samples(duo, tmp_path):
    wave = duo("Hello there.", speaker="ada", seed=1).samples
    path = tmp_path / "ada.wav"
    soundfile.write(path, np.stack([wave, wave], 1), duo.sample_rate, subtype="FLOAT")
    expected = duo.convert(wave, duo.sample_rate, "ada", "bob", seed=2)
    found = duo.convert(path, source="ada", target="bob", seed=2)
    np.testing.assert_allclose(found.samples, expected.samples, atol=1e-6)
    mixed = duo.convert(path, source="ada", target={"ada": 1, "bob": 1}, seed=2)
    assert not np.array_equal(mixed.samples, expected.samples)
    with pytest.raises(AudioError, match="must be left out"):
        duo.convert(path, 22050, "ada", "bob")
    with pytest.raises(AudioError, match="must come with its sample_rate"):
        duo.convert(wave, source="ada", target="bob")
    with pytest.raises(VoiceError, match="both source and target"):
        duo.convert(path, target="bob")
    with pytest.raises(MissingFileError, match="nowhere"):
        duo.convert(tmp_path / "nowhere.wav", source="ada", target="bob")


def test_a_compact_voice_cannot_convert(make_bundle, tmp_path):
    from vits.synthesis.bundle.weights import make_compact

    bundle = make_bundle(["ada", "bob"])
    make_compact(bundle.generator)
    with pytest.raises(VoiceError, match="compact") as caught:
        Voice(bundle).convert(np.zeros(22050, np.float32), 22050, "ada", "bob")
    assert "\n" not in str(caught.value)


def test_a_voice_with_pitch_keeps_that_of_the_recording_or_moves_it(make_pitched, monkeypatch):
    pytest.importorskip("swift_f0", reason="the extra pitch is not installed")
    voice, seconds = Voice(make_pitched(["ada", "bob"])), np.arange(RATE // 2) / RATE
    wave = sum(np.sin(2 * np.pi * 150 * k * seconds) / k for k in range(1, 20)).astype(np.float32)
    heard = []

    def listen(pitch, audio, **options):
        heard.append(pitch)
        return make_source(pitch, audio, **options)

    monkeypatch.setattr("vits.models.vits.make_source", listen)
    plain = voice.convert(0.1 * wave, RATE, "ada", "bob", seed=1)
    moved = voice.convert(0.1 * wave, RATE, "ada", "bob", seed=1, pitch=-4.0)
    assert len(plain.samples) == len(moved.samples)
    assert not np.array_equal(plain.samples, moved.samples)
    for pitch, hertz in zip(heard, (150, 150 * 2 ** (-4 / 12)), strict=True):
        log_f0, voiced = pitch[0, :, 5:-5]
        assert voiced.all()
        assert np.abs(log_f0.exp().numpy() / hertz - 1).max() < 0.02


def test_a_voice_without_pitch_cannot_move_it(duo, recording):
    with pytest.raises(VoiceError, match=r"pitch 2\.0 needs a voice with pitch"):
        duo.convert(recording, RATE, "ada", "bob", pitch=2.0)
