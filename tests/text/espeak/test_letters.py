import pytest

from vits.config import FrontendConfig
from vits.text import Frontend, SymbolTable


@pytest.mark.parametrize(
    ("text", "word", "phonemes"),
    [
        ("a FAQ page", "F A Q", "ˌɛfˌeɪkjˈuː"),
        ("the U.S. army", "U S", "jˌuːˈɛs"),
        ("at 9 a.m. today", "A M", "ˌeɪˈɛm"),
        ("two TVs here", "T Vs", "tˈiː vˈiːz"),
        ("Grade A milk", "A", "ˈeɪ"),
        ("Is it A or B?", "A", "ˈeɪ"),
        ("A dog barks", "A", "ɐ"),
    ],
)
def test_letters_are_spelled(text, word, phonemes):
    encoding = Frontend(FrontendConfig(), SymbolTable.default()).encode(text)
    assert phonemes in [item.phonemes for item in encoding.words if item.text == word]
