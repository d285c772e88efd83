"""English number words, with or without the British "and"."""

import re
from functools import lru_cache

__all__ = [
    "NUMBER",
    "cardinal",
    "digits",
    "number",
    "ordinal",
    "pairs",
    "plural",
    "year",
]

# A number with optional thousands separators (commas or spaces) and decimals.
NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9]|[ -][0-9])"
    r"|[0-9]+(?![0-9]))"
    r"(?:\.[0-9]+)?"
)

_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
# Longer numbers are read digit by digit.
_MAX_DIGITS = 15


def _below_thousand(value: int, british: bool) -> str:
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if hundreds and rest and british:
        words.append("and")
    if rest >= 20:
        words.append(_TENS[tens] + (f"-{_SMALL[ones]}" if ones else ""))
    elif rest:
        words.append(_SMALL[rest])
    return " ".join(words)


@lru_cache(maxsize=4096)
def cardinal(value: int, british: bool = False) -> str:
    """Return the words of a whole number in [0, 10**15).

    >>> cardinal(1121), cardinal(1101, british=True)
    ('one thousand one hundred twenty-one', 'one thousand one hundred and one')
    """
    if value == 0:
        return _SMALL[0]
    groups: list[str] = []
    for scale in _SCALES:
        value, part = divmod(value, 1000)
        if part:
            words = _below_thousand(part, british)
            if british and not scale and part < 100 and value:
                words = f"and {words}"
            groups.append(words + scale)
    return " ".join(reversed(groups))


def digits(text: str) -> str:
    """Return the digits of ``text`` as words; other characters are skipped.

    >>> digits("007")
    'zero zero seven'
    """
    return " ".join(_SMALL[int(char)] for char in text if char in "0123456789")


@lru_cache(maxsize=4096)
def number(text: str, british: bool = False) -> str:
    """Return the words of a ``NUMBER``; digit by digit with leading zeros or over 15 digits.

    >>> number("1,234.05"), number(".5")
    ('one thousand two hundred thirty-four point zero five', 'point five')
    """
    whole, point, decimals = text.replace(",", "").replace(" ", "").partition(".")
    if not whole:
        return f"point {digits(decimals)}"
    spelled = len(whole) > _MAX_DIGITS or (whole.startswith("0") and len(whole) > 1)
    words = digits(whole) if spelled else cardinal(int(whole), british)
    return f"{words} point {digits(decimals)}" if point else words


@lru_cache(maxsize=4096)
def ordinal(text: str, british: bool = False) -> str:
    """Return the ordinal of a whole number given in digits.

    >>> ordinal("21"), ordinal("1,000")
    ('twenty-first', 'one thousandth')
    """
    words = number(text, british)
    last = re.split("[ -]", words)[-1]
    head = words.removesuffix(last)
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def year(value: int, british: bool = False) -> str:
    """Return the words of a year in [1000, 10000).

    >>> year(1984), year(1905), year(2000), year(2024)
    ('nineteen eighty-four', 'nineteen oh five', 'two thousand', 'twenty twenty-four')
    """
    century, rest = divmod(value, 100)
    if value % 1000 < 10:
        return cardinal(value, british)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def pairs(text: str) -> str:
    """Return a number as it is read in names: of flights, aircraft, roads and rooms.

    >>> pairs("737"), pairs("800"), pairs("101"), pairs("2490")
    ('seven thirty-seven', 'eight hundred', 'one oh one', 'twenty-four ninety')
    """
    if text.startswith("0") or len(text) > 4:
        return digits(text)
    value = int(text)
    if len(text) < 3 or (len(text) == 4 and value % 1000 == 0):
        return cardinal(value)
    head, rest = divmod(value, 100)
    if not rest:
        return f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(words: str) -> str:
    """Return the plural of number words.

    >>> plural("nineteen ninety"), plural("six")
    ('nineteen nineties', 'sixes')
    """
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return words + ("es" if words.endswith("x") else "s")
