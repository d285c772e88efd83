"""Abbreviations, Roman numerals and telephone numbers."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from vits.text.languages.context import at_end, previous_word
from vits.text.languages.language import Language
from vits.text.languages.tables import alternatives
from vits.text.rules import Rule, rule

__all__ = ["abbreviation_rules", "expansions", "roman_rules", "roman_value", "telephone_rules"]

_ROMAN = re.compile(r"(?=[MDCLXVI])M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman_value(text: str) -> int | None:
    """Return the value of a Roman numeral, or None if it is none."""
    if not _ROMAN.fullmatch(text):
        return None
    values = [_VALUES[letter] for letter in text]
    later = [*values[1:], 0]
    return sum(-one if one < two else one for one, two in zip(values, later, strict=True))


def abbreviation_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for abbreviations."""
    tables = (
        (language.abbreviations, ""),
        (language.before_number, r"(?=,? ?(?:[0-9§]|[IVXLC]+\b))"),
        (language.before_name, r"(?=[ -]?[\"'(]?[A-ZÀ-ÖØ-Þ])"),
    )
    return [expansions(table, condition, language.closing) for table, condition in tables if table]


def expansions(
    table: Mapping[str, str], condition: str = "", closing: frozenset[str] = frozenset()
) -> Rule[Any]:
    """Return the rule that replaces abbreviations by words.

    Args:
        table: abbreviation -> words.
        condition: pattern of what must follow.
        closing: abbreviations whose dot may end a sentence.
    """
    words = {_key(written): spoken for written, spoken in table.items()}
    for written, spoken in table.items():
        words.setdefault(_key(written[:1].upper() + written[1:]), spoken)
    forms = {form for written in table for form in (written, written[:1].upper() + written[1:])}
    pattern = alternatives(spaced for form in forms for spaced in _spacings(form))
    return rule(
        rf"(?<![\w.])(?:{pattern})(?![^\W\d_]){condition}",
        _expander(words, closing),
        chars=_initials(forms),
    )


def _spacings(written: str) -> Iterator[str]:
    """Yield an abbreviation with and without the spaces between its parts."""
    head, *parts = written.split(" ")
    for joints in product(("", " "), repeat=len(parts)):
        yield head + "".join(joint + part for joint, part in zip(joints, parts, strict=True))


def _initials(forms: set[str]) -> str:
    return "".join({form[0] for form in forms})


def _key(written: str) -> str:
    return written.replace(" ", "")


def _expander(
    words: Mapping[str, str], closing: frozenset[str]
) -> Callable[[re.Match[str], object], str]:
    def expand(found: re.Match[str], style: object) -> str:
        spoken = words[_key(found[0])]
        if not found[0].endswith("."):
            return spoken
        following = found.string[found.end() : found.end() + 2].strip()
        closes = found[0].lower() in closing and following[:1].isupper()
        return f"{spoken}." if closes or at_end(found.string, found.end()) else spoken

    return expand


def roman_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for Roman numerals after names of rulers and labels."""
    return [
        rule(
            r"(?:(?<=[^\W\d_] )|(?<=[^\W\d_]\. )|(?<=§ ))([IVXL]+)\b"
            r"(\.(?=\s+[^\W\d_A-ZÀ-Þ]|\s*$|[,;:!?)]))?(?!['.-]?\w)",
            _roman,
            chars="IVXL",
        ),
    ]


def _roman(found: re.Match[str], style: Language) -> str | None:
    value = roman_value(found[1])
    if value is None:
        return None
    before = previous_word(found.string, found.start())
    end = "." if found[2] and (not style.ordinal_dot or at_end(found.string, found.end())) else ""
    if style.is_label(before):
        return style.cardinal(value) + end
    if before.endswith("."):
        return None
    if before in style.rulers or before in style.queens:
        return style.ruler_number(value, before, found) + end
    if len(found[1]) > 1 and before[:1].isupper() and value < 40:
        return style.cardinal(value) + end
    return None


def telephone_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for telephone numbers."""
    return [
        rule(
            r"(?<![\w.,])(?:\+[0-9]{1,3}[ /.-]?(?:\(0\) ?)?|\(?0)[0-9]{1,5}\)?"
            r"(?:[ /.-]{1,3}[0-9]+){1,6}(?![\w€%])",
            _telephone,
            chars="0+",
        ),
        rule(r"(?<![\w.,+])[0-9]{2,4}(?:[ /.-][0-9]{2,4}){1,5}(?![\w€%])", _after_word),
        rule(r"(?<![\w.,+])[0-9]{3,}(?![\w€%]|[.,][0-9])", _after_word),
    ]


def _telephone(found: re.Match[str], style: Language) -> str | None:
    if len(re.findall("[0-9]", found[0])) < 7:
        return None
    return style.telephone(found[0])


def _after_word(found: re.Match[str], style: Language) -> str | None:
    before = previous_word(found.string, found.start()).lower().rstrip(".:")
    return style.telephone(found[0]) if before in style.phone_words else None
