"""Amounts: numbers with a sign, mixed numbers, fractions and ranges of them."""

import re

from vits.text.english.numbers import NUMBER, cardinal, number, ordinal, plural

__all__ = [
    "AMOUNT",
    "RANGE",
    "fraction_of",
    "is_mixed",
    "is_one",
    "read_amount",
    "read_fraction",
    "read_range",
]

_VULGAR = {
    "½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
    "⅞": (7, 8), "⅐": (1, 7), "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
_SIGN = r"(?:(?:(?<![\w.)%'\"])-|[−+±~] ?))"
_SLASHED = r"[0-9]{1,3}[/⁄][0-9]{1,3}(?![0-9/]|\.[0-9])"
_PART = f"(?:{_SLASHED}|[{''.join(_VULGAR)}])"
_WHOLE = rf"[0-9]{{1,4}}(?: |-| ?(?=[{''.join(_VULGAR)}]))"
AMOUNT = rf"(?:{_SIGN}?(?:{_WHOLE}{_PART}|{_PART}|{NUMBER}|\.[0-9]+))"
RANGE = rf"(?:{AMOUNT}(?:(?: ?- ?| to | or | and (?=[^ ]+[ -]?[°%]))(?:{AMOUNT}))?)"

_SIGNS = {"-": "minus ", "−": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about "}
_MIXED = re.compile(
    rf"(?:([0-9]{{1,4}})(?:[ -]|(?=[{''.join(_VULGAR)}])))?"
    rf"(?:([0-9]+)[/⁄]([0-9]+)|([{''.join(_VULGAR)}]))"
)
_SPLIT = re.compile(rf"({AMOUNT})( ?- ?| to | or | and )({AMOUNT})")


def _parts(text: str) -> tuple[int | None, int, int] | None:
    """Return (whole, numerator, denominator) of a mixed number or fraction."""
    found = _MIXED.fullmatch(text)
    if found is None:
        return None
    whole = None if found[1] is None else int(found[1])
    top, bottom = _VULGAR[found[4]] if found[4] else (int(found[2]), int(found[3]))
    return whole, top, bottom


def read_fraction(top: int, bottom: int, british: bool) -> str:
    """Return a fraction in words.

    >>> read_fraction(1, 2, False), read_fraction(3, 4, False), read_fraction(5, 8, False)
    ('one half', 'three quarters', 'five eighths')
    """
    if bottom < 2:
        return f"{cardinal(top, british)} over {cardinal(bottom, british)}"
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(str(bottom), british)
    if top != 1:
        name = "halves" if bottom == 2 else plural(name)
    return f"{cardinal(top, british)} {name}"


def read_amount(text: str, british: bool) -> str:
    """Return the words of an ``AMOUNT``.

    >>> read_amount("-2.5", False), read_amount("2 1/2", False), read_amount("10 000", False)
    ('minus two point five', 'two and a half', 'ten thousand')
    """
    sign = _SIGNS.get(text[0], "")
    text = text[1:].lstrip() if sign else text
    parts = _parts(text)
    if parts is None:
        return sign + number(text, british)
    whole, top, bottom = parts
    words = read_fraction(top, bottom, british)
    if whole is None:
        return sign + words
    if top == 1:
        words = f"{'an' if bottom in (8, 11, 18, 80) else 'a'} {words.removeprefix('one ')}"
    return f"{sign}{cardinal(whole, british)} and {words}"


def read_range(text: str, british: bool) -> str:
    """Return the words of a ``RANGE``.

    >>> read_range("5.25-5.50", False), read_range("-10 to -15", False)
    ('five point two five to five point five zero', 'minus ten to minus fifteen')
    """
    found = _SPLIT.fullmatch(text)
    if found is None:
        return read_amount(text, british)
    joint = found[2].strip().replace("-", "to")
    return f"{read_amount(found[1], british)} {joint} {read_amount(found[3], british)}"


def is_mixed(text: str) -> bool:
    """Tell whether an amount is a fraction or a mixed number."""
    return _parts(text.lstrip("~ ")) is not None


def is_one(text: str) -> bool:
    """Tell whether a unit after this amount is singular."""
    return text.lstrip("-−+±~ ") in ("1", "01", "1/1")


def fraction_of(text: str) -> tuple[int, int] | None:
    """Return (numerator, denominator) of an amount that is a fraction without a whole part."""
    parts = _parts(text.lstrip("~ "))
    if parts is None or parts[0] is not None or parts[1] >= parts[2] or parts[2] < 2:
        return None
    return parts[1], parts[2]
