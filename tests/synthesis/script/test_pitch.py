"""Pitch of symbols: by word and phoneme, and from SSML; the speech has it and no other times."""

import math

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis.request import PitchConstraints
from vits.synthesis.script.pitch import plan_pitch, symbol_pitch
from vits.synthesis.script.sentences import read_sentences
from vits.synthesis.script.ssml import read_ssml
from vits.synthesis.settings import Settings
from vits.synthesis.timing import group_symbols

TEXT = "Hello there. How are you?"
SPANS = [
    ("<prosody pitch='+2st'>Hello there. How are you?</prosody>", [2, 2, 2, 2, 2]),
    ("Hello <prosody pitch='-3st'>there. How</prosody> are you?", [0, -3, -3, 0, 0]),
    (
        "<prosody pitch='high'>Hello <prosody pitch='+1st'>there.</prosody> How</prosody> are you?",
        [2, 3, 2, 0, 0],
    ),
]


def contour(voice, text, **options):
    """Return F0 (semitones) of the frames of every sentence, and their words' first frames."""
    request, items = voice._read(text, None, {"seed": 5, **options})
    engine, found = voice._engine, []
    items = list(items)
    planned = plan_pitch(items, request.pitches) if request.pitches else [{}] * len(items)
    for index, item in enumerate(items):
        own = request.for_sentence(index, symbol_pitch=symbol_pitch(item, planned[index]))
        sample = engine.sample(item.encoding.ids, own)
        edges = np.cumsum([0, *engine.durations(sample)])
        f0 = 12 * sample.source.log_f0[0, 0].numpy() / math.log(2)
        parts = [part for _, part in group_symbols(item.encoding).words]
        found += [f0[edges[part.start] : edges[part.stop]] for part in parts]
    return found


@pytest.mark.parametrize(("body", "expected"), SPANS)
def test_ssml_moves_the_words_inside(sung, body, expected):
    plain, moved = contour(sung, TEXT), contour(sung, f"<speak>{body}</speak>", ssml=True)
    for before, after, semitones in zip(plain, moved, expected, strict=True):
        assert np.abs(after - before - semitones).max() < 1e-4


def test_words_and_phonemes_move_and_phonemes_come_first(sung):
    plain = contour(sung, TEXT, pitch=1.0)
    moved = contour(sung, TEXT, pitch=1.0, word_pitch={1: 2.0, 4: -3.5}, phoneme_pitch=[None, 4.0])
    change = [after - before for before, after in zip(plain, moved, strict=True)]
    assert {round(float(x), 3) for x in change[0]} == {0.0, 4.0}  # one phoneme of the first word
    for index, semitones in ((1, 2.0), (2, 0.0), (3, 0.0), (4, -3.5)):
        assert np.abs(change[index] - semitones).max() < 1e-4
    both = contour(sung, TEXT, word_pitch={0: 3.0}, phoneme_pitch={1: 1.0})
    change = both[0] - contour(sung, TEXT)[0]
    assert {round(float(x), 3) for x in change} == {1.0, 3.0}


def test_a_range_is_that_of_its_words(sung):
    body = "<speak><prosody range='0'>Hello there.</prosody> How are you?</speak>"
    first, second, *others = contour(sung, body, ssml=True)
    assert np.ptp(np.concatenate([first, second])) < 1e-4
    for before, after in zip(contour(sung, TEXT)[2:], others, strict=True):
        np.testing.assert_array_equal(before, after)


def test_times_stay_and_a_stream_is_the_whole(sung):
    plain = sung(TEXT, seed=5)
    moved = sung(TEXT, seed=5, word_pitch={1: 3.0})
    spoken = sung(f"<speak>{SPANS[1][0]}</speak>", seed=5, ssml=True)
    for other in (moved, spoken):
        assert [word[:3] for word in other.words] == [word[:3] for word in plain.words]
        assert not np.allclose(other.samples, plain.samples, atol=1e-3)
    stream = np.concatenate([c.samples for c in sung.stream(TEXT, seed=5, word_pitch={1: 3.0})])
    np.testing.assert_allclose(stream, moved.samples, atol=1e-5 * np.abs(moved.samples).max())


def test_the_whole_in_an_element_is_the_setting(sung):
    body, setting = f"<speak>{SPANS[0][0]}</speak>", {"pitch": 2.0}
    spoken, asked = sung(body, ssml=True, seed=5).samples, sung(TEXT, seed=5, **setting).samples
    np.testing.assert_allclose(spoken, asked, atol=1e-4 * np.abs(asked).max())


def test_marks_between_words_belong_to_an_element_with_both(sung):
    body = "<speak>Hello<prosody pitch='+1st'>, you, there</prosody>, how!</speak>"
    (item,) = read_ssml(sung.frontend, body, Settings(), (), has_pitch=True)
    found = symbol_pitch(item, {})
    of_symbol = dict(zip(item.encoding.symbols, found.shifts, strict=True))
    assert of_symbol["!"] == 0
    commas = [s for s, c in zip(found.shifts, item.encoding.symbols, strict=True) if c == ","]
    assert commas == [0, 1, 0]
    assert set(found.ranges) == {1.0}


def test_no_pitch_is_none(sung):
    (item,) = read_sentences(sung.frontend, "Hello.")
    assert symbol_pitch(item, {}) is None
    assert plan_pitch([item], PitchConstraints({}, {})) == [{}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word_pitch": {5: 1.0}}, "word 5 has a pitch, but the text has 5 words, from 0 to 4"),
        ({"phoneme_pitch": {99: 1.0}}, "phoneme 99 has a pitch, but the text has"),
        ({"word_pitch": {-1: 0.5}}, "index -1"),
        (
            {"word_pitch": {0: 13}},
            r"word_pitch\[0\] 13 must be a finite number, -12 to 12 semitones",
        ),
        ({"phoneme_pitch": "high"}, "must map indices to semitones"),
    ],
)
def test_an_impossible_pitch_names_its_word_or_phoneme(sung, options, message):
    with pytest.raises(VoiceError, match=message):
        sung(TEXT, **options)


def test_a_voice_without_pitch_refuses(voice):
    for name in ("word_pitch", "phoneme_pitch"):
        with pytest.raises(VoiceError, match=r"^word_pitch and phoneme_pitch need a voice with"):
            voice(TEXT, **{name: {0: 1.0}})
    for attribute in ("pitch='low'", "range='0.5'"):
        body = f"<speak>Hello <prosody {attribute}>there</prosody>.</speak>"
        with pytest.raises(VoiceError, match=r"^<prosody> with pitch or range at character 13 "):
            voice.stream(body, ssml=True)
    same = voice("<speak><prosody pitch='medium'>Hello.</prosody></speak>", ssml=True, seed=1)
    np.testing.assert_array_equal(same.samples, voice("Hello.", seed=1).samples)
