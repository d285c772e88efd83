"""English written forms to words: all rules in their order.

Each module of this room holds the rules of a few classes of written forms. At each place the first
rule that matches wins, so that special forms (dates, sums of money) stand before plain numbers.
"""

import re

from vits.text.aligned import AlignedText
from vits.text.english.abbreviations import ABBREVIATION_RULES, AMBIGUOUS
from vits.text.english.addresses import ADDRESS_RULES
from vits.text.english.arithmetic import ARITHMETIC_RULES, SIGN_NAMES
from vits.text.english.capitals import CAPITAL_RULES
from vits.text.english.counts import COUNT_RULES, NAMED_NUMBER_RULES
from vits.text.english.dates import DATE_RULES
from vits.text.english.electronic import ELECTRONIC_RULES
from vits.text.english.measures import MEASURE_RULES
from vits.text.english.money import MONEY_RULES
from vits.text.english.roman import ROMAN_RULES
from vits.text.english.telephone import STATE_RULES, TELEPHONE_RULES
from vits.text.english.times import DAY_RULES, TIME_RULES
from vits.text.languages.tables import alternatives
from vits.text.rules import Rule, RuleSet, requiring, rule

__all__ = ["expand_english"]

_SIGN_RULES: tuple[Rule[bool], ...] = (
    rule(r"(?<!\w)~ ?(?=[$£€0-9])", lambda found, british: "about ", chars="~"),
    rule(r"@", lambda found, british: " at ", chars="@"),
    rule(r"&", lambda found, british: " and ", chars="&"),
    rule(
        f"[{''.join(SIGN_NAMES)}]",
        lambda found, british: SIGN_NAMES[found[0]],
        chars="".join(SIGN_NAMES),
    ),
)
# Forms that are glued together are read in more than one pass, one setting free the next.
_MAX_PASSES = 4
_DIGITS = "0123456789½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
_RULES: tuple[Rule[bool], ...] = (
    *ELECTRONIC_RULES,
    *ROMAN_RULES,
    *requiring(_DIGITS, DATE_RULES),
    *requiring(_DIGITS, NAMED_NUMBER_RULES),
    *DAY_RULES,
    *ADDRESS_RULES,
    *ABBREVIATION_RULES,
    *STATE_RULES,
    *requiring(_DIGITS, (*TELEPHONE_RULES, *MONEY_RULES, *TIME_RULES, *MEASURE_RULES)),
    *ARITHMETIC_RULES,
    *CAPITAL_RULES,
    *requiring(_DIGITS, COUNT_RULES),
    *_SIGN_RULES,
)


_RULE_SET = RuleSet(_RULES)
# What may need a second pass: forms that are glued together, and signs between words.
_GLUED = re.compile(
    r"[0-9½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞][^\W\d_]|[^\W\d_][0-9½¼¾⅓⅔⅛⅜⅝⅞]|\w[^\w\s'.,:/-]\w|[0-9][.,:/][^\W\d_]|[^\W\d_][.,:/][0-9]|"
    r"[^\W\d_]{2}[.:][^\W\d_]|[^\W\d_][.:][^\W\d_]{2}|[*+=<>^#@_&]"
)
# An abbreviation that is one after a word; what stood before may be words by now ("Jas. Ill.").
_LAST = re.compile(rf"(?<!\w)(?:{alternatives(AMBIGUOUS)})\.[\"')\]}}]*$")


def expand_english(text: AlignedText, language: str) -> AlignedText:
    """Return cleaned English text with written forms replaced by words.

    Args:
        text: one line of text with its characters cleaned.
        language: ``en-gb...`` reads dates day first, and numbers with "and".
    """
    british = language.lower().startswith("en-gb")
    passes = _MAX_PASSES if _GLUED.search(text.text) else 1
    read = _RULE_SET.apply(text, british, passes)
    if read is not text and _LAST.search(read.text):
        return _RULE_SET.apply(read, british, passes)
    return read
