"""SSML spoken: the same samples as what it stands for."""

import warnings

import numpy as np
import pytest

from vits.errors import TextError, VoiceError
from vits.synthesis import Captions, SkippedSentenceWarning

HOW = {"seed": 1, "noise_scale": 0.0, "noise_scale_duration": 0.0, "sentence_silence": 0.25}


def say(voice, body, **how):
    return voice(f"<speak>{body}</speak>", ssml=True, **(HOW | how))


def zeros(speech, seconds):
    return np.zeros(round(seconds * speech.sample_rate), np.float32)


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("Hello there. How are you?", "Hello there. How are you?"),
        ("<p>Hello there.</p>\n <p>How are you?</p>", "Hello there.\n\nHow are you?"),
        ("<p><s>Hello there.</s><s>How are you?</s></p>", "Hello there. How are you?"),
        ("Hello\n   there. How <s>are you?</s>", "Hello there. How\n\nare you?"),
        ("<prosody rate='100%'>Hello there.</prosody> How?", "Hello there. How?"),
        ("Say <sub alias='world wide web'>WWW</sub>.", "Say world wide web."),
        ("It is <phoneme alphabet='ipa' ph='gAdn'>garden</phoneme>, yes.", "It is [[gAdn]], yes."),
        ("It is [[gAdn]].", "It is [[gAdn]]."),
        ("Say <say-as interpret-as='cardinal'>42</say-as>.", "Say forty-two."),
        ("Fish &amp; chips &lt; &#65;.", "Fish & chips < A."),
        ("<!-- nobody hears this -->Hello.", "Hello."),
        ("<![CDATA[Hello.]]>", "Hello."),
    ],
)
@pytest.mark.slow
def test_markup_is_the_text_it_stands_for(voice, markup, plain):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # signs that the tiny voice does not know
        found, expected = say(voice, markup, seed=5), voice(plain, **(HOW | {"seed": 5}))
    np.testing.assert_array_equal(found.samples, expected.samples)
    assert found.phonemes == expected.phonemes


def test_a_break_adds_exactly_its_samples(voice):
    for time, seconds in (("500ms", 0.5), ("0.5s", 0.5), (".1s", 0.1), ("1s", 1.0), ("0s", 0.0)):
        found = say(voice, f"Hello there.<break time='{time}'/> How are you?")
        parts = [voice(text, **HOW).samples for text in ("Hello there.", "How are you?")]
        expected = np.concatenate([parts[0], zeros(found, seconds), parts[1]])
        np.testing.assert_array_equal(found.samples, expected)


def test_breaks_stand_anywhere_and_add_up(voice):
    # a sentence that goes on after a break ends as a clause does
    hello, you = (voice(text, **HOW).samples for text in ("Hello,", "you."))
    found = say(voice, "<break time='1s'/>Hello <break/><break strength='none'/>you.<break/>")
    pause = zeros(found, 0.4)
    expected = np.concatenate([zeros(found, 1.0), hello, pause, you, pause])
    np.testing.assert_array_equal(found.samples, expected)
    assert found.words[0].start >= 1.0
    captions = Captions([found]).render("textgrid")
    assert f"xmax = {round(found.seconds, 9)}" in captions


def test_strengths_grow(voice):
    names = ("none", "x-weak", "weak", "medium", "strong", "x-strong")
    lengths = [say(voice, f"One.<break strength='{name}'/>Two.").seconds for name in names]
    assert lengths == sorted(set(lengths))


def test_a_rate_is_a_length_scale(voice):
    for rate, scale in (("0.5", 2.0), ("200%", 0.5), ("x-slow", 2.0), ("+25%", 0.8)):
        found = say(voice, f"<prosody rate='{rate}'>Hello there.</prosody>")
        expected = voice("Hello there.", **HOW, length_scale=scale)
        np.testing.assert_array_equal(found.samples, expected.samples)
    nested = say(voice, "<prosody rate='0.5'><prosody rate='0.5'>Hello.</prosody></prosody>")
    np.testing.assert_array_equal(nested.samples, voice("Hello.", **HOW, length_scale=4.0).samples)


def test_a_rate_inside_a_sentence_gives_the_parts_without_a_pause(voice):
    found = say(voice, "Hello <prosody rate='slow'>there</prosody>. How?")
    parts = [
        voice("Hello,", **HOW).samples,
        voice("there.", **HOW, length_scale=1 / 0.75).samples,
        zeros(found, 0.25),
        voice("How?", **HOW).samples,
    ]
    np.testing.assert_array_equal(found.samples, np.concatenate(parts))


def test_a_voice_is_a_speaker(duo):
    found = say(duo, "Hello. <voice name='bob'>You. <voice name='ada'>Here.</voice></voice> I am.")
    named = (("Hello.", "ada"), ("You.", "bob"), ("Here.", "ada"), ("I am.", "ada"))
    parts = []
    for text, speaker in named:
        parts += [duo(text, **HOW, speaker=speaker).samples, zeros(found, 0.25)]
    np.testing.assert_array_equal(found.samples, np.concatenate(parts[:-1]))
    mixed = say(duo, "<voice name='ada:1,bob:3'>Hello.</voice>")
    expected = duo("Hello.", **HOW, speaker={"ada": 1, "bob": 3})
    np.testing.assert_array_equal(mixed.samples, expected.samples)
    with pytest.raises(VoiceError, match="eve"):
        say(duo, "<voice name='eve'>Hello.</voice>")


def test_a_caption_has_the_word_and_not_its_phonemes(voice):
    body = "A <phoneme ph='gAdn'>garden</phoneme> <phoneme ph='gAdn'>yard</phoneme> [[gAdn]]."
    assert [word.text for word in say(voice, body).words] == ["A", "garden", "yard", "gAdn"]


def test_marks_by_themselves_are_heard_with_what_they_stand_beside(voice):
    found = say(voice, "Hello<break time='100ms'/>. <prosody rate='fast'>!</prosody> You")
    assert "".join(phoneme.text for phoneme in found.phonemes) == "Hello.!You"


def test_markup_streams_and_fits(voice):
    text = "<speak>Hello there.<break time='300ms'/> <prosody rate='slow'>You.</prosody></speak>"
    whole = voice(text, ssml=True, **HOW)
    chunks = list(voice.stream(text, ssml=True, **HOW))
    joined = np.concatenate([chunk.samples for chunk in chunks])
    assert np.abs(joined - whole.samples).max() <= 1e-5 * np.abs(whole.samples).max()
    fitted = voice(text, ssml=True, seconds=3.0, **HOW)
    assert len(fitted.samples) == round(3.0 * fitted.sample_rate / 256) * 256


@pytest.mark.parametrize("body", ["", "<break time='1s'/>", "<p> </p>", " . ", "<s></s><s/>"])
def test_markup_without_a_word_is_refused(voice, body):
    with pytest.raises(TextError, match="nothing to speak"):
        say(voice, body)


def test_what_the_voice_cannot_say_is_reported(voice):
    with pytest.warns(Warning) as caught:  # noqa: PT030 - both kinds are looked for below
        say(voice, "Hello <break/>Нет слов. You \u263a.")
    texts = " ".join(str(warning.message) for warning in caught)
    assert any(warning.category is SkippedSentenceWarning for warning in caught)
    assert "U+263A" in texts
    assert "Нет" in texts
