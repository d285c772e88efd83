"""Written forms to words for the languages that have a module; each is imported on first use."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from vits.text.aligned import AlignedText
from vits.text.rules import RuleSet, requiring

if TYPE_CHECKING:
    from vits.text.languages.language import Language

__all__ = ["LANGUAGES", "expand", "find_language"]

LANGUAGES = {
    "de": ("german", "German"),
    "es": ("spanish", "Spanish"),
    "fr": ("french", "French"),
    "it": ("italian", "Italian"),
    "nl": ("dutch", "Dutch"),
}
"""Language family -> module and class."""
_DIGITS = "0123456789"
# Forms that are glued together are read in more than one pass, one setting free the next.
_MAX_PASSES = 4


@cache
def find_language(code: str) -> "Language":
    """Return the table of an espeak-ng language code whose family is one of ``LANGUAGES``."""
    module, name = LANGUAGES[code.lower().partition("-")[0]]
    table: type[Language] = getattr(import_module(f"vits.text.languages.{module}"), name)
    return table.for_code(code)


def expand(text: AlignedText, language: str) -> AlignedText:
    """Return cleaned text with written forms replaced by words.

    Args:
        text: one line of text with its characters cleaned.
        language: an espeak-ng code of one of ``LANGUAGES``.
    """
    table = find_language(language)
    return _rules(table).apply(text, table, _MAX_PASSES)


@cache
def _rules(table: "Language") -> "RuleSet[Language]":
    """Return all rules of a language in their order: special forms stand before plain numbers."""
    from vits.text.languages.amounts import amount_rules
    from vits.text.languages.dates import date_rules, time_rules
    from vits.text.languages.everyday import everyday_rules
    from vits.text.languages.names import abbreviation_rules, roman_rules, telephone_rules

    return RuleSet(
        [
            *everyday_rules(table),
            *requiring(_DIGITS, date_rules(table)),
            *table.own_rules(),
            *abbreviation_rules(table),
            *roman_rules(table),
            *requiring(_DIGITS, time_rules(table)),
            *requiring(_DIGITS, telephone_rules(table)),
            *requiring(_DIGITS, amount_rules(table)),
        ]
    )
