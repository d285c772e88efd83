"""Many texts at once are each what they are alone."""

import numpy as np
import pytest

from vits.errors import TextError, VoiceError

TEXTS = [
    "Hello there. How are you?",
    "Fine!",
    "The quick brown fox jumps over the lazy dog. " * 4,
    "Hello there. How are you?",
    "Good night, good night.\n\nSleep.",
]


@pytest.mark.parametrize("batch_frames", [1, 400, 100_000])
@pytest.mark.slow
def test_a_batch_is_its_texts_alone(duo, batch_frames):
    settings = {"speaker": "bob", "length_scale": 2.0, "paragraph_silence": 0.5}
    seeds = [4, 5, 6, 7, 2**63 - 1]
    spoken = duo.synthesize(TEXTS, seeds=seeds, batch_frames=batch_frames, **settings)
    for text, seed, speech in zip(TEXTS, seeds, spoken, strict=True):
        alone = duo(text, seed=seed, **settings)
        assert speech.samples.shape == alone.samples.shape
        peak = np.abs(alone.samples).max()
        assert np.abs(speech.samples - alone.samples).max() <= 1e-5 * peak
        assert (speech.phonemes, speech.words, speech.seed) == (alone.phonemes, alone.words, seed)
        assert speech.start == 0


@pytest.mark.parametrize("batch_frames", [400, 100_000])
@pytest.mark.slow
def test_each_text_of_a_batch_may_be_spoken_in_its_own_way(duo, batch_frames):
    each = [
        {"speaker": "ada", "length_scale": 0.7},
        {"speaker": 1, "noise_scale": 0.0},
        {"speaker": {"ada": 2.0, "bob": 1.0}, "noise_scale_duration": 0.1},
        {"sentence_silence": 1.0},
        {"speaker": "bob", "paragraph_silence": None, "punctuation_silence": {".": 0.4}},
    ]
    of_all = {"length_scale": 1.5, "speaker": "bob", "paragraph_silence": 0.9}
    spoken = duo.synthesize(TEXTS, seeds=range(5), each=each, batch_frames=batch_frames, **of_all)
    for seed, (text, options, speech) in enumerate(zip(TEXTS, each, spoken, strict=True)):
        alone = duo(text, seed=seed, **{**of_all, **options})
        assert speech.samples.shape == alone.samples.shape
        assert np.abs(speech.samples - alone.samples).max() <= 1e-5 * np.abs(alone.samples).max()
        assert (speech.phonemes, speech.words) == (alone.phonemes, alone.words)


def test_different_speakers_are_decoded_at_once(duo, monkeypatch):
    decoder, shapes = duo._engine.model.decoder, []
    forward = decoder.forward
    calm = {"noise_scale_duration": 0.0}
    ada, bob = (duo("Hello there.", speaker=name, **calm).seconds for name in duo.speakers)
    monkeypatch.setattr(
        decoder, "forward", lambda z, *more: shapes.append(len(z)) or forward(z, *more)
    )
    each = [{"speaker": "ada"}, {"speaker": "bob", "length_scale": ada / bob}] * 2
    duo.synthesize(["Hello there."] * 4, each=each, **calm)
    assert shapes[0] == 4  # and then the ends of the shorter ones


def test_sentences_of_the_same_length_are_decoded_at_once(voice, monkeypatch):
    model = voice._engine.model
    shapes = []
    forward = model.decoder.forward
    monkeypatch.setattr(
        model.decoder,
        "forward",
        lambda z, *more: shapes.append(tuple(z.shape)) or forward(z, *more),
    )
    calm = {"noise_scale_duration": 0.0}
    voice.synthesize(["Hello there."] * 5, **calm)
    assert [shape[0] for shape in shapes] == [5]


def test_without_seeds_every_text_gets_its_own(voice):
    first, second = voice.synthesize(["Hello there."] * 2)
    assert first.seed != second.seed
    again = voice("Hello there.", seed=second.seed)
    np.testing.assert_allclose(second.samples, again.samples, atol=1e-5)
    (third,) = voice.synthesize(["Hello there."], seeds=[first.seed])
    np.testing.assert_allclose(third.samples, first.samples, atol=1e-5)
    assert voice.synthesize([]) == []


def test_mistakes_are_named(voice):
    with pytest.raises(TextError, match="a str or a list of str, not int"):
        voice.synthesize(3)
    with pytest.raises(TextError, match="text 1: the text is empty"):
        voice.synthesize(["Hello.", " "])
    with pytest.raises(VoiceError, match="1 seeds must be as many as the 2 texts"):
        voice.synthesize(["Hello.", "You."], seeds=[1])
    with pytest.raises(VoiceError, match="1 entries of each must be as many as the 2 texts"):
        voice.synthesize(["Hello.", "You."], each=[{}])
    with pytest.raises(VoiceError, match="text 1: unknown speaker 'eve'"):
        voice.synthesize(["Hello.", "You."], each=[{}, {"speaker": "eve"}])
    with pytest.raises(VoiceError, match="seconds is for one text; call the voice once"):
        voice.synthesize(["Hello."], seconds=3.0)
    with pytest.raises(VoiceError, match="seed is for one text; give seeds"):
        voice.synthesize(["Hello."], seed=1)
    with pytest.raises(VoiceError, match="unknown setting 'loudness'; known: noise_scale"):
        voice.synthesize(["Hello."], each=[{"loudness": 1}])
    with pytest.raises(VoiceError, match="batch_frames 0"):
        voice.synthesize(["Hello."], batch_frames=0)
    with pytest.raises(VoiceError, match="speaker"):
        voice.synthesize(["Hello."], speaker="eve")


def test_one_text_gives_one_speech(voice):
    speech = voice.synthesize("Hello there.", seed=3, seconds=1.0)
    expected = voice("Hello there.", seed=3, seconds=1.0)
    np.testing.assert_array_equal(speech.samples, expected.samples)
    for name, value in {"seeds": [1], "each": [{}], "batch_frames": 5}.items():
        with pytest.raises(VoiceError, match=f"{name} is for a list of texts"):
            voice.synthesize("Hello.", **{name: value})
