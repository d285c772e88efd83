"""The symbol of a table that is nearest to one the table lacks."""

import unicodedata
from collections.abc import Sequence

from vits.text.phonetics.distance import sound_distance

__all__ = ["nearest_symbol"]

# Letters that Unicode does not take apart, and the letter they are written from.
_LETTERS = {
    **{"ß": "s", "æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "t"},
    **{"ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t", "ə": "e"},
}
# What is spoken alike, the closest kin first: stress, length, tone, what rides on a consonant,
# pauses, ends, quotes; the last row is any pause.
_KINDS = (
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
    """Find the known symbol to start a new one from.

    In this order: the same sign in its plain width or form (``！`` from ``!``); the letter without
    its marks, or its first letter; then for phonemes the nearest sound (``sound_distance``), for
    characters the letter in the other case; then a sign of the same kind (stress, length, tone,
    pause, end of a sentence, quote). Among sounds equally near, the earlier in ``known`` is taken.

    Args:
        symbol: the new symbol.
        known: symbols to choose from.
        phonetic: symbols are phonemes of the IPA, not characters of an alphabet.

    Returns:
        One of ``known``, or None where nothing is near.

    >>> nearest_symbol("ɬ", ["s", "l", "a"], phonetic=True)
    'l'
    >>> nearest_symbol("É", ["a", "e"], phonetic=False)
    'e'
    """
    table = set(known) - {symbol}
    plainer = _plainer(symbol, phonetic)
    for form in plainer:
        if form in table:
            return form
    forms = [symbol, *plainer]
    near = _nearest_sound(forms, known) if phonetic else _other_case(forms, table)
    return near or _same_kind(forms, known)


def _plainer(symbol: str, phonetic: bool) -> list[str]:
    """Return a symbol with ever less to it: its plain form, then its letter without marks."""
    forms = [unicodedata.normalize("NFKC", symbol)]
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", symbol) if not unicodedata.combining(char)
    )
    forms += [bare, bare.strip("ːˑʰʱʲʷˠˤʼ˞ˈˌ")]
    forms.append(forms[-1][:1] if phonetic else _LETTERS.get(bare, ""))
    return [form for form in dict.fromkeys(forms) if form and form != symbol]


def _nearest_sound(forms: Sequence[str], known: Sequence[str]) -> str | None:
    """Return the nearest sound to the first form that is a sound."""
    for form in forms:
        distances = [(sound_distance(form, other), other) for other in known if other not in forms]
        ranked = [(distance, other) for distance, other in distances if distance is not None]
        if ranked:
            return min(ranked, key=lambda pair: pair[0])[1]
    return None


def _other_case(forms: Sequence[str], table: set[str]) -> str | None:
    """Return a letter in the other case, with its marks or without."""
    for form in forms:
        for other in (form.lower(), form.upper(), _LETTERS.get(form.lower(), "")):
            if other in table:
                return other
    return None


def _same_kind(forms: Sequence[str], known: Sequence[str]) -> str | None:
    """Return a known sign of the same kind."""
    for kind in _KINDS:
        if any(form in kind for form in forms):
            for other in kind:
                if other in known and other not in forms:
                    return other
    return None
