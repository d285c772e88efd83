import pytest

from vits.config import FrontendConfig
from vits.text import Frontend, SymbolTable


@pytest.mark.parametrize(
    ("text", "word", "phonemes"),
    [
        ("a FAQ page", "F A Q", "ˌɛfˌeɪkjˈuː"),
        ("the U.S. army", "U S", "jˌuːˈɛs"),
        ("at 9 a.m. today", "A M", "ˌeɪˈɛm"),
        ("two TVs here", "T Vs", "tˌiːvˈiːz"),
        ("the FBI's report", "F B I's", "ˌɛfbˌiːˈaɪz"),
        ("the CEOs met", "C E Os", "sˌiːˌiːˈoʊz"),
        ("the U.S.'s aim", "U S's", "jˈuː ˈɛsᵻz"),
        ("Grade A milk", "A", "ˈeɪ"),
        ("Is it A or B?", "A", "ˈeɪ"),
        ("A dog barks", "A", "ɐ"),
    ],
)
def test_letters_are_spelled(text, word, phonemes):
    encoding = Frontend(FrontendConfig(), SymbolTable.default()).encode(text)
    assert phonemes in [item.phonemes for item in encoding.words if item.text == word]
