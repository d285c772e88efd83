import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis import Settings, SkippedSentenceWarning
from vits.synthesis.script.pauses import pause_seconds
from vits.synthesis.script.sentences import LONGEST_GAP, read_sentences
from vits.text import UnknownSymbolWarning

SETTINGS = Settings(
    sentence_silence=0.1, paragraph_silence=0.9, punctuation_silence={"?": 0.3, "…": 0.5, ",": 0.05}
)


@pytest.mark.parametrize(
    ("gap", "seconds"),
    [
        (". ", 0.1),
        (" ", 0.1),
        ("? ", 0.3),
        ('?!" ', 0.3),
        ("?… ", 0.5),
        ("…? ", 0.3),
        (", ", 0.05),
        (".\n", 0.1),
        (".\n\n", 0.9),
        ("?\n \t\r\n", 0.9),
    ],
)
def test_the_last_mark_decides_and_an_empty_line_before_it(gap, seconds):
    assert pause_seconds(gap, SETTINGS) == seconds


def test_without_settings_every_pause_is_that_of_a_sentence():
    assert {pause_seconds(gap, Settings()) for gap in (". ", "?\n\n", "… ")} == {0.2}


def test_the_gap_is_what_stands_between_the_last_letter_and_the_next_sentence(frontend):
    gaps = [s.gap for s in read_sentences(frontend, "One. Two?' \n\nThree! Four")]
    assert gaps == ["", ". ", "?' \n\n", "! "]


def test_what_is_skipped_still_ends_a_paragraph(frontend):
    with pytest.warns((SkippedSentenceWarning, UnknownSymbolWarning)):
        sentences = list(read_sentences(frontend, f"One. Нет слов.\n\nTwo. {'Нет. ' * 900}Three."))
    assert sentences[1].gap == ". .\n\n"
    assert len(sentences[2].gap) == LONGEST_GAP


def test_pauses_are_heard_where_they_belong(voice):
    text = "One. Two? Three.\n\nFour."
    plain = {"seed": 1, "sentence_silence": 0.0}
    spoken = [len(voice(text, **plain).samples)]
    spoken += [
        len(voice(text, **plain, punctuation_silence={"?": 0.5}).samples),
        len(voice(text, **plain, paragraph_silence=1.0).samples),
    ]
    rate = voice.sample_rate
    assert np.diff(spoken).tolist() == [round(0.5 * rate), rate - round(0.5 * rate)]
    chunks = list(voice.stream(text, seed=1, paragraph_silence=1.0, sentence_silence=0.25))
    pauses = [chunk for chunk in chunks if not chunk.phonemes]
    assert [pause.seconds for pause in pauses] == pytest.approx([0.25, 0.25, 1.0], abs=1e-4)
    assert not any(pause.samples.any() for pause in pauses)


@pytest.mark.parametrize("marks", [{"?!": 1}, {"a": 1}, {" ": 1}, {"": 1}])
def test_a_mark_is_one_sign(marks):
    with pytest.raises(VoiceError, match="must be one mark"):
        Settings(punctuation_silence=marks)


@pytest.mark.parametrize("seconds", [-1, 61, float("nan"), "long"])
def test_a_pause_is_a_number_of_seconds(seconds):
    with pytest.raises(VoiceError, match=r"punctuation_silence \?"):
        Settings(punctuation_silence={"?": seconds})
    with pytest.raises(VoiceError, match="paragraph_silence"):
        Settings(paragraph_silence=seconds)
