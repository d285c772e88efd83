"""Dates and times of day: "24.12.2023", "3. Okt. 1990", "14h30", "8-17 Uhr"."""

import re

from vits.text.languages import cldr
from vits.text.languages.context import next_word, previous_word
from vits.text.languages.language import Language
from vits.text.languages.tables import alternatives
from vits.text.rules import Rule, rule

__all__ = ["date_rules", "time_rules"]

_CENTURY_BREAK = 50  # "49" is 2049, "50" is 1950


def date_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for dates."""
    names = alternatives(language.months)
    mark = r"(?:\.|er|°|º|e|\.º)?"
    return [
        rule(
            r"(?<![\w./-])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![\w/-]|\.[0-9])",
            lambda found, style: _numeric(found, style, found[3], found[2], found[1]),
            chars="-",
        ),
        rule(
            r"(?<![\w./-])([0-9]{1,2})([./-]) ?([0-9]{1,2})\2 ?([0-9]{4}|[0-9]{2})"
            r"(?![\w/-]|[.,][0-9])",
            lambda found, style: _numeric(found, style, found[1], found[3], found[4]),
            chars="./-",
        ),
        rule(
            r"(?<![\w./-])([0-9]{1,2})([/.-])([0-9]{1,2})(\.)?(?![\w/-]|[.,][0-9])",
            _short,
            chars="./-",
        ),
        rule(
            rf"(?<![\w./:-])([0-9]{{1,2}}){mark}(?: ?[-—] ?([0-9]{{1,2}}){mark})? (?:de )?"
            rf"((?i:{names})\b\.?)(?: (?:de |del )?('?[0-9]{{2,4}})"
            r"(?![\w%€$]|[.,:/][0-9]| ?(?:€|%|°|Uhr|uur)))?",
            _named,
        ),
        rule(
            rf"(?<!\w)((?i:{names}))\.(?= (?:de )?[0-9]{{4}}\b)",
            lambda found, style: style.month_names[style.months[found[1].lower()]],
        ),
    ]


def _numeric(found: re.Match[str], style: Language, day: str, month: str, year: str) -> str | None:
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return None
    value = int(year)
    if len(year) == 2:
        value += 2000 if value < _CENTURY_BREAK else 1900
    return style.full_date(int(day), int(month), value, found)


def _short(found: re.Match[str], style: Language) -> str | None:
    """Read "am 24.12." and "le 24/12"."""
    if not (1 <= int(found[1]) <= 31 and 1 <= int(found[3]) <= 12):
        return None
    if next_word(found.string, found.end()).lower() in style.months:  # "10-12 giugno"
        return None
    before = previous_word(found.string, found.start()).lower().rstrip(".")
    dotted = style.ordinal_dot and found[2] == "." and found[4] is not None
    weekday = before in cldr.weekdays(style.locale)
    dated = (weekday or before in style.date_words) and (found[2] != "." or dotted)
    if not dated and not (dotted and len(found[3]) == 2):
        return None
    following = found.string[found.end() : found.end() + 1]
    end = "." if found[4] and (not dotted or not following) else ""
    return style.full_date(int(found[1]), int(found[3]), None, found) + end


def _named(found: re.Match[str], style: Language) -> str | None:
    name = found[3].lower()
    month = style.months[name.rstrip(".")]
    abbreviated = style.month_names[month].lower() != name.rstrip(".")
    if abbreviated and not name.endswith(".") and len(name) < 4 and not found[4]:
        # "5 mar" may be anything; "5 mar 2020" is a date.
        return None
    day = int(found[1])
    if not 1 <= day <= 31:
        return None
    year = int(found[4].strip("'")) if found[4] else None
    words = style.full_date(int(found[2] or day), month, year, found)
    if found[2]:
        words = f"{style.day(day, found)} {style.to} {words}"
    dot = found[3].endswith(".") and (not abbreviated or found.end() == len(found.string))
    return words + "." if dot and not found[4] else words


def time_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for times of day."""
    clock = r"([0-9]{1,2})[:.h]([0-9]{2})"
    return [
        rule(
            rf"(?<![\w:.,/-]){clock}(?: ?[-—] ?| (?:bis|tot) ){clock}(?![0-9:]|[.,][0-9])"
            r"(?P<unit> ?(?:Uhr|uur|ore|horas|h\.?|u\.?)(?!\w))?",
            _time_range,
        ),
        rule(
            r"(?<![\w:.,/-])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9:]|[.,][0-9])"
            r"(?P<unit> ?(?:Uhr|uur|ore|horas|hrs?\.?|h\.?|u\.?)(?!\w))?",
            _time,
            chars=":",
        ),
        rule(
            r"(?<![\w:.,/-])([0-9]{1,2})\.([0-9]{2})(?![0-9:]|[.,][0-9])"
            r"(?P<unit> ?(?:Uhr|uur|horas|hrs?|h|u)(?!\w))?",
            _dotted_time,
            chars=".",
        ),
        rule(
            r"(?<![\w:.,/-])([0-9]{1,2}) ?(?:h|H) ?([0-5][0-9])(?: ?min)?(?!\w)(?P<unit>)",
            _time,
            chars="hH",
        ),
    ]


def _time(found: re.Match[str], style: Language) -> str | None:
    hour, minute = int(found[1]), int(found[2])
    second = int(found[3] or 0) if found.re.groups > 3 else 0
    if hour > 24 or minute > 59 or second > 59:
        return None
    end = (
        "."
        if found["unit"] and found["unit"][-1] == "." and found.end() == len(found.string)
        else ""
    )
    return style.time(hour, minute, second, found) + end


def _time_range(found: re.Match[str], style: Language) -> str | None:
    """Read "9:00-11:30 Uhr"."""
    if "." in found[0] and not found["unit"]:
        return None
    hours, minutes = (int(found[1]), int(found[3])), (int(found[2]), int(found[4]))
    if max(hours) > 24 or max(minutes) > 59:
        return None
    first, last = (
        style.time(hour, minute, 0, found) for hour, minute in zip(hours, minutes, strict=True)
    )
    return f"{first} {style.to} {last}"


def _dotted_time(found: re.Match[str], style: Language) -> str | None:
    before = previous_word(found.string, found.start()).lower()
    if not found["unit"] and before not in style.clock_words:
        return None
    hour, minute = int(found[1]), int(found[2])
    if hour > 24 or minute > 59:
        return None
    return style.time(hour, minute, 0, found)
