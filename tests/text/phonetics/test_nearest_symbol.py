"""Nearest symbols: order of the rules for phonemes and characters."""

import pytest

from vits.text.phonetics.nearest_symbol import nearest_symbol

ENGLISH = [*";:,.!? ", *"æɑɐəɚɛɜɪᵻiʊuʌɔoeabdfhjkllmnpstvwzðθŋɡɹɾʃʒʔˈˌː"]
LETTERS = list("abcdefghijlnostuк,.?")


@pytest.mark.parametrize(
    ("symbol", "nearest"),
    [
        ("ɬ", "l"),
        ("x", "k"),
        ("ʁ", "ɹ"),
        ("y", "i"),
        ("ø", "e"),
        ("ɾ̃", "ɾ"),  # the sound without its mark
        ("ãː", "a"),
        ("t͡ʃ", "t"),
        ("ˑ", "ː"),
        ("！", "!"),
        ("。", "."),
        ("؟", "?"),
        ("—", ","),
        ("˥", None),
        ("\u0303", None),
    ],
)
def test_phonemes(symbol, nearest):
    assert nearest_symbol(symbol, ENGLISH, phonetic=True) == nearest


@pytest.mark.parametrize(
    ("symbol", "nearest"),
    [
        ("é", "e"),
        ("ç", "c"),
        ("ß", "s"),
        ("A", "a"),
        ("É", "e"),
        ("Ł", "l"),
        ("К", "к"),
        ("؟", "?"),
        ("x", None),  # an alphabet has no phonetic order
        ("語", None),
    ],
)
def test_characters(symbol, nearest):
    assert nearest_symbol(symbol, LETTERS, phonetic=False) == nearest


def test_the_symbol_itself_is_excluded():
    assert nearest_symbol("l", ["l"], phonetic=True) is None
    assert nearest_symbol("e", ["e"], phonetic=False) is None


def test_ties_take_the_first():
    assert nearest_symbol("t", ["p", "d", "θ"], phonetic=True) == "d"
    assert nearest_symbol("ɪ", ["i", "e"], phonetic=True) == "i"
