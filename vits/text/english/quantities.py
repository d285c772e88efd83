"""English dates, times, money, units and plain numbers to words.

The order of the rules matters: each rule replaces the digits it recognises and leaves the others
to later rules; the last one replaces all remaining digits.
"""

import re
from collections.abc import Callable

from vits.text.english.calendar import expand_calendar
from vits.text.english.numbers import NUMBER, cardinal, digits, number, ordinal, plural, year

__all__ = ["expand_quantities"]

_START = r"(?<![0-9.,])"  # not in the middle of a number
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
}
_MAGNITUDES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "tn": "trillion",
}
_MAGNITUDE = r"(?: ?(hundred|thousand|million|billion|trillion)\b| ?(k|K|mn|m|M|bn|b|B|tn)\b)?"
_UNITS = {
    "km": "kilometer",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "µm": "micrometer",
    "μm": "micrometer",
    "nm": "nanometer",
    "mi": "mile",
    "ft": "foot",
    "yd": "yard",
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "µg": "microgram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "L": "liter",
    "ml": "milliliter",
    "mL": "milliliter",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "KB": "kilobyte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "kWh": "kilowatt hour",
    "V": "volt",
    "mA": "milliamp",
    "dB": "decibel",
    "s": "second",
    "ms": "millisecond",
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "mph": "mile per hour",
    "kph": "kilometer per hour",
    "km/h": "kilometer per hour",
    "%": "percent",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree",
}
_SAME_PLURAL = {"percent", "hertz", "kilohertz", "megahertz", "gigahertz"}
_PER = {
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "day": "day",
    "kg": "kilogram",
    "L": "liter",
}
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))


def expand_quantities(text: str, british: bool) -> str:
    """Return ``text`` with all ASCII digits and their signs replaced by words."""
    if not re.search("[0-9]", text):
        return text

    def words(value: str) -> str:
        return number(value, british)

    text = _decades(expand_calendar(text, british), british)
    text = _phones(text)
    text = _ranges(text)
    text = _money(text, words)
    text = re.sub(r"(?<![\w.)%'\"-])-(?=\.?[0-9])", "minus ", text)
    text = _measures(text, words)
    text = _fractions(text, british)
    text = re.sub(
        rf"{_START}([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+)(?:st|nd|rd|th|ST|ND|RD|TH)\b",
        lambda found: ordinal(found[1], british),
        text,
    )
    return _plain(text, words, british)


def _decades(text: str, british: bool) -> str:
    """Read "the 1990s", "the '90s", "747s"."""

    def decade(found: re.Match[str]) -> str:
        value = int(found[1])
        in_years = 1100 <= value < 2100
        return plural(year(value, british) if in_years else number(found[1], british))

    return re.sub(r"(?<![\w.,$£€¥])'?([0-9]{2,4})'?s\b", decade, text)


def _phones(text: str) -> str:
    """Read telephone and serial numbers digit by digit, with a pause between groups."""

    def spell(found: re.Match[str]) -> str:
        sign = "plus " if found[0].startswith("+") else ""
        return sign + ", ".join(digits(group) for group in re.findall("[0-9]+", found[0]))

    start, stop = r"(?<![\w.,/-])", r"(?![0-9]|[-.,/][0-9])"
    area = r"(?:\+?1[ -.])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}"
    text = re.sub(rf"{start}{area}{stop}", spell, text)
    text = re.sub(rf"{start}[0-9]{{3}}-[0-9]{{4}}{stop}", spell, text)
    text = re.sub(rf"{start}\+[0-9]{{1,4}}(?:[ -][0-9]{{2,12}}){{1,6}}{stop}", spell, text)
    text = re.sub(rf"{start}[0-9]+(?:-[0-9]+){{2,}}{stop}", spell, text)
    return re.sub(rf"{start}\+?[0-9]{{10,}}{stop}", spell, text)


def _ranges(text: str) -> str:
    """Put "to" between the ends of a range or ratio; drop a repeated currency sign."""
    text = re.sub(rf"([$£€¥])({NUMBER})-\1?(?={NUMBER})", r"\2 to \1", text)
    text = re.sub(
        r"(?<![\w.,/-])([0-9][0-9,.]*%?)-(?=[0-9][0-9,.]*(?![\w/-])|[0-9]+[%a-zA-Z°])",
        r"\1 to ",
        text,
    )
    return re.sub(r"(?<![\w.,:])([0-9]+):(?=[0-9]+(?![\w:]))", r"\1 to ", text)


def _money(text: str, words: Callable[[str], str]) -> str:
    """Read sums of money: "$3.50", "£2m", "100 €"."""

    def verbalize(sign: str, amount: str, magnitude: str | None) -> str:
        one, many, small_one, small_many = _CURRENCIES[sign]
        if magnitude:
            return f"{words(amount)} {magnitude} {many}"
        whole, _, part = amount.partition(".")
        if len(part) not in (1, 2):
            return f"{words(amount)} {one if amount == '1' else many}"
        cents = int(part.ljust(2, "0"))
        coins = f"{cardinal(cents)} {small_one if cents == 1 else small_many}"
        notes = f"{words(whole)} {one if whole == '1' else many}"
        if not cents:
            return notes
        return coins if not whole.strip("0,") else f"{notes} and {coins}"

    def magnitude(word: str | None, letter: str | None) -> str | None:
        return word or (_MAGNITUDES[letter.lower()] if letter else None)

    text = re.sub(r"([$£€]) ?\.(?=[0-9])", r"\g<1>0.", text)
    text = re.sub(r"\b(US|A|AU|C|CA|NZ|HK)(?=\$ ?[0-9])", r"\1 ", text)
    text = re.sub(r"(?<![\w.)])-(?=[$£€¥₹₩] ?[0-9])", "minus ", text)
    text = re.sub(
        rf"([$£€¥₹₩]) ?({NUMBER}){_MAGNITUDE}",
        lambda found: verbalize(found[1], found[2], magnitude(found[3], found[4])),
        text,
    )
    return re.sub(
        rf"{_START}({NUMBER}){_MAGNITUDE} ?([€£¥₹₩]|\$(?![0-9]))",
        lambda found: verbalize(found[4], found[1], magnitude(found[2], found[3])),
        text,
    )


def _measures(text: str, words: Callable[[str], str]) -> str:
    """Read a number with a unit: "5 km", "20°C", "3.5%", "10 m/s", "6 km/h"."""

    def say(found: re.Match[str]) -> str:
        amount, gap, unit, power, per = found.groups()
        name = _UNITS[unit]
        if amount != "1" and gap != "-" and name not in _SAME_PLURAL:
            first, _, rest = name.partition(" ")
            name = f"{'feet' if first == 'foot' else first + 's'} {rest}".strip()
        shape = {"²": "square ", "³": "cubic ", None: ""}[power]
        return f"{words(amount)} {shape}{name}" + (f" per {_PER[per]}" if per else "")

    text = re.sub(
        rf"{_START}([0-9]{{1,2}})'([0-9]{{1,2}})\"",
        lambda found: f"{words(found[1])} foot {words(found[2])}",
        text,
    )
    return re.sub(
        rf"{_START}({NUMBER})([ -]?)({_UNIT})([²³])?(?:/({'|'.join(_PER)}))?(?![\w/°]|'\w)",
        say,
        text,
    )


def _fractions(text: str, british: bool) -> str:
    """Read "1/2" and "2 3/4"; a pair such as "24/7" is read as two numbers."""

    def say(found: re.Match[str]) -> str:
        whole, top, bottom = found[1], int(found[2]), int(found[3])
        # 9/11 is far more often the date than the fraction.
        if top >= bottom or bottom < 2 or (top, bottom) == (9, 11):
            pair = f"{cardinal(top, british)} {cardinal(bottom, british)}"
            return f"{cardinal(int(whole), british)} {pair}" if whole else pair
        name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(found[3], british)
        if top > 1:
            name = plural(name) if bottom != 2 else name
        part = f"{cardinal(top, british)} {name}"
        if not whole:
            return part
        return f"{cardinal(int(whole), british)} and {'a ' + name if top == 1 else part}"

    return re.sub(
        r"(?<![\w./,-])(?:([0-9]{1,4})[ -])?([0-9]{1,4})/([0-9]{1,4})(?![\w/]|\.[0-9])", say, text
    )


def _plain(text: str, number_words: Callable[[str], str], british: bool) -> str:
    """Read years, version numbers and all remaining numbers."""

    def dotted(found: re.Match[str]) -> str:
        return separate(found, " point ".join(number_words(part) for part in found[0].split(".")))

    def separate(found: re.Match[str], words: str) -> str:
        before = found.string[max(0, found.start() - 1) : found.start()]
        after = found.string[found.end() : found.end() + 1]
        return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"

    def plain(found: re.Match[str]) -> str:
        value = found[0]
        if re.fullmatch(r"1[1-9][0-9]{2}|20[0-9]{2}", value):
            spoken = year(int(value), british)
        elif value.startswith("."):
            spoken = f"point {digits(value)}"
        else:
            spoken = number_words(value)
        return separate(found, spoken)

    text = re.sub(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9])", dotted, text)
    return re.sub(rf"(?<![\w.])\.[0-9]+|{NUMBER}", plain, text)
