"""Nearest known symbol of an unknown one, to initialise its embedding."""

import unicodedata
from collections.abc import Sequence

from vits.text.phonetics.distance import sound_distance

__all__ = ["nearest_symbol"]

# Letters without a Unicode decomposition -> base letter.
_BASE_LETTERS = {
    **{"ß": "s", "æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "t"},
    **{"ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t", "ə": "e"},
}
# Symbols of one function, most specific first: stress, length, tone, secondary articulation,
# pauses, sentence ends, quotes; the last line is any pause.
_CLASSES = (
    "ˈˌ",
    "ːˑ",
    "˥˦˧˨˩↑↓↗↘→",
    "ʰʱʲʷˠˤʼʴ˞",
    ",،、",
    ";؛",
    ".。।",
    "?؟",
    "—–-",
    "\"“”„«»「」『』'‘’‚",
    ",;.:…—–-?!()،、؛。।؟",
)


def nearest_symbol(symbol: str, known: Sequence[str], *, phonetic: bool) -> str | None:
    """Return the known symbol from which a new one is initialised.

    The search order is: the compatibility form (``！`` from ``!``); the letter without its marks,
    or its first letter; then for phonemes the nearest sound (``sound_distance``), for characters
    the letter in the other case; then a symbol of the same class (stress, length, tone, pause,
    sentence end, quote). Ties are resolved by the order of ``known``.

    Args:
        symbol: the new symbol.
        known: candidates.
        phonetic: True for IPA phonemes, False for characters of an alphabet.

    Returns:
        One of ``known``, or None if no candidate is similar.

    >>> nearest_symbol("ɬ", ["s", "l", "a"], phonetic=True)
    'l'
    >>> nearest_symbol("É", ["a", "e"], phonetic=False)
    'e'
    """
    table = set(known) - {symbol}
    simpler = _simplify(symbol, phonetic)
    for form in simpler:
        if form in table:
            return form
    forms = [symbol, *simpler]
    nearest = _nearest_sound(forms, known) if phonetic else _other_case(forms, table)
    return nearest or _same_class(forms, known)


def _simplify(symbol: str, phonetic: bool) -> list[str]:
    """Return ever simpler forms: the compatibility form, then the letter without marks."""
    forms = [unicodedata.normalize("NFKC", symbol)]
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", symbol) if not unicodedata.combining(char)
    )
    forms += [bare, bare.strip("ːˑʰʱʲʷˠˤʼ˞ˈˌ")]
    forms.append(forms[-1][:1] if phonetic else _BASE_LETTERS.get(bare, ""))
    return [form for form in dict.fromkeys(forms) if form and form != symbol]


def _nearest_sound(forms: Sequence[str], known: Sequence[str]) -> str | None:
    """Return the sound nearest to the first form that is a sound."""
    for form in forms:
        distances = [(sound_distance(form, other), other) for other in known if other not in forms]
        ranked = [(distance, other) for distance, other in distances if distance is not None]
        if ranked:
            return min(ranked, key=lambda pair: pair[0])[1]
    return None


def _other_case(forms: Sequence[str], table: set[str]) -> str | None:
    """Return the letter in the other case, with or without its marks."""
    for form in forms:
        for other in (form.lower(), form.upper(), _BASE_LETTERS.get(form.lower(), "")):
            if other in table:
                return other
    return None


def _same_class(forms: Sequence[str], known: Sequence[str]) -> str | None:
    """Return a known symbol of the same class."""
    for symbols in _CLASSES:
        if any(form in symbols for form in forms):
            for other in symbols:
                if other in known and other not in forms:
                    return other
    return None
