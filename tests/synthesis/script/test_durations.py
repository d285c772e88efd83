"""Requested lengths of a text, its words and its phonemes."""

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis import Captions
from vits.synthesis.script.durations import allocate

TEXT = "Where is the garden? It is, they say, behind the house."
HOP = 256


def frames(speech, seconds):
    return round(seconds * speech.sample_rate / HOP)


@pytest.mark.parametrize("seconds", [1.7, 3.21, 8.0])
@pytest.mark.parametrize("text", ["Where is the garden?", TEXT])
@pytest.mark.parametrize("silence", [0.0, 0.2])
@pytest.mark.slow
def test_the_speech_has_exactly_the_requested_length(voice, seconds, text, silence):
    speech = voice(text, seconds=seconds, sentence_silence=silence, seed=1)
    assert len(speech.samples) == frames(speech, seconds) * HOP
    assert speech.phonemes[-1].end == pytest.approx(speech.seconds, abs=1e-6)


def test_a_stream_has_the_requested_length_too(voice):
    whole = voice(TEXT, seconds=4.0, seed=1)
    chunks = list(voice.stream(TEXT, seconds=4.0, seed=1))
    joined = np.concatenate([chunk.samples for chunk in chunks])
    assert np.abs(joined - whole.samples).max() <= 1e-5 * np.abs(whole.samples).max()
    assert Captions(chunks).timings() == whole.timings()


def test_requesting_the_natural_length_changes_nothing(voice):
    plain = voice("Where is the garden?", seed=1)
    fitted = voice("Where is the garden?", seed=1, seconds=plain.seconds)
    np.testing.assert_array_equal(fitted.samples, plain.samples)


def test_a_requested_length_keeps_proportions_and_pauses(voice):
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


def test_the_shortest_length_gives_every_symbol_a_frame(voice):
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
def test_a_length_out_of_range_is_an_error(voice, seconds):
    with pytest.raises(VoiceError, match=r"positive number|at most 600"):
        voice("One.", seconds=seconds)


def test_words_and_phonemes_have_the_requested_lengths(voice):
    frame = HOP / voice.sample_rate
    plain = voice(TEXT, seed=1)
    speech = voice(TEXT, seed=1, word_seconds={3: 0.9, 7: 0.2}, phoneme_seconds=[0.3, None, 0.1])
    for timings, requested in (
        (speech.words, {3: 0.9, 7: 0.2}),
        (speech.phonemes, {0: 0.3, 2: 0.1}),
    ):
        for index, seconds in requested.items():
            lasted = timings[index].end - timings[index].start
            assert lasted == pytest.approx(round(seconds / frame) * frame, abs=1e-6)
    for index in (1, 4, 5, 6, 8, 9):  # the others are unchanged
        before, after = plain.words[index], speech.words[index]
        assert after.end - after.start == pytest.approx(before.end - before.start, abs=1e-6)


def test_a_phoneme_keeps_its_length_inside_a_word_and_a_text_with_lengths(voice):
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
def test_an_impossible_length_names_its_word_or_phoneme(voice, options, message):
    with pytest.raises(VoiceError, match=message):
        voice("Where is the garden?", **options)


def test_frames_are_distributed_as_integers_and_none_is_lost():
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
