"""A voice with pitch: written, read, streamed, batched, changed; and voices without."""

import math

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis import Settings, Voice, read_voice, write_voice

TEXT = "Hello there. How are you?"


def log_f0(voice, **options):
    """Return the logarithm of F0 of the first sentence, frame by frame."""
    request, items = voice._read(TEXT, None, {"seed": 5, **options})
    own = request.for_sentence(0)
    return voice._engine.sample(next(items).encoding.ids, own).source.log_f0[0, 0].numpy()


def test_times_stay_and_samples_change(sung):
    plain, high, flat = (
        sung(TEXT, seed=5, **options) for options in ({}, {"pitch": 2}, {"pitch_range": 0.0})
    )
    for changed in (high, flat):
        assert (changed.words, changed.phonemes) == (plain.words, plain.phonemes)
        assert len(changed.samples) == len(plain.samples)
        assert not np.allclose(changed.samples, plain.samples, atol=1e-3)


def test_the_defaults_change_no_bit(sung):
    plain, asked = sung(TEXT, seed=5), sung(TEXT, seed=5, pitch=0.0, pitch_range=1.0)
    np.testing.assert_array_equal(plain.samples, asked.samples)


def test_f0_moves_by_what_was_asked(sung):
    plain = log_f0(sung)
    for semitones in (-4, 2.5):
        moved = log_f0(sung, pitch=semitones)
        assert np.abs(moved - plain - semitones * math.log(2) / 12).max() < 1e-5
    assert np.ptp(plain) > 0.01
    assert np.ptp(log_f0(sung, pitch_range=0.5)) == pytest.approx(np.ptp(plain) / 2, rel=1e-4)


@pytest.mark.parametrize("options", [{}, {"pitch": 3.0, "pitch_range": 1.5}])
@pytest.mark.slow
def test_streams_and_batches_have_the_pitch_of_the_whole(sung, options):
    whole = sung(TEXT, seed=5, **options)
    stream = np.concatenate([chunk.samples for chunk in sung.stream(TEXT, seed=5, **options)])
    low = {"pitch": -3.0}
    batch, other = sung.synthesize([TEXT, TEXT], seeds=[5, 5], each=[options, low])
    peak = np.abs(whole.samples).max()
    for samples in (stream, batch.samples):
        np.testing.assert_allclose(samples, whole.samples, atol=1e-5 * peak)
    assert other.words == whole.words
    alone = sung(TEXT, seed=5, **low).samples
    np.testing.assert_allclose(other.samples, alone, atol=1e-5 * peak)


def test_it_is_written_and_read(make_pitched, tmp_path):
    bundle = make_pitched()
    read = read_voice(write_voice(tmp_path / "voice", bundle)).generator
    assert read.config.pitch == bundle.generator.config.pitch
    for a, b in zip(read.parameters(), bundle.generator.parameters(), strict=True):
        assert a.equal(b)


def test_a_voice_may_have_a_pitch_of_its_own(make_pitched, sung):
    own = Voice(make_pitched(settings=Settings(pitch=2.0)))
    asked = sung(TEXT, seed=5, pitch=2.0)
    np.testing.assert_array_equal(own(TEXT, seed=5).samples, asked.samples)


@pytest.mark.parametrize("setting", [{"pitch": 2}, {"pitch_range": 0.8}])
def test_a_voice_without_pitch_refuses(voice, make_bundle, setting):
    (name,) = setting
    match = f"{name} .* needs a voice with pitch, and 'tiny' has none"
    assert not voice.has_pitch
    for speak in (voice, voice.stream, lambda text, **options: voice.synthesize([text], **options)):
        with pytest.raises(VoiceError, match=match) as caught:
            list(speak(TEXT, **setting))
        assert "\n" not in str(caught.value)
    with pytest.raises(VoiceError, match=match):
        make_bundle(settings=Settings(**setting))
