"""A text spoken in turns is the text spoken at once, whoever shares the turns."""

import numpy as np
import pytest

from vits.errors import TextError, VoiceError
from vits.synthesis import Voice, load
from vits.synthesis.turns import speak_turn

TEXTS = [
    "Hello there. How are you today? Fine, thanks!",
    "Good morning.",
    "One. Two. Three. Four.",
    "She sells sea shells by the sea shore",
]
OPTIONS = [{}, {"length_scale": 1.5}, {"sentence_silence": 0.3}, {"noise_scale": 0.0}]


def speak_in_turns(voice, texts, together):
    """Speak texts; ``together`` says how many share a turn."""
    begun = [
        voice.in_turns(text, seed=seed, **options)
        for seed, (text, options) in enumerate(zip(texts, OPTIONS, strict=False))
    ]
    chunks = [[] for _ in begun]
    while waiting := [i for i, text in enumerate(begun) if not text.done]:
        chosen = waiting[:together]
        spoken = speak_turn([begun[i] for i in chosen])
        for i, turn in zip(chosen, spoken, strict=True):
            chunks[i] += begun[i].accept(*turn)
    return chunks


@pytest.mark.parametrize("together", [1, 2, 4])
@pytest.mark.slow
def test_all_turns_joined_are_the_speech(tiny_voice, together):
    voice = load(tiny_voice)
    for seed, chunks in enumerate(speak_in_turns(voice, TEXTS, together)):
        whole = voice(TEXTS[seed], seed=seed, **OPTIONS[seed])
        joined = np.concatenate([chunk.samples for chunk in chunks])
        assert joined.shape == whole.samples.shape
        assert np.abs(joined - whole.samples).max() <= (0 if together == 1 else 1e-5)
        assert tuple(word for chunk in chunks for word in chunk.words) == whole.words
        assert tuple(p for chunk in chunks for p in chunk.phonemes) == whole.phonemes
        assert chunks[0].start == 0


def test_a_text_without_speech_is_an_error_at_once(make_bundle):
    with pytest.raises(TextError):
        Voice(make_bundle()).in_turns(" ")


def test_pitch_of_ssml_is_kept_and_pitch_by_index_refused(sung):
    text = "<speak><prosody pitch='+4st'>Hello there.</prosody> Good night.</speak>"
    whole = sung(text, ssml=True, seed=3)
    begun, chunks = sung.in_turns(text, ssml=True, seed=3), []
    while not begun.done:
        (turn,) = speak_turn([begun])
        chunks += begun.accept(*turn)
    np.testing.assert_array_equal(np.concatenate([c.samples for c in chunks]), whole.samples)
    with pytest.raises(VoiceError, match="pitches of words and phonemes, need the whole text"):
        sung.in_turns("Hello there.", word_pitch={0: 2.0})
