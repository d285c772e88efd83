import pytest

from vits.config import FrontendConfig
from vits.errors import ConfigError
from vits.text import Frontend, SymbolTable
from vits.text.aligned import AlignedText
from vits.text.espeak.clauses import clause_chunks


def frontend():
    config = FrontendConfig(normalize=False, clauses="espeak")
    return Frontend(config, SymbolTable.default().extended("̩"))


def phonemes(text, language="en-us"):
    read = clause_chunks(AlignedText(text), language, stress=False)
    return "".join(chunk.phonemes for chunk in read)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One, two.", "wʌn, tuː."),
        ("One — two", "wʌn; tuː"),
        ('"One," two!', "wʌn, tuː!"),
        ("One (two) three?", "wʌn tuː θɹiː?"),
        ("one,two", "wʌn tuː"),
        ("One?! ", "wʌn?"),
        ("1,000", "wʌn θaʊzənd"),
    ],
)
def test_one_mark_is_kept_of_a_clause(text, expected):
    assert phonemes(text) == expected


def test_vowels_are_linked_in_english_alone():
    assert phonemes("He is") == "hiːʲ ɪz"
    assert phonemes("idea") == "aɪdiə"
    assert "ʲ" not in phonemes("die Idee", "de")


def test_words_know_their_places():
    text = 'He said, "the U.S. map (old)"; wow!'
    found = frontend().encode(text)
    words = {word.text: word.source for word in found.words}
    assert [text[start:end] for start, end in words.values()] == list(words)
    assert list(words)[:2] == ["He", "said"]
    assert list(words)[-1] == "wow"


def test_phonemes_and_spaces_around_them_are_kept():
    found = frontend().encode("say [[ʃɪv]] now, [[ə]]!")
    assert found.phonemes == "sˈeɪ ʃɪv nˈaʊ, ə!"


def test_odd_texts_end():
    for text in ("a\0b", "\ud800x", "a" * 3000, "👍 ok", "...a", "a\n\nb", "—a"):
        phonemes(text)


@pytest.mark.parametrize("options", [{"normalize": True}, {"backend": "graphemes"}])
def test_a_key_without_effect_is_refused(options):
    with pytest.raises(ConfigError, match="clauses espeak has no effect"):
        FrontendConfig(**{"normalize": False, "clauses": "espeak", **options})
