"""Numbers in words from CLDR's rules (unicode-rbnf)."""

import re
from functools import cache, lru_cache
from typing import Any

__all__ = ["MAX_SPELLED", "has_ruleset", "minus_word", "parse_number", "spell"]

MAX_SPELLED = 10**15
"""Numbers from here on are read digit by digit."""


@cache
def _engine(locale: str) -> Any:
    # About 100 ms with its first language; English never needs it.
    from unicode_rbnf import RbnfEngine

    known = RbnfEngine.get_supported_languages()
    for name in (locale, locale.partition("_")[0]):
        if name in known:
            return RbnfEngine.for_language(name)
    return None


def has_ruleset(locale: str, ruleset: str) -> bool:
    """Tell whether CLDR has a set of rules for a locale."""
    engine = _engine(locale)
    return engine is not None and ruleset in engine.rulesets


@lru_cache(maxsize=65536)
def spell(locale: str, value: int, ruleset: str = "spellout-numbering") -> str:
    """Return a number in words.

    Args:
        locale: a CLDR locale, e.g. ``de`` or ``fr_CH``.
        value: less than ``MAX_SPELLED`` in size.
        ruleset: name of a set of CLDR's rules.

    >>> spell("de", 21)
    'einundzwanzig'
    """
    return _engine(locale).format_number(value, ruleset_names=[ruleset]).text


@cache
def minus_word(locale: str) -> str:
    """Return the word before a negative number, or an empty string if CLDR has none."""
    engine = _engine(locale)
    if engine is None:
        return ""
    from unicode_rbnf.engine import RbnfError

    cardinals = [name for name in engine.rulesets if name.startswith("spellout-cardinal")]
    for ruleset in ("spellout-numbering", *cardinals):
        if ruleset not in engine.rulesets:
            continue
        try:
            negative, positive = (spell(locale, value, ruleset) for value in (-5, 5))
        except RbnfError:
            continue
        if negative.endswith(positive):
            return negative.removesuffix(positive).strip()
    return ""


def parse_number(written: str) -> tuple[str, str, str]:
    """Split a written number into whole part, decimal mark and decimals.

    >>> parse_number("1.234,5")
    ('1234', ',', '5')
    """
    found = re.fullmatch(r"([0-9. ']*?)(?:(,)([0-9]+)|(\.)([0-9]{1,2}|[0-9]{4,}))?", written)
    if found is None:
        return re.sub("[^0-9]", "", written) or "0", "", ""
    whole = re.sub("[^0-9]", "", found[1]) or "0"
    return whole, found[2] or found[4] or "", found[3] or found[5] or ""
