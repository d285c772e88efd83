import warnings

import pytest

from vits.errors import TextError
from vits.synthesis import SkippedSentenceWarning
from vits.synthesis.script.sentences import LONGEST_TEXT, check_text, read_sentences
from vits.text import UnknownSymbolWarning


def encode_sentences(frontend, text):
    check_text(text)
    return [sentence.encoding for sentence in read_sentences(frontend, text)]


def test_each_sentence_is_encoded_by_itself(frontend):
    encodings = encode_sentences(frontend, "Hello there. How are you? Fine!")
    alone = [frontend.encode(text) for text in ("Hello there.", "How are you?", "Fine!")]
    assert [encoding.ids for encoding in encodings] == [encoding.ids for encoding in alone]
    assert encodings[0].words == alone[0].words


def test_unknown_symbols_are_dropped_counted_and_named(frontend):
    with pytest.warns(UnknownSymbolWarning, match=r"ж.* x2") as caught:
        encodings = encode_sentences(frontend, "Hжllж. And again.")
    assert len(caught) == 1
    assert [encoding.phonemes for encoding in encodings] == ["Hll.", "And again."]


@pytest.mark.parametrize("silent", ["\U0001f600\U0001f600", "Нет слов."])
def test_a_sentence_of_nothing_speakable_is_skipped_with_a_warning(frontend, silent):
    with pytest.warns((UnknownSymbolWarning, SkippedSentenceWarning)) as caught:
        encodings = encode_sentences(frontend, f"Hello.\n\n{silent}\n\nWorld.")
    assert [encoding.phonemes[:5] for encoding in encodings] == ["Hello", "World"]
    assert all("\n" not in str(w.message) for w in caught)
    if silent.endswith("."):
        assert "1 of 3" in str(caught[-1].message)


def test_blank_lines_are_no_reason_for_a_warning(frontend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(encode_sentences(frontend, "\n\n  Hello.  \n\n\n World.\n ")) == 2


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\U0001f600", "\x00\x00", "\u200b", "\ud800", "...", "Нет. Слов."]
)
def test_a_text_with_nothing_to_say_is_one_clear_line(frontend, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        with pytest.raises(TextError) as caught:
            encode_sentences(frontend, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_brackets_that_do_not_match_are_an_error_not_a_silent_part(frontend):
    with pytest.raises(TextError, match=r"\[\["):
        encode_sentences(frontend, "Hello. How [[are you? Fine.")


def test_a_text_beyond_the_limit_is_refused_with_a_remedy(frontend):
    with pytest.raises(TextError, match="split it") as caught:
        encode_sentences(frontend, "a" * 1_000_000)
    assert "1,000,000" in str(caught.value)
    assert f"{LONGEST_TEXT:,}" in str(caught.value)


def test_only_a_str_is_a_text(frontend):
    with pytest.raises(TextError, match="bytes"):
        encode_sentences(frontend, b"Hello.")
