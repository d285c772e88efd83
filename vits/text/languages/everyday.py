"""Forms that languages share: days, web addresses, dimensions, "3x", "1 h 30 min", "'98"."""

import re

from vits.text.languages import cldr
from vits.text.languages.language import Language
from vits.text.languages.tables import alternatives
from vits.text.rules import Rule, rule

__all__ = ["SHORT_YEAR", "everyday_rules"]

_DOMAIN = (
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|io|de|fr|es|it|nl|eu|at|ch|be|uk)(?![\w-]|\.\w)"
)
SHORT_YEAR: Rule[Language] = rule(
    r"(?<![\w'])'([0-9]{2})(?!\w)", lambda found, style: style.number(found[1]), chars="'"
)
"""Reads "'98", for the languages in which it is a year."""

_ADDRESS = re.compile(r"[^\W\d_]+|[0-9]+|[.@/_-]")


def everyday_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules."""
    names = cldr.weekdays(language.locale)
    capitals = [name.capitalize() for name in names]
    # "so. und" is no Sunday
    days = alternatives(capitals if language.ordinal_dot else [*names, *capitals])
    return [
        rule(
            rf"(?<![\w.])(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?www\.[\w-]+(?:\.[\w-]+)+(?:/[\w/.-]*\w)?"
            rf"|https?://[\w.-]+\w(?:/[\w/.-]*\w)?|(?-i:(?=[a-z0-9-]+\.)){_DOMAIN}(?:/[\w/.-]*\w)?)",
            _address,
            r"@|www\.|://|[a-z]\.[a-z]{2}",
            chars=".",
        ),
        rule(
            rf"(?<!\w)({days})\.? ?[-—] ?({days})\b\.?(?!\w)",
            _days,
            chars="-—",
        ),
        rule(
            rf"(?<!\w)({days})\.(?=,? (?!\w*\.)[^\W\d_A-ZÀ-Þ]{{1,3}}\b|,)",
            _day,
            chars=".",
        ),
        rule(
            r"(?<![\w.,])([0-9]{1,3}) ?h ?([0-9]{1,2}) ?min\b\.?",
            _duration,
            "h",
            chars="h",
        ),
        rule(
            r"(?<![\w.,])([0-9]{1,3}) ?[x×](?= [^\W\d_]{2}|[.,;!?)]|$)",
            lambda found, style: style.times[found[1] != "1"].format(style.cardinal(int(found[1]))),
            chars="x×",
        ),
        rule(r"(?<=[0-9m]) ?x ?(?=[0-9])", lambda found, style: f" {style.by} ", "[0-9m] ?x", "x"),
        rule(r"(?<=[€$£%])/(?=[^\W\d_]{3})", lambda found, style: f" {style.per} ", chars="/"),
    ]


def _address(found: re.Match[str], style: Language) -> str:
    """Read "mail@example.org" and "www.example.org/a"."""
    signs = {".": style.point, "@": style.at_sign, "/": style.slash, "_": "", "-": style.minus}
    if re.fullmatch(r"[\w.]+", found[0]) and found[0].count(".") == 1 and len(found[0]) < 6:
        return found[0]
    words = [
        signs[part] if part in signs else style.number(part) if part.isdigit() else part
        for part in _ADDRESS.findall(found[0].replace("://", " "))
    ]
    return " ".join(filter(None, words))


def _duration(found: re.Match[str], style: Language) -> str:
    """Read "1 h 30 min"."""
    minutes = found[2].lstrip("0") or "0"
    return f"{style.measure(found[1], 'h')} {style.measure(minutes, 'min')}"


def _day(found: re.Match[str], style: Language) -> str:
    """Read "lun. a vie."."""
    return cldr.weekdays(style.locale)[found[1].lower()]


def _days(found: re.Match[str], style: Language) -> str | None:
    """Read "Mo.-Fr." and "lun-ven"."""
    names = cldr.weekdays(style.locale)
    words = [names[part.lower()] for part in found.groups()]
    if any(part.lower() == name.lower() for part, name in zip(found.groups(), words, strict=True)):
        return None
    return f"{words[0]} {style.to} {words[1]}"
