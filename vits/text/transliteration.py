"""Replaces letters that a language lacks: Latin ones by base letters; the others are counted.

espeak-ng spells a word with such a letter: "Nguyễn" becomes "N G U Y letter one E C five N" in
English. A language has a letter if espeak-ng reads it as a sound within a word. Only
languages that are written in Latin letters are treated.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from vits.text.aligned import AlignedText
from vits.text.espeak.phonemize import espeak_tokens, without_stress

__all__ = ["transliterate"]

# Languages of espeak-ng that are not written in Latin letters.
_CODES = """
    am ar as ba be bg bn bpy chr cmn cv el fa grc gu hak he hi hy hyw ja ka kk kn ko kok ky mk ml
    mr my ne or pa ps ru sd shn si sr ta te th ti tt ug uk ur yue
"""
_OTHER_SCRIPTS = frozenset(_CODES.split())
# Letters without a Unicode decomposition.
_BASES = {
    **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"},
    **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
    **{"ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng", "Ŋ": "Ng", "ŧ": "t", "Ŧ": "T", "ə": "e"},
    **{"Ə": "E", "ɓ": "b", "Ɓ": "B", "ɗ": "d", "Ɗ": "D", "ƙ": "k", "Ƙ": "K", "ŀ": "l"},
    **{"ĸ": "k", "ſ": "s", "ɛ": "e", "Ɛ": "E", "ɔ": "o", "Ɔ": "O", "ƴ": "y", "Ƴ": "Y"},
}
_LONGEST_SOUND = 4  # of a letter that is read as a sound
_FOREIGN = re.compile(r"[^\x00-\x7f]")
# A single Greek letter is a symbol that has a name.
_GREEK_WORD = re.compile("[\u0370-\u03ff\u1f00-\u1fff]{2,}")


def transliterate(text: AlignedText, language: str) -> tuple[AlignedText, Counter[str]]:
    """Replace the letters that a language lacks.

    Args:
        text: normalised text.
        language: an espeak-ng code.

    Returns:
        The text with base letters for Latin letters, and with a space for letters of other
        scripts; and the count of the latter.

    >>> transliterate(AlignedText("Nguyễn says 你好"), "en-us")[0].text
    'Nguyen says   '
    """
    silent: Counter[str] = Counter()
    if text.text.isascii() or language.lower().partition("-")[0] in _OTHER_SCRIPTS:
        return text, silent

    def drop(found: re.Match[str]) -> str:
        silent.update(found[0])
        return " "

    def respell(found: re.Match[str]) -> str:
        base = _base(found[0], language)
        if base is None:
            silent[found[0]] += 1
        return " " if base is None else base

    return text.sub(_GREEK_WORD, drop).sub(_FOREIGN, respell), silent


@lru_cache(maxsize=65536)
def _base(char: str, language: str) -> str | None:
    """Return what stands for a character: itself, base letters, or None for nothing."""
    category = unicodedata.category(char)
    if category[0] not in "LM" or len(espeak_tokens(f"a{char.lower()}a", language)) == 1:
        return char
    decomposed = unicodedata.normalize("NFD", char)
    letters = "".join(
        _BASES.get(part, part) for part in decomposed if not unicodedata.combining(part)
    )
    if letters.isascii():
        # Vietnamese is read syllable by syllable; what is no name of a letter is a sound.
        alone = without_stress("".join(espeak_tokens(char.lower(), language)))
        return char if len(alone) <= _LONGEST_SOUND else letters
    return None if category[0] == "L" else ""
