"""Text read in a given way: letter by letter, digit by digit, as a cardinal or an ordinal."""

import re
import unicodedata

from vits.errors import TextError
from vits.text.english.numbers import NUMBER, cardinal, digits, number, ordinal

__all__ = ["WAYS", "read_as"]

WAYS = ("characters", "spell-out", "digits", "cardinal", "ordinal")
"""The values of ``interpret-as`` that are understood."""

_SIGNS = {
    ".": "dot",
    ",": "comma",
    ":": "colon",
    ";": "semicolon",
    "!": "exclamation mark",
    "?": "question mark",
    "-": "dash",
    "_": "underscore",
    "/": "slash",
    "\\": "backslash",
    "@": "at",
    "#": "hash",
    "&": "and",
    "*": "star",
    "+": "plus",
    "=": "equals",
    "%": "percent",
    "$": "dollar",
    "'": "apostrophe",
    '"': "quote",
    "(": "open parenthesis",
    ")": "close parenthesis",
}
_NUMBER = re.compile(rf"([-−+]?)({NUMBER})")
_ORDINAL = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:st|nd|rd|th)?", re.IGNORECASE)


def read_as(way: str, text: str, language: str) -> str:
    """Write a text out as it is to be read.

    Args:
        way: one of ``WAYS``: ``characters`` and ``spell-out`` name every letter, digit and sign;
            ``digits`` names digits, with a pause for what else stands between them; ``cardinal``
            and ``ordinal`` read a number.
        text: what is read.
        language: an espeak-ng code. Signs and ordinals are known in English only.

    Raises:
        TextError: the way is unknown, or the text cannot be read so.

    >>> read_as("spell-out", "B2-b", "en-us"), read_as("ordinal", "21st", "en-us")
    ('B, two, dash, B', 'twenty-first')
    """
    if way not in WAYS:
        raise TextError(
            f"interpret-as {way!r} is not supported; use one of {', '.join(WAYS)}, or none: dates, "
            "times, money and units are read as such where they stand in English text"
        )
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    english = language.lower().partition("-")[0] == "en"
    british = language.lower().startswith("en-gb")
    if not text:
        raise TextError(f"say-as {way} has nothing to say; write a text in it")
    if way in ("characters", "spell-out"):
        return _spell(text, english)
    if way == "digits":
        return _digits(text, english)
    if way == "ordinal":
        found = _ORDINAL.fullmatch(text)
        if not english or not found:
            rule = "must be a whole number" if english else "is known in English only"
            raise TextError(f"ordinal {text!r} {rule}; write the words")
        return ordinal(found[1], british)
    found = _NUMBER.fullmatch(text)
    if not found:
        raise TextError(f"cardinal {text!r} must be a number; write the words")
    if not english:
        return text  # espeak-ng reads it
    sign = {"+": "plus ", "": ""}.get(found[1], "minus ")
    return sign + number(found[2], british)


def _spell(text: str, english: bool) -> str:
    """Name every character."""
    names: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            value = unicodedata.decimal(char)
            names.append(cardinal(value) if english else str(value))
        elif category[0] == "L":
            names.append(char.upper() if len(char.upper()) == 1 else char)
        elif category[0] == "M" and names:
            names[-1] += char
        elif english and char in _SIGNS:
            names.append(_SIGNS[char])
        elif char != " ":
            raise TextError(
                f"character {char!a} (U+{ord(char):04X}) has no name to spell it with; "
                "write its name"
            )
    # commas part them, or espeak-ng would read "A B" with an article
    return ", ".join(names)


def _digits(text: str, english: bool) -> str:
    groups = re.split(r"[ .,()/+-]+", text.strip(" .,()/+-"))
    if not all(group.isdecimal() for group in groups):
        raise TextError(f"digits {text!r} must be digits; use characters, or write the words")
    plain = ["".join(str(unicodedata.decimal(char)) for char in group) for group in groups]
    return ", ".join(digits(group) if english else " ".join(group) for group in plain)
