"""SSML ``say-as``: spelling, digits, cardinals and ordinals."""

import re
import unicodedata

from vits.errors import TextError
from vits.text.english.numbers import NUMBER, cardinal, digits, number, ordinal

__all__ = ["INTERPRET_AS", "say_as"]

INTERPRET_AS = ("characters", "spell-out", "digits", "cardinal", "ordinal")
"""Supported values of ``interpret-as``."""

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


def say_as(interpret_as: str, text: str, language: str) -> str:
    """Return text expanded to words as ``interpret_as`` requests.

    Args:
        interpret_as: one of ``INTERPRET_AS``: ``characters`` and ``spell-out`` name every letter,
            digit and sign; ``digits`` names digits, with a pause at separators; ``cardinal`` and
            ``ordinal`` read a number.
        text: content of the element.
        language: an espeak-ng code. Signs and ordinals are supported in English only.

    Raises:
        TextError: ``interpret_as`` is unknown or does not apply to the text.

    >>> say_as("spell-out", "B2-b", "en-us"), say_as("ordinal", "21st", "en-us")
    ('B, two, dash, B', 'twenty-first')
    """
    if interpret_as not in INTERPRET_AS:
        raise TextError(
            f"interpret-as {interpret_as!r} is not supported; use one of "
            f"{', '.join(INTERPRET_AS)}, or remove it: "
            "dates, times, money and units in English text need no say-as"
        )
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    english = language.lower().partition("-")[0] == "en"
    british = language.lower().startswith("en-gb")
    if not text:
        raise TextError(f"say-as {interpret_as} is empty; add a text")
    if interpret_as in ("characters", "spell-out"):
        return _spell(text, english)
    if interpret_as == "digits":
        return _digits(text, english)
    if interpret_as == "ordinal":
        found = _ORDINAL.fullmatch(text)
        if not english or not found:
            rule = "must be a whole number" if english else "is supported in English only"
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
    """Return the names of all characters."""
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
                f"character {char!a} (U+{ord(char):04X}) cannot be spelled out; write its name"
            )
    # Without commas espeak-ng would read the first letter of "A B" as an article.
    return ", ".join(names)


def _digits(text: str, english: bool) -> str:
    groups = re.split(r"[ .,()/+-]+", text.strip(" .,()/+-"))
    if not all(group.isdecimal() for group in groups):
        raise TextError(f"digits {text!r} must be digits; use characters, or write the words")
    plain = ["".join(str(unicodedata.decimal(char)) for char in group) for group in groups]
    return ", ".join(digits(group) if english else " ".join(group) for group in plain)
