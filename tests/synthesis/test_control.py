"""Lengths that are asked for, mixes of speakers, words with given pronunciations."""

import numpy as np
import pytest
import soundfile

from vits.errors import AudioError, MissingFileError, TextError, VoiceError
from vits.synthesis import Captions, Voice
from vits.synthesis.script.durations import allocate

TEXT = "Where is the garden? It is, they say, behind the house."
HOP = 256


def frames(speech, seconds):
    return round(seconds * speech.sample_rate / HOP)


@pytest.mark.parametrize("seconds", [1.7, 3.21, 8.0])
@pytest.mark.parametrize("text", ["Where is the garden?", TEXT])
@pytest.mark.parametrize("silence", [0.0, 0.2])
def test_the_whole_lasts_exactly_so_many_frames(voice, seconds, text, silence):
    speech = voice(text, seconds=seconds, sentence_silence=silence, seed=1)
    assert len(speech.samples) == frames(speech, seconds) * HOP
    assert speech.phonemes[-1].end == pytest.approx(speech.seconds, abs=1e-6)


def test_a_stream_is_fitted_too(voice):
    whole = voice(TEXT, seconds=4.0, seed=1)
    chunks = list(voice.stream(TEXT, seconds=4.0, seed=1))
    joined = np.concatenate([chunk.samples for chunk in chunks])
    assert np.abs(joined - whole.samples).max() <= 1e-5 * np.abs(whole.samples).max()
    assert Captions(chunks).timings() == whole.timings()


def test_the_length_it_has_anyway_changes_nothing(voice):
    plain = voice("Where is the garden?", seed=1)
    fitted = voice("Where is the garden?", seed=1, seconds=plain.seconds)
    np.testing.assert_array_equal(fitted.samples, plain.samples)


def test_a_fit_keeps_proportions_and_pauses(voice):
    options = {"seed": 1, "noise_scale_duration": 0.0, "sentence_silence": 0.5}
    plain = voice(TEXT, **options)
    slow = voice(TEXT, **options, seconds=2 * plain.seconds - 0.5)
    for before, after in zip(plain.phonemes, slow.phonemes, strict=True):
        assert after.end - after.start == pytest.approx(
            2 * (before.end - before.start), abs=2.5 * HOP / plain.sample_rate
        )
    chunks = list(voice.stream(TEXT, **options, seconds=3.0))
    (pause,) = [chunk for chunk in chunks if not chunk.phonemes and not chunk.samples.any()]
    assert 0 <= len(pause.samples) - round(0.5 * plain.sample_rate) < HOP


def test_the_shortest_fit_gives_every_symbol_a_frame(voice):
    text = "Where is the garden?"
    shortest = len(text) * HOP / voice.sample_rate
    speech = voice(text, seconds=shortest, seed=1)
    assert [round((p.end - p.start) * voice.sample_rate / HOP) for p in speech.phonemes] == (
        [1] * len(text)
    )
    with pytest.raises(VoiceError, match=r"seconds 0\.1 must be at least 0\.232 s here") as caught:
        voice(text, seconds=0.1)
    assert "\n" not in str(caught.value)
    with pytest.raises(VoiceError, match=r"at least .* 2\.00 s of pauses"):
        voice("One. Two.", seconds=1.5, sentence_silence=2.0)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "3", True, 1e9])
def test_impossible_lengths_are_refused(voice, seconds):
    with pytest.raises(VoiceError, match=r"positive number|at most 600"):
        voice("One.", seconds=seconds)


def test_words_and_phonemes_last_as_long_as_they_are_told(voice):
    frame = HOP / voice.sample_rate
    plain = voice(TEXT, seed=1)
    speech = voice(TEXT, seed=1, word_seconds={3: 0.9, 7: 0.2}, phoneme_seconds=[0.3, None, 0.1])
    for timings, wished in ((speech.words, {3: 0.9, 7: 0.2}), (speech.phonemes, {0: 0.3, 2: 0.1})):
        for place, seconds in wished.items():
            lasted = timings[place].end - timings[place].start
            assert lasted == pytest.approx(round(seconds / frame) * frame, abs=1e-6)
    for place in (1, 4, 5, 6, 8, 9):  # the others are as they were
        before, after = plain.words[place], speech.words[place]
        assert after.end - after.start == pytest.approx(before.end - before.start, abs=1e-6)


def test_a_phoneme_keeps_its_length_inside_a_word_and_the_whole(voice):
    frame = HOP / voice.sample_rate
    options = {"word_seconds": {0: 0.8}, "phoneme_seconds": {1: 0.4}, "seconds": 3.0}
    speech = voice("Where is the garden?", seed=1, **options)
    assert len(speech.samples) == frames(speech, 3.0) * HOP
    for timing, seconds in ((speech.words[0], 0.8), (speech.phonemes[1], 0.4)):
        lasted = timing.end - timing.start
        assert lasted == pytest.approx(round(seconds / frame) * frame, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word_seconds": {4: 1.0}}, "word 4 has a length, but the text has 4 words, from 0 to 3"),
        ({"phoneme_seconds": {99: 1.0}}, "phoneme 99 .* has 20 phonemes"),
        ({"word_seconds": {0: 0.01}}, r"0\.01 s for word 0 'Where' must be at least 0\.058"),
        ({"word_seconds": {-1: 0.5}}, "index -1"),
        ({"word_seconds": {"Where": 0.5}}, "index 'Where'"),
        ({"word_seconds": {0: "long"}}, r"word_seconds\[0\] 'long'"),
        ({"word_seconds": "long"}, "must map indices"),
        ({"word_seconds": 3}, "must map indices"),
        ({"word_seconds": {0: 0.3}, "phoneme_seconds": [0.1] * 5}, "every phoneme in it"),
        ({"phoneme_seconds": [601.0]}, "at most 600"),
    ],
)
def test_lengths_that_cannot_be_are_named(voice, options, message):
    with pytest.raises(VoiceError, match=message):
        voice("Where is the garden?", **options)


def test_frames_are_shared_out_whole_and_none_is_lost():
    rng = np.random.default_rng(1)
    for _ in range(300):
        count = int(rng.integers(1, 12))
        weights = rng.integers(0, 9, count).tolist()
        least = rng.integers(0, 2, count).tolist()
        total = sum(least) + int(rng.integers(0, 60))
        shares = allocate(weights, least, total)
        assert sum(shares) == total
        assert all(share >= floor for share, floor in zip(shares, least, strict=True))
        if total == sum(weights) and all(w >= f for w, f in zip(weights, least, strict=True)):
            assert not any(weights) or shares == weights
    assert allocate([5, 3, 2], [0, 0, 0], 5) == [3, 1, 1]


def test_a_mix_of_one_is_the_speaker_bit_for_bit(duo):
    plain = duo("Hello.", speaker="bob", seed=1)
    for mix in ({"bob": 1}, {"bob": 0.25}, {1: 3.0}):
        np.testing.assert_array_equal(duo("Hello.", speaker=mix, seed=1).samples, plain.samples)


def test_a_mix_lies_between_its_speakers_and_only_proportions_count(duo):
    options = {"seed": 1, "noise_scale": 0.0, "noise_scale_duration": 0.0, "seconds": 1.0}
    mixes = [{"ada": 0.7, "bob": 0.3}, {"ada": 7, 1: 3}, {"ada": 0.999999, "bob": 1e-6}]
    mixed, same, near = (duo("Hello.", speaker=mix, **options).samples for mix in mixes)
    ada, bob = (duo("Hello.", speaker=name, **options).samples for name in ("ada", "bob"))
    np.testing.assert_allclose(mixed, same, atol=1e-6)
    assert np.abs(near - ada).max() < 1e-2 * np.abs(bob - ada).max()
    assert np.abs(mixed - ada).max() > 1e-2 * np.abs(bob - ada).max()


def test_the_embedding_of_a_mix_is_the_weighted_sum(duo):
    engine = duo._engine
    weights = engine.speaker_tensor((0.7, 0.3))
    table = engine.model.speaker_embedding.weight
    found = engine.model.speaker_conditioning(weights)[0, :, 0]
    np.testing.assert_allclose(found, 0.7 * table[0] + 0.3 * table[1], atol=1e-6)


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"ada": 0.5, "eve": 0.5}, "eve"),
        ({"ada": 0}, "positive"),
        ({"ada": -1, "bob": 2}, "positive"),
        ({"ada": float("nan")}, "positive"),
        ({"ada": "much"}, "positive"),
        ({"ada": 1e308, "bob": 1e308}, "one or more"),
        ({}, "one or more"),
        ({None: 1}, "None"),
    ],
)
def test_a_mix_that_cannot_be_is_named(duo, mix, message):
    with pytest.raises(VoiceError, match=message):
        duo("Hello.", speaker=mix)


def test_many_texts_take_a_mix(duo):
    mix = {"ada": 1, "bob": 1}
    (together,) = duo.synthesize(["Hello."], speaker=mix, seeds=[1])
    np.testing.assert_allclose(
        together.samples, duo("Hello.", speaker=mix, seed=1).samples, atol=1e-5
    )


def test_a_file_is_converted_as_its_samples_are(duo, tmp_path):
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


def test_a_compact_voice_cannot_convert_and_says_so_in_a_line(make_bundle, tmp_path):
    from vits.synthesis.bundle.weights import make_compact

    bundle = make_bundle(["ada", "bob"])
    make_compact(bundle.generator)
    with pytest.raises(VoiceError, match="compact") as caught:
        Voice(bundle).convert(np.zeros(22050, np.float32), 22050, "ada", "bob")
    assert "\n" not in str(caught.value)


def test_words_of_a_lexicon_and_inline_phonemes_have_the_ids_of_their_symbols(voice):
    taught = voice.with_lexicon({"Garden": "gAdn"})
    symbols = voice.frontend.symbols
    expected = [symbols.id(symbol) for symbol in "gAdn"]
    for encoding in (
        taught.frontend.encode("garden"),
        voice.frontend.encode("[[gAdn]]"),
    ):
        assert [row for row in encoding.ids if row] == expected
    spoken, inline = taught("The garden.", seed=1), voice("The [[gAdn]].", seed=1)
    np.testing.assert_array_equal(spoken.samples, inline.samples)
    assert [word.text for word in spoken.words] == ["The", "garden"]
    assert "garden" not in voice.frontend.lexicon
    assert not np.array_equal(voice("The garden.", seed=1).samples, spoken.samples)
    with pytest.raises(TextError, match="not one word"):
        voice.with_lexicon({"two words": "a"})
