"""Dates, years and decades: "3/4/2020", "Jan. 5, 2020", "5-7 June", "the '90s", "2023/24"."""

import re

from vits.text.english.context import next_word, previous_word
from vits.text.english.numbers import cardinal, number, ordinal, plural, year
from vits.text.english.times import read_hours
from vits.text.languages.tables import alternatives, word_set
from vits.text.rules import Rule, rule

__all__ = ["DATE_RULES", "MONTHS", "is_improper", "read_year"]

MONTHS: tuple[str, ...] = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NAMES = (
    {name: name for name in MONTHS}
    | {name[:3]: name for name in MONTHS}
    | {"Sept": "September", "June": "June", "July": "July"}
    | {name.upper(): name for name in MONTHS if name != "May"}
)
_MONTH = rf"({alternatives(_NAMES)})\b(?:\.(?= ?[0-9a-z,]))?"
_YEAR = r"(?:,? (1[0-9]{3}|20[0-9]{2})(?![\w:/%°]|[.,-][0-9]))?"
_START = r"(?<![\w/.,:$£€-])"
_STOP = r"(?![\w/]|:[0-9]|[-.,][0-9])"
_DAY = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_BEFORE_DATES = word_set(
    """
    on due by since until till before after from dated starting through thru deadline
    expires mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday
    sunday released born effective tomorrow today yesterday date
    """
)
_OF_DECADES = word_set(
    "song music movie film hit band classic style fashion pop rock kid party theme sitcom era nost"
    "algia"
)
_OF_DATE = re.compile(r"\b(?:week|weekend|night|morning|evening|as) of $")
_BEFORE_YEARS = word_set(
    """
    in by since until till from of before after during around circa year class spring summer
    autumn fall winter early late mid through to and
    """
)


def read_year(value: int, british: bool) -> str:
    """Return a year in words, of any number of digits up to four."""
    return year(value, british) if value >= 1000 else cardinal(value, british)


def _date(day: int, month: int, in_year: int | None, british: bool) -> str | None:
    """Return a date in words, or None if the day does not exist."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    name, nth = MONTHS[month - 1], ordinal(str(day), british)
    date = f"the {nth} of {name}" if british else f"{name} {nth}"
    return date if in_year is None else f"{date}, {read_year(in_year, british)}"


def _iso(found: re.Match[str], british: bool) -> str | None:
    return _date(int(found[3]), int(found[2]), int(found[1]), british)


def _timestamp(found: re.Match[str], british: bool) -> str | None:
    """Read "2024-01-15T08:30:00Z"."""
    date, seconds = _iso(found, british), found[6]
    if date is None or int(found[4]) > 24 or int(found[5]) > 59:
        return None
    words = f"{date}, {read_hours(int(found[4]), int(found[5]), british)}"
    if seconds and seconds.strip("0."):
        words += f" and {number(seconds.removeprefix('0'), british)} seconds"
    return f"{words} U T C" if found[7] else words


def _full_year(digits: str) -> int:
    # Two-digit years as in POSIX: 69-99 are 1969-1999.
    value = int(digits)
    return value + (2000 - 100 * (value >= 69)) if len(digits) == 2 else value


def _numeric(found: re.Match[str], british: bool) -> str | None:
    day, month = int(found[1]), int(found[3])
    # A date with dots is read day first everywhere.
    day_first = british or found[2] == "."
    if (not day_first and day <= 12) or month > 12:
        day, month = month, day
    return _date(day, month, _full_year(found[4]), british)


def is_improper(found: re.Match[str]) -> bool:
    """Return whether "5/2" is a fraction: it stands alone, is compared, or gives odds."""
    top, bottom = int(found[1]), int(found[2])
    if not 1 < bottom < min(top, 10) or top > 20 or top % bottom == 0:
        return False
    before, after = found.string[: found.start()], found.string[found.end() :]
    return (
        not (before + after).strip(" .,!?\"'")
        or re.match(r" ?(?:=|is [0-9]|equals|is (?:more|less|greater|bigger))", after) is not None
        or re.search(r"\b(?:odds|bet|favou?rite|outsider)\b[^.]{0,20}$", before) is not None
    )


def _month_and_day(found: re.Match[str], british: bool) -> str | None:
    """Read "10/31" where it is no fraction."""
    before = previous_word(found.string, found.start()).lower().rstrip(".")
    first, second = int(found[1]), int(found[2])
    if is_improper(found):
        return None
    if found.string.startswith(" at ", found.end()) and second <= 31 and found[0] != "24/7":
        before = "on"
    if before == "of" and _OF_DATE.search(found.string[: found.start()][-12:]):
        before = "on"
    if found.string[found.end() :].startswith(" of ") or (first, second) == (9, 11):
        return None
    fraction = first < second and (second <= 10 or second in (12, 16, 32))
    if before not in _BEFORE_DATES and (fraction or first == second or first > 12):
        return None
    day, month = (first, second) if british or first > 12 else (second, first)
    if british and month > 12:
        day, month = month, day
    return _date(day, month, None, british)


def _date_range(found: re.Match[str], british: bool) -> str | None:
    """Read "12/24-12/26" and "Jan 1 - Jan 5"."""
    if found["month"]:
        first = _date(int(found["day"]), MONTHS.index(_NAMES[found["month"]]) + 1, None, False)
        last = _date(int(found["day2"]), MONTHS.index(_NAMES[found["month2"]]) + 1, None, False)
    else:
        (a, b), (c, d) = (
            map(int, part.split("/")) for part in found[0].replace(" ", "").split("-")
        )
        if british:
            a, b, c, d = b, a, d, c
        first, last = _date(b, a, None, british), _date(d, c, None, british)
    return None if first is None or last is None else f"{first} to {last}"


def _month_first(found: re.Match[str], british: bool) -> str | None:
    month = MONTHS.index(_NAMES[found[1]]) + 1
    in_year = int(found[4]) if found[4] else None
    if found[3]:
        last = int(found[3])
        words = _date(int(found[2]), month, None, False)
        if words is None or not int(found[2]) < last <= 31:
            return None
        words += f" to {ordinal(found[3], british)}"
        return words if in_year is None else f"{words}, {read_year(in_year, british)}"
    return _date(int(found[2]), month, in_year, False)


def _day_first(found: re.Match[str], british: bool) -> str | None:
    month = MONTHS.index(_NAMES[found[3]]) + 1
    in_year = int(found[4]) if found[4] else None
    date = _date(int(found[2] or found[1]), month, in_year, True)
    if date is None or found[2] is None:
        return date
    if not int(found[1]) < int(found[2]):
        return None
    return f"the {ordinal(found[1], british)} to {date}"


def _month_year(found: re.Match[str], british: bool) -> str:
    return f"{_NAMES[found[1]]} {read_year(int(found[2]), british)}"


def _decade(found: re.Match[str], british: bool) -> str | None:
    text, value = found.string, int(found[2])
    if value in (10, 100, 1000) and text.startswith(" of ", found.end()):
        return {10: "tens", 100: "hundreds", 1000: "thousands"}[value]
    short = len(found[2]) == 2
    if short and not found[1] and not _is_decade(text, found.start(), found.end(), value):
        return None
    in_years = 1100 <= value < 2100
    words = year(value, british) if in_years else number(found[2], british)
    return plural(words)


def _decades(found: re.Match[str], british: bool) -> str:
    """Read "1990s-2000s" and "'80s-'90s"."""
    first, last = (
        plural(year(int(part), british) if len(part) == 4 else number(part, british))
        for part in (found[1], found[2])
    )
    return f"{first} to {last}"


def _expiry(found: re.Match[str], british: bool) -> str:
    """Read "exp. 09/27", the month and year of a card."""
    year_words = read_year(_full_year(found[2]), british)
    return f"expires {MONTHS[int(found[1]) - 1]} {year_words}"


def _is_decade(text: str, start: int, end: int, value: int) -> bool:
    """Tell "the 90s" and "in his 30s" from "a 30s timer"."""
    before = previous_word(text, start).lower()
    if value % 10 == 0 and next_word(text, end).rstrip("s") in _OF_DECADES:
        return True
    if before in (
        "a",
        "an",
        "wait",
        "then",
        "for",
        "after",
        "in",
        "took",
        "about",
        "within",
        "every",
    ):
        return before == "in" and value >= 50 and value % 10 == 0
    known = (
        "the",
        "his",
        "her",
        "their",
        "my",
        "your",
        "our",
        "early",
        "late",
        "mid",
        "its",
        "and",
    )
    return value % 10 == 0 and before in known


def _short_year(found: re.Match[str], british: bool) -> str | None:
    """Read "class of '98" and "summer of '09"."""
    value = int(found[1])
    words = cardinal(value) if value > 9 else f"oh {cardinal(value)}"
    return words


def _season(found: re.Match[str], british: bool) -> str | None:
    """Read "2023/24", "1914-18" and "1990-1995"."""
    first, joint, second = int(found[1]), found[2], found[3]
    if len(second) == 2:
        if int(second) <= first % 100:
            return None
        last = cardinal(int(second)) if int(second) > 9 else f"oh {cardinal(int(second))}"
    else:
        if not 1000 <= first < int(second) < 2200:
            return None
        last = read_year(int(second), british)
    middle = " to " if "/" not in joint or len(second) == 4 else " "
    return f"{read_year(first, british)}{middle}{last}"


def _era(found: re.Match[str], british: bool) -> str:
    letters = " ".join(found[2].replace(".", ""))
    value = found[1].replace(",", "")
    words = read_year(int(value), british) if len(value) == 4 else number(value, british)
    dot = "." if found[2].endswith(".") and not found.string[found.end() :].strip() else ""
    return f"{words} {letters}{dot}"


def _era_first(found: re.Match[str], british: bool) -> str:
    return f"A D {read_year(int(found[1]), british)}"


def _quarter(found: re.Match[str], british: bool) -> str:
    words = f"{found[1]} {cardinal(int(found[2]))}"
    return words if not found[3] else f"{words}, {_full_year_words(found[3], british)}"


def _fiscal(found: re.Match[str], british: bool) -> str:
    return f"F Y {_full_year_words(found[1], british)}"


def _full_year_words(digits: str, british: bool) -> str:
    return read_year(int(digits), british) if len(digits) == 4 else number(digits, british)


def _early(found: re.Match[str], british: bool) -> str | None:
    """Read 1000 to 1099 and 2100 to 2199 as years after "in" and the like."""
    before = previous_word(found.string, found.start()).lower()
    if before not in _BEFORE_YEARS - {"of", "to", "and", "from"}:
        return None
    return read_year(int(found[1]), british)


_NAME = alternatives(_NAMES)
_EXPIRES = word_set("Exp Expire Expires Expiry exp expire expires expiry")
_ANY_MONTH = "[JFMASOND](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec|[A-Z]{2})"
DATE_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"{_START}(?:(?P<month>{_NAME})\.? (?P<day>[0-9]{{1,2}}) ?[-—–] ?(?P<month2>{_NAME})\.? ("
        rf"?P<day2>[0-9]{{1,2}})"
        rf"|[0-9]{{1,2}}/[0-9]{{1,2}} ?- ?[0-9]{{1,2}}/[0-9]{{1,2}}){_STOP}",
        _date_range,
        "[0-9] ?[-—–] ?[A-Z0-9]",
    ),
    rule(
        rf"{_START}([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})T([0-9]{{2}}):([0-9]{{2}})"
        r"(?::([0-9]{2}(?:\.[0-9]+)?))?(Z)?(?!\w)",
        _timestamp,
        chars="T",
        after="-",
    ),
    rule(rf"{_START}([0-9]{{4}})[-/.]([0-9]{{2}})[-/.]([0-9]{{2}}){_STOP}", _iso, after="-/."),
    rule(
        rf"{_START}([0-9]{{1,2}})([/.-])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_STOP}",
        _numeric,
        after="/.-",
    ),
    rule(
        rf"{_START}([0-9]{{1,2}})/([0-9]{{1,2}})(?![\w/%]|\.[0-9]| ?=)", _month_and_day, after="/"
    ),
    rule(
        rf"\b{_MONTH} {_DAY}(?: ?[-–—] ?{_DAY})?{_STOP}(?![%°$]){_YEAR}", _month_first, words=_NAMES
    ),
    rule(
        rf"{_START}(?:\b[Tt]he )?{_DAY}(?: ?[-–—] ?{_DAY})? (?:of )?{_MONTH}{_YEAR}",
        _day_first,
        _ANY_MONTH,
    ),
    rule(
        rf"\b{_MONTH},? (1[0-9]{{3}}|20[0-9]{{2}})(?![\w:/%°-]|[.,][0-9])",
        _month_year,
        words=_NAMES,
    ),
    rule(
        r"\b[Ee]xp(?:\.|ires?|iry)?:? (0?[1-9]|1[0-2])/([0-9]{2}(?:[0-9]{2})?)(?![\w/])",
        _expiry,
        words=_EXPIRES,
    ),
    rule(
        r"(?<![\w.,$£€¥/-])'?([0-9]{4}|[2-9]0)s ?[-–—] ?'?([0-9]{4}|[2-9]0)s\b(?!\w)",
        _decades,
        "[0-9]s ?[-–—]",
    ),
    rule(r"(?<![\w.,$£€¥/])(?<![0-9]-)(')?([0-9]{2,4})'?s\b(?!\w)", _decade, "[0-9]'?s"),
    rule(r"(?<![\w'])'([0-9]{2})(?![\w'\"°/-]|\.[0-9])", _short_year, "'[0-9]"),
    rule(
        r"(?<![\w.,/$£€-])((?:1[0-9]|20|21)[0-9]{2})( ?[-/] ?)([0-9]{4}|[0-9]{2})(?![\w/%°-]|"
        r"[.,:][0-9])",
        _season,
        "[0-9]{4} ?[-/] ?[0-9]",
        after=" -/",
    ),
    rule(
        r"(?<![\w.,])([0-9]{1,4}|[0-9]{1,3}(?:,[0-9]{3})+) (B\.?C\.?E?\.?|A\.?D\.?|C\.?E\.?)(?!\w)",
        _era,
        r"[BAC]\.?[CDE]",
        after=" ,",
    ),
    rule(r"\bA\.?D\.? ?([0-9]{1,4})(?![\w,.]*[0-9])", _era_first, words=("A", "AD")),
    rule(
        r"\b([QH])([1-4])(?:[ ,/-]+((?:19|20)[0-9]{2}))?(?![\w.]*[0-9])", _quarter, words=("Q", "H")
    ),
    rule(r"\bFY ?'?([0-9]{4}|[0-9]{2})(?!\w)", _fiscal, words=("FY",)),
    rule(
        r"(?<![\w.,/$£€#-])(10[0-9]{2}|21[0-9]{2})(?![\w/%°-]|[.,:][0-9])",
        _early,
        "(?:10|21)[0-9]{2}",
        numeric=True,
    ),
)
"""Rules for dates and years, in order."""
