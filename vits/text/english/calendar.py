"""English dates and times of day to words."""

import re

from vits.text.english.numbers import cardinal, ordinal, year

__all__ = ["expand_calendar"]

_MONTHS: tuple[str, ...] = (
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
_SHORT = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_NAMES = {name: name for name in _MONTHS} | _SHORT
_MONTH = rf"({'|'.join(sorted(_NAMES, key=len, reverse=True))})\b(?:\.(?= ?[0-9a-z,]))?"
_YEAR = r"(?:,? (1[0-9]{3}|20[0-9]{2})(?![\w:/%°]|[.,-][0-9]))?"
_START = r"(?<![\w/.,:-])"
_STOP = r"(?![\w/:]|[-.,][0-9])"


def expand_calendar(text: str, british: bool) -> str:
    """Return ``text`` with dates and times replaced by words.

    Args:
        text: cleaned English text.
        british: read dates day first; 3/4/2020 is the third of April.
    """
    text = _dates(text, british)
    return _times(text, british)


def _verbalize_date(day: int, month: int, in_year: int | None, british: bool) -> str | None:
    """Return a date in words, or None if the day does not exist."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    name, nth = _MONTHS[month - 1], ordinal(str(day), british)
    date = f"the {nth} of {name}" if british else f"{name} {nth}"
    if in_year is None:
        return date
    year_words = year(in_year, british) if 1000 <= in_year < 2100 else cardinal(in_year, british)
    return f"{date}, {year_words}"


def _dates(text: str, british: bool) -> str:
    def iso(found: re.Match[str]) -> str:
        in_year, month, day = int(found[1]), int(found[2]), int(found[3])
        return _verbalize_date(day, month, in_year, british) or found[0]

    def slashes(found: re.Match[str]) -> str:
        day, month = int(found[1]), int(found[2])
        if (not british and day <= 12) or month > 12:
            day, month = month, day
        short = len(found[3]) == 2
        # Two-digit years as in POSIX: 69-99 are 1969-1999.
        in_year = int(found[3]) + (2000 - 100 * (int(found[3]) >= 69) if short else 0)
        return _verbalize_date(day, month, in_year, british) or found[0]

    def month_first(found: re.Match[str]) -> str:
        month = _MONTHS.index(_NAMES[found[1]]) + 1
        in_year = int(found[3]) if found[3] else None
        return _verbalize_date(int(found[2]), month, in_year, False) or found[0]

    def day_first(found: re.Match[str]) -> str:
        month = _MONTHS.index(_NAMES[found[2]]) + 1
        in_year = int(found[3]) if found[3] else None
        return _verbalize_date(int(found[1]), month, in_year, True) or found[0]

    text = re.sub(rf"{_START}([0-9]{{4}})[-/]([0-9]{{2}})[-/]([0-9]{{2}}){_STOP}", iso, text)
    slashed = rf"{_START}([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}}|[0-9]{{2}}){_STOP}"
    text = re.sub(slashed, slashes, text)
    days = r"([0-9]{1,2})(?:st|nd|rd|th)?"
    text = re.sub(rf"\b{_MONTH} {days}{_STOP}(?![%°$]){_YEAR}", month_first, text)
    return re.sub(rf"{_START}(?:\b[Tt]he )?{days} (?:of )?{_MONTH}{_YEAR}", day_first, text)


def _times(text: str, british: bool) -> str:
    """Read "3:05 pm", "15:30", "12:00", "3 pm", "12:30:45"."""

    def clock(found: re.Match[str]) -> str:
        hour, minute = int(found[1]), int(found[2])
        if hour > 24 or minute > 59 or (found[3] and int(found[3]) > 59):
            return found[0]
        half = f" {found[4].lower()}.m" if found[4] else ""
        words = cardinal(hour, british)
        if minute:
            words += f" {'oh ' if minute < 10 else ''}{cardinal(minute, british)}"
        elif not half:
            words += " o'clock" if 1 <= hour <= 12 else " hundred"
        if found[3] and int(found[3]):
            words += f" and {cardinal(int(found[3]), british)} seconds"
        return words + half

    def hour_only(found: re.Match[str]) -> str:
        if not 1 <= int(found[1]) <= 12:
            return found[0]
        return f"{cardinal(int(found[1]), british)} {found[2].lower()}.m"

    # Drop the last dot of "p.m.", unless it ends the text.
    half = r"([AaPp])\.?[Mm]\b(?:\.(?![\"')]*$))?"
    time = rf"{_START}([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}}))?(?: ?{half})?(?![\w:])"
    text = re.sub(time, clock, text)
    return re.sub(rf"{_START}([0-9]{{1,2}}) ?{half}", hour_only, text)
