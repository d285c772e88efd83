"""Times of day and durations: "3:05 pm", "15:30", "9am-5pm", "2:01:09"."""

import re

from vits.text.english.context import hour_ends_sentence, next_word, previous_word, with_dot
from vits.text.english.numbers import cardinal, number
from vits.text.languages.tables import alternatives, word_set
from vits.text.rules import Rule, rule

__all__ = ["DAY_RULES", "TIME_RULES", "read_hours"]

_START = r"(?<![\w/.,:$£€-])"
_HALF = r"([AaPp])\.? ?[Mm]\b(\.)?"
_CLOCK = r"([0-9]{1,2})[:.h]([0-9]{2})"
# "1:50" before these is no time.
_RATIOS = word_set("scale ratio odds mix mixture dilution gradient model map")
_LASTING = word_set(
    """
    in took lasted lasts time of ran finished record is was runs length duration just under
    over for about clocked timed with after
    """
)


def _half(letter: str | None, dot: str | None, found: re.Match[str]) -> str:
    if letter is None:
        return ""
    end = "." if dot and hour_ends_sentence(found.string, found.start(), found.end()) else ""
    return f" {letter.upper()} M{end}"


def read_hours(hour: int, minute: int, british: bool, *, bare: bool = False) -> str:
    """Return a time of day in words; ``bare`` leaves out "o'clock" and "hundred"."""
    words = cardinal(hour, british)
    if minute:
        return f"{words} {'oh ' if minute < 10 else ''}{cardinal(minute, british)}"
    if bare:
        return words
    return f"{words} o'clock" if 1 <= hour <= 12 else f"{words} hundred"


def _clock(found: re.Match[str], british: bool) -> str | None:
    hour, minute = int(found[1]), int(found[2])
    if found[3] is None and next_word(found.string, found.end()) in _RATIOS:
        return None
    if hour > 24 and minute < 60 and previous_word(found.string, found.start()) in _LASTING:
        return _lasting(0, hour, found[2], british)
    if hour > 24 or minute > 59:
        return None
    return read_hours(hour, minute, british, bare=bool(found[3])) + _half(found[3], found[4], found)


def _dotted(found: re.Match[str], british: bool) -> str | None:
    """Read "9.30 am", the British way to write it."""
    return _clock(found, british)


def _seconds(found: re.Match[str], british: bool) -> str | None:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if minute > 59 or second > 59:
        return None
    before = previous_word(found.string, found.start()).lower()
    short = len(found[1]) == 1 and before not in ("at", "by", "since", "until")
    if found[5] is None and (before in _LASTING or short):
        return _lasting(hour, minute, found[3] + (found[4] or ""), british)
    if hour > 24:
        return _lasting(hour, minute, found[3] + (found[4] or ""), british)
    words = read_hours(hour, minute, british, bare=bool(found[5]))
    if second:
        words += f" and {number(str(second) + (found[4] or ''), british)} seconds"
    return words + _half(found[5], found[6], found)


def _military(found: re.Match[str], british: bool) -> str:
    """Read "1600 hours" and "0830 hours"."""
    hour, minute = int(found[1]), int(found[2])
    words = cardinal(hour) if hour > 9 else f"oh {cardinal(hour)}" if hour else "zero"
    if not minute:
        return f"{words} hundred"
    return f"{words} {'oh ' if minute < 10 else ''}{cardinal(minute)}"


def _split_seconds(found: re.Match[str], british: bool) -> str:
    """Read "7:05.12", a time in sports."""
    return _lasting(0, int(found[1]), found[2], british)


def _lasting(hour: int, minute: int, second: str, british: bool) -> str:
    """Return a duration in words."""
    second = second.lstrip("0") or "0"
    second = f"0{second}" if second.startswith(".") else second
    parts = [
        f"{number(str(value), british)} {name if str(value) == '1' else name + 's'}"
        for value, name in ((hour, "hour"), (minute, "minute"), (second, "second"))
        if str(value) != "0"
    ]
    if len(parts) < 2:
        return parts[0] if parts else "zero seconds"
    return f"{' '.join(parts[:-1])} and {parts[-1]}"


def _spoken_time(written: str, british: bool) -> str:
    hour, _, minute = written.partition(":")
    return read_hours(int(hour), int(minute or 0), british, bare=True)


def _hour_only(found: re.Match[str], british: bool) -> str | None:
    if not 1 <= int(found[1]) <= 12:
        return None
    return cardinal(int(found[1]), british) + _half(found[2], found[3], found)


def _range(found: re.Match[str], british: bool) -> str | None:
    """Read "9am-5pm", "9:00-11:00", "9-5pm"."""
    first, last = found["first"], found["last"]
    if ":" not in found[0] and not found["half"]:
        return None
    halves = found["early"], found["half"]
    words: list[str] = []
    for time, half in zip((first, last), halves, strict=True):
        hour, _, minute = time.partition(":")
        if int(hour) > 24 or int(minute or 0) > 59 or (not minute and not any(halves)):
            return None
        spoken = read_hours(int(hour), int(minute or 0), british, bare=any(halves))
        words.append(spoken + (f" {half[0].upper()} M" if half else ""))
    end = (
        "." if found["dot"] and hour_ends_sentence(found.string, found.start(), found.end()) else ""
    )
    return f"{words[0]} to {words[1]}{end}"


_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June",
    "Jul": "July", "Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October",
    "Nov": "November", "Dec": "December",
}  # fmt: skip
_SHORT = alternatives({**_DAYS, **_MONTHS})


def _weekday(found: re.Match[str], british: bool) -> str:
    return _DAYS[found[1]]


def _period(found: re.Match[str], british: bool) -> str | None:
    """Read "Mon-Fri" and "Jan.-Mar."."""
    names = (_DAYS, _MONTHS)[found[1] in _MONTHS]
    return f"{names[found[1]]} to {names[found[2]]}" if found[2] in names else None


DAY_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"\b({_SHORT})\.? ?[-–—] ?({_SHORT})\b(?:\.(?! [A-Z]|$))?",
        _period,
        words=[*_DAYS, *_MONTHS],
    ),
    rule(
        rf"\b({'|'.join(_DAYS)})(?=,? (?:(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?)?"
        rf"(?:{'|'.join(_MONTHS)}|May)[a-z]*\b)",
        _weekday,
        words=_DAYS,
    ),
    rule(rf"\b({alternatives(_DAYS)})(?= [0-9]{{1,2}}(?:[-–:]| ?[ap]\.?m))", _weekday, words=_DAYS),
    rule(
        r"(?<=on |or |nd |ry |is |xt |st )(Sat|Sun|Wed|Mon|Fri)(\.)(?!\w)",
        lambda f, b: with_dot(_weekday(f, b), f),
        words=_DAYS,
    ),
    rule(
        r"\b(Sat|Sun|Wed)\.(?= ?(?:,|[0-9]|-|& |and |or |to |at |[A-Z][a-z]+\.? [0-9]|morning|"
        r"night|evening))",
        _weekday,
        words=_DAYS,
    ),
)
"""Rules for abbreviated days and months, in order."""

_TIME = "[0-9]{1,2}(?::[0-9]{2})?"

TIME_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"{_START}({_TIME}) ?{_HALF} ?(?:-|—|–) ?(noon|midnight)(?!\w)",
        lambda f, b: f"{_spoken_time(f[1], b)} {f[2].upper()} M to {f[4]}",
        "noon|midnight",
        after=": AaPp",
    ),
    rule(
        rf"(?<![\w-])([Nn]oon|[Mm]idnight) ?(?:-|—|–) ?({_TIME}) ?{_HALF}(?!\w)",
        lambda f, b: f"{f[1]} to {_spoken_time(f[2], b)}{_half(f[3], f[4], f)}",
        words=("Noon", "noon", "Midnight", "midnight"),
    ),
    rule(
        rf"{_START}([01][0-9]|2[0-4])([0-5][0-9])(?= (?:hours|hrs)\b)",
        _military,
        "[0-9]{4} h",
        after=" ",
    ),
    rule(
        r"(?<=\bat |\bby )(0[0-9])([0-5][0-9])(?=[,.;!?)]|$| [a-z])(?![.,][0-9])",
        _military,
        " 0[0-9]{3}",
        numeric=True,
    ),
    rule(
        rf"{_START}([0-9]{{1,2}}):([0-9]{{2}}\.[0-9]+)(?![\w:])",
        _split_seconds,
        after=":",
    ),
    rule(
        rf"{_START}(?P<first>{_TIME})(?: ?(?P<early>[AaPp])\.?[Mm]\.?)? ?(?:-|—|–|"
        rf"to) ?(?P<last>{_TIME})"
        r"(?: ?(?P<half>[AaPp])\.?[Mm]\b(?P<dot>\.)?)?(?![\w:%]|[-.,/][0-9])",
        _range,
        after=": AaPp-—–t",
    ),
    rule(
        rf"{_START}([0-9]{{1,3}}):([0-9]{{2}}):([0-9]{{2}})(\.[0-9]+)?(?: ?{_HALF})?(?![\w:])",
        _seconds,
        after=":",
    ),
    rule(rf"{_START}([0-9]{{1,2}}):([0-9]{{2}})(?: ?{_HALF})?(?![\w:])", _clock, after=":"),
    rule(
        rf"{_START}([0-9]{{1,2}}):([0-5][0-9])([ap])(?!\w)",
        lambda f, b: f"{read_hours(int(f[1]), int(f[2]), b, bare=True)} {f[3].upper()} M",
        after=":",
    ),
    rule(rf"{_START}([0-9]{{1,2}})\.([0-5][0-9]) ?{_HALF}(?!\w)", _dotted, after="."),
    rule(rf"{_START}([0-9]{{1,2}}) ?{_HALF}(?!\w)", _hour_only, after=" AaPp"),
)
"""Rules for times, in order."""
