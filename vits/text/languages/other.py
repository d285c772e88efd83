"""Languages without a module of their own: espeak-ng reads their numbers, we what it drops.

A minus before a number becomes a word, since espeak-ng drops it in many languages; units whose
symbols espeak-ng spells get their names from CLDR; ordinals with a dot become words where
espeak-ng does not know them. Everything else stays as it is.
"""

import re
from functools import cache

from vits.text.aligned import AlignedText
from vits.text.languages.amounts import NUMBER, alternatives
from vits.text.languages.cldr import UNITS, is_locale, unit_phrase
from vits.text.languages.spelling import has_ruleset, minus_word, spell
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule, RuleSet, rule

__all__ = ["expand_other", "minus"]

# espeak-ng's codes that differ from CLDR's.
_LOCALES = {"cmn": "zh", "hyw": "hy", "pt-br": "pt", "pt": "pt_PT", "zh-yue": "yue"}
# Words for a minus in languages that CLDR's rules for numbers lack.
_MINUS = pairs(
    """
    chr: minus; an: menos; as: মাইনাচ; ba: минус; bn: মাইনাস; bpy: মাইনাস; cv: минус; eu:
    minus; gd: minus; gl: menos; grc: μεῖον; gu: ઓછા; ht: mwens; kn: ಮೈನಸ್; kok: उणे; ku:
    kêm; ml: മൈനസ്; mr: उणे; ne: ऋण; nog: минус; or: ମାଇନସ୍; pa: ਮਨਫ਼ੀ; pap: menos; sd:
    منفي; si: ඍණ; te: మైనస్; tt: минус; ug: مىنۇس; ur: منفی; ko: 마이너스; ja: マイナス; th: ลบ; vi:
    âm; am: ነጋቲቭ
    """
)
# Ordinals with a dot; espeak-ng reads those of most other languages.
_ORDINALS = {
    "da": "spellout-ordinal-common",
    "fi": "spellout-ordinal",
    "hr": "spellout-ordinal-masculine",
    "lb": "spellout-ordinal-masculine",
    "tr": "spellout-ordinal",
}
# Symbols that are no words in any language.
_SYMBOLS = [
    "° C",
    "° F",
    *word_set(
        """
        °C °F km cm mm km² m² cm² km³ m³ cm³ kg mg ml mL km/h m/s kWh kW MW GHz MHz kHz Hz GB MB TB
        hPa kcal kJ
        """
    ),
]
_DIGITS = frozenset("0123456789")


def expand_other(text: AlignedText, language: str) -> AlignedText:
    """Return cleaned text in which espeak-ng reads numbers, their signs and their units.

    Args:
        text: one line of text with its characters cleaned.
        language: an espeak-ng code.
    """
    if _DIGITS.isdisjoint(text.text):
        return text
    return _rules(language.lower()).apply(text, language.lower())


def minus(language: str) -> str:
    """Return the word for the sign of a negative number."""
    family = language.partition("-")[0]
    return _MINUS.get(family) or minus_word(_locale(language)) or "minus"


def _locale(language: str) -> str:
    family = language.partition("-")[0]
    return _LOCALES.get(language) or _LOCALES.get(family, family)


@cache
def _rules(language: str) -> RuleSet[str]:
    rules: list[Rule[str]] = []
    if is_locale(_locale(language)):
        symbols = alternatives(_SYMBOLS)
        rules.append(
            rule(
                rf"(?P<minus>(?<![\w)\]%]){_MINUS_SIGN})?(?<![0-9.,])({NUMBER}) ?"
                rf"({symbols})(?![\w/²³'])",
                _measure,
                rf"[0-9] ?(?:{symbols})",
            )
        )
    family = language.partition("-")[0]
    if family in _ORDINALS and has_ruleset(family, _ORDINALS[family]):
        rules.append(
            rule(
                r"(?<![\w.,:/-])([0-9]{1,3})\.(?= [^\W\d_A-ZÀ-ÖØ-Þ])",
                lambda found, style: spell(family, int(found[1]), _ORDINALS[family]),
                r"[0-9]\. ",
            )
        )
    if family == "hu":  # a year before a month is no ordinal
        year = r"(?<![\w.,:/-])([0-9]{4})\.(?= [^\W\d_])"
        rules.append(rule(year, lambda found, style: found[1], r"[0-9]\. "))
    rules.append(
        rule(
            rf"(?<![\w)\]%]){_MINUS_SIGN}(?=[0-9])",
            lambda found, style: f"{minus(style)} ",
            chars="-−",
        )
    )
    return RuleSet(rules)


_MINUS_SIGN = "(?:-|− ?)"


def _measure(found: re.Match[str], style: str) -> str | None:
    written, symbol = found[2], found[3]
    value = float(re.sub("[ .']", "", written).replace(",", "."))
    phrase = unit_phrase(_locale(style), symbol, value)
    if phrase.replace("{}", "").strip() == symbol or "{}" not in phrase or symbol not in UNITS:
        return None
    sign = f"{minus(style)} " if found["minus"] else ""
    return sign + phrase.replace("{}", written)
