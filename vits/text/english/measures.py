r"""Amounts with a unit: "5 km", "20°C", "3.5%", "9.8 m/s²", "2 1/2 lbs", 6'2", "1h30m"."""

import re

from vits.text.english.amounts import (
    AMOUNT,
    RANGE,
    fraction_of,
    is_one,
    read_amount,
    read_fraction,
    read_range,
)
from vits.text.english.context import (
    ends_sentence,
    has_article,
    in_quotes,
    next_word,
    previous_word,
    unit_ends_sentence,
)
from vits.text.english.numbers import NUMBER, cardinal, number
from vits.text.english.units import (
    DEVICE,
    DOTTED,
    ELECTRIC,
    PER,
    POWERED,
    SPRINTS,
    TYPE,
    UNITS,
    plural_unit,
)
from vits.text.languages.tables import alternatives, first_words, word_set
from vits.text.rules import Rule, rule

__all__ = ["MEASURE_RULES", "read_measure"]

START = r"(?<![\w.,:$£€¥₹₩])(?<![0-9/]/)"


_UNIT = alternatives(UNITS)
_PER = alternatives(PER)
_POWERS = {"²": "square", "2": "square", "³": "cubic", "3": "cubic", "^2": "square", "^3": "cubic"}
_MEASURE = (
    rf"{START}(?P<amount>{RANGE}(?:\+(?=[ %]))?)(?P<gap> ?-?)(?P<unit>{_UNIT})"
    rf"(?:(?P<power>[²³]|\^?[23](?![0-9]))?"
    rf"(?:/(?P<per>{_PER})(?P<per_power>[²³]|\^?[23](?![0-9]))?(?:/(?P<and_per>{_PER})(?!\w))?"
    r"|(?P<inverse>[· ]?[sh][⁻−-][¹1]))?)"
    r"(?P<times>(?<=[0-9])[²³])?(?![\w°²³]|/(?![0-9])|'\w|\^)(?P<dot>\.(?![\w.]))?"
    r"(?P<either>/(?=[0-9]))?"
)
# Units of one letter that may also be a letter: only set off by a space after whole numbers.
_STREET = re.compile(r"\.? (?:[0-9]+(?:st|nd|rd|th)\b|[A-Z]\w+ (?:St|Ave|Rd|Blvd|Dr|Ln)\b)")
_LASTING = frozenset({"took", "lasted", "takes", "lasts", "wait", "waited", "time"})
_DIMENSIONS = frozenset({"tall", "by", "x", "and", "or", "long", "wide", "deep", "thick", "high"})


def read_measure(
    amount: str, unit: str, british: bool, *, singular: bool = False, words: str | None = None
) -> str:
    """Return an amount with the name of its unit.

    Args:
        amount: a ``RANGE``.
        unit: name in the singular, e.g. "mile per hour".
        british: read numbers with "and".
        singular: keep the unit in the singular, as in "a five kilometer run".
        words: the amount in words, if already known.
    """
    part = fraction_of(amount)
    if part is not None and words is None and not singular and unit not in ("percent", "degree"):
        about = "about " if amount.startswith("~") else ""
        article = "an" if unit[0] in "aeio" or unit.startswith("hour") else "a"
        if part == (1, 2):
            return f"{about}half {article} {unit}"
        if part == (1, 4):
            return f"{about}a quarter {unit}"
        return f"{about}{read_fraction(*part, british)} of {article} {unit}"
    words = read_range(amount, british) if words is None else words
    return f"{words} {unit if singular or is_one(amount) else plural_unit(unit)}"


def _measure(found: re.Match[str], british: bool) -> str | None:
    text, amount, symbol = found.string, found["amount"], found["unit"]
    if _is_no_unit(found):
        return None
    name = UNITS[symbol]
    power = found["power"]
    if power and symbol in POWERED:
        name = f"{_POWERS[power]} {name}"
    elif power:
        return None
    colon = 2 * text.endswith(": ", 0, found.start())
    before = previous_word(text, found.start() - colon)
    if symbol == "m" and not found["gap"] and before in _LASTING:
        name = "minute"
    singular = found["gap"].endswith("-") or _is_adjective(found, name)
    if symbol == "pt" and next_word(text, found.end()) in TYPE:
        name, singular = "point", True
    amount = amount.rstrip("+")
    words = read_range(amount, british) + " plus" if found["amount"].endswith("+") else None
    if name in ELECTRIC and re.fullmatch("[0-9]{2,3}/[0-9]{2,3}", amount):  # 110/220V
        words = " or ".join(number(part, british) for part in amount.split("/"))
    spoken = read_measure(amount, name, british, singular=singular, words=words)
    if found["per"]:
        per = PER[found["per"]]
        spoken += " each" if per == "each" else f" per {_per_power(per, found['per_power'])}"
        spoken += f" per {PER[found['and_per']]}" if found["and_per"] else ""
    elif found["inverse"]:
        spoken += " per second" if "s" in found["inverse"] else " per hour"
    if found["dot"] and (symbol not in DOTTED or unit_ends_sentence(text, found.end())):
        spoken += "."
    return f"{spoken} or " if found["either"] else spoken


def _per_power(per: str, power: str | None) -> str:
    if not power:
        return per
    if per in ("second", "minute", "hour"):
        return f"{per} {'squared' if '2' in power or '²' in power else 'cubed'}"
    return f"{_POWERS[power]} {per}"


def _is_adjective(found: re.Match[str], name: str) -> bool:
    text, end = found.string, found.end()
    if found["dot"] and ends_sentence(text, end):
        return False
    after = next_word(text, end)
    if found["unit"] in '"″':
        if previous_word(text, found.start()).lower() in ("a", "an") and after not in _DIMENSIONS:
            return after.isalpha()
        return after.isalpha() and after.islower() and after not in _DIMENSIONS
    if after == "can" and previous_word(text, found.start()).lower() in ("a", "an"):
        return True
    if name in ELECTRIC and DEVICE.match(text, end):
        return True
    return has_article(text, found.start(), end) or after in SPRINTS


def _is_no_unit(found: re.Match[str]) -> bool:
    """Tell whether the letters after a number are no unit here."""
    text, unit, gap = found.string, found["unit"], found["gap"]
    if unit in '"″' and (gap or in_quotes(text, found.start())):
        return True
    if unit in "'′" and (gap or not re.match(r"[ .,;:)]|$", text[found.end("unit") :][:1] or " ")):
        return True
    if unit == "in" and re.search(r"(?:ft|feet|foot)\.? $", text[: found.start()][-6:]):
        return False
    if unit == "pc":
        return bool(gap)
    if unit in ("c", "T", "t", "tab", "tabs"):
        return gap != " " or not found["dot"] or not next_word(text, found.end()).islower()
    if unit == "in":
        # "5 in 10", but "5 in." and "5 in wide"
        dotted = found["dot"] and next_word(text, found.end())
        wide = next_word(text, found.end()) in ("wide", "long", "tall", "deep", "thick", "high")
        part = fraction_of(found["amount"]) and has_article(text, found.start(), found.end("unit"))
        return not (dotted or wide or part or found["power"])
    if unit == "K" and not gap:
        return True
    if unit in ("W", "s", "h") and _STREET.match(text, found.end("unit")):
        return True
    if (
        unit in ("mo", "ac", "ha", "au", "cd", "pp", "deg", "rad", "kip", "K", "l", "pt", "ct")
        and gap == " "
    ):
        decimal = unit == "pp" and "." in found["amount"]
        return unit in ("mo", "pp", "ct") and not found["dot"] and not decimal
    return False


def _feet(found: re.Match[str], british: bool) -> str | None:
    if in_quotes(found.string, found.start()):
        return None
    feet, inches = found[1], found[2]
    return f"{number(feet, british)} foot {read_amount(inches, british)}"


_SHAPE = rf"({AMOUNT})(?: ?({_UNIT}))?"
_BY = rf" ?[x×] ?(?={AMOUNT})"
_MANY = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million",
         "B": "billion", "b": "billion", "bn": "billion"}  # fmt: skip
_RACES = SPRINTS | word_set("races runs tvs screens monitors displays videos runners sprints")
_MILLIONS = word_set(
    """
    people users views followers subscribers customers downloads viewers tourists homes jobs
    barrels shares votes visitors copies units members passengers cases tonnes tons workers
    """
)
_HEAT = re.compile(
    r"\b(?:oven|bak\w+|cook\w*|heat\w*|preheat|roast\w*|temp\w*|degrees|weather|warm\w*|cold|hot|"
    r"cool\w*|boil\w*|freez\w*|highs?|lows?|fan|sunny|cloudy|summer|winter|forecast)\b",
    re.IGNORECASE,
)


def _dimensions(found: re.Match[str], british: bool) -> str | None:
    """Read 9" x 13", "3 m x 4 m" and "5 x 7 cm"."""
    text = found.string
    sides = [re.fullmatch(_SHAPE, side) for side in re.split(_BY, found[0])]
    units = [side[2] for side in sides if side is not None]
    if not units or units[-1] in (None, "s", "h") or len(set(units) - {None}) > 1:
        return None
    name = UNITS[units[-1]]
    after = next_word(text, found.end())
    noun = after.isalpha() and after.islower() and len(after) > 2 and after not in _DIMENSIONS
    adjective = noun and re.fullmatch(_FUNCTION_LIKE, after) is None
    words = [
        read_measure(side[1], name, british, singular=adjective)
        if side[2]
        else read_amount(side[1], british)
        for side in sides
        if side is not None
    ]
    counted = name.endswith(("gram", "liter", "ounce"))
    return (" times " if counted else " by ").join(words)


_FUNCTION_LIKE = r"the|was|were|are|has|had|for|from|with|when|where|which|that|than|but|per|each"


def _same_unit(found: re.Match[str], british: bool) -> str:
    """Read "5% - 10%" and "20 km – 30 km"."""
    unit = plural_unit(UNITS[found[2]])
    return f"{read_amount(found[1], british)} to {read_amount(found[3], british)} {unit}"


def _many(found: re.Match[str], british: bool) -> str | None:
    """Read "10K followers" and "1.5M views"."""
    noun = next_word(found.string, found.end()).lower()
    if found[2] in ("m", "b"):
        if noun not in _MILLIONS:
            return None
    elif noun in _RACES or not (noun in _MILLIONS or re.fullmatch("[a-z]{3,}[^s]s", noun)):
        return None
    more = " plus" if found[3] else ""
    return f"{number(found[1], british)} {_MANY[found[2]]}{more}"


_CURRENT = re.compile(
    r"\b(?:amps?|amperage|current|fuses?|circuits?|breakers?|suppl(?:y|ies)|charg\w+|adapters?|"
    r"sockets?|plugs?|motors?|loads?|batter\w+|alternators?|wires?|cables?|draws?|rated|volts?|"
    r"power|electric\w*|[0-9]+ ?V)\b",
    re.IGNORECASE,
)


def _amps(found: re.Match[str], british: bool) -> str | None:
    """Read "a 5 A supply" and "draws 10A"; "seat 5A" and "5 A grades" are left."""
    text = found.string
    if _CURRENT.search(text, max(0, found.start() - 40), found.end() + 30) is None:
        return None
    singular = has_article(text, found.start(), found.end())
    return read_measure(found[1], "amp", british, singular=singular)


def _heat(found: re.Match[str], british: bool) -> str | None:
    """Read "at 180C" in a recipe or a forecast."""
    if _HEAT.search(found.string, max(0, found.start() - 100), found.end() + 60) is None:
        return None
    scale = {"C": "Celsius", "F": "Fahrenheit"}[found[2]]
    return f"{read_range(found[1], british)} degrees {scale}"


_TIMES = {"h": "hour", "hr": "hour", "hrs": "hour", "m": "minute", "min": "minute",
          "mins": "minute", "s": "second", "sec": "second", "d": "day"}  # fmt: skip


def _duration(found: re.Match[str], british: bool) -> str | None:
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?) ?([a-z]+)\.?", found[0])
    if found[0][-1].isdigit():  # "2h30"
        parts.append((found[0][-2:], "m"))
    order = ["dhms".index(unit[0]) for _, unit in parts]
    if order != sorted(set(order)) or len(parts) < 2:
        return None
    words: list[str] = []
    for value, unit in parts:
        whole = value.lstrip("0") or "0"
        name = _TIMES[unit]
        words.append(f"{number(whole, british)} {name if whole == '1' else name + 's'}")
    end = "." if found[1] and unit_ends_sentence(found.string, found.end()) else ""
    return " ".join(words) + end


def _angle(found: re.Match[str], british: bool) -> str | None:
    """Read 40° 26′ 46″ N."""
    names = ("degree", "minute", "second")
    words = [
        f"{number(value, british)} {name if value == '1' else name + 's'}"
        for name, value in zip(names, (found[1], found[2], found[3]), strict=True)
        if value
    ]
    points = {"N": "north", "S": "south", "E": "east", "W": "west"}
    return " ".join([*words, *([points[found[4]]] if found[4] else [])])


def _spelled_fraction(found: re.Match[str], british: bool) -> str | None:
    """Read "1/2 cup", "1/4 mile": a fraction before a unit that is written out."""
    part = fraction_of(found[1])
    return None if part is None else read_measure(found[1], found[2], british)


def _sprint(found: re.Match[str], british: bool) -> str:
    """Read "4x100m"."""
    unit = UNITS[found[3]]
    singular = found.string[found.end() :].startswith(" ")
    name = unit if singular else plural_unit(unit)
    return f"{cardinal(int(found[1]), british)} by {number(found[2], british)} {name}"


_CUPS = (
    "cup|hour|mile|inch|pound|ounce|teaspoon|tablespoon|gallon|acre|pint|quart|liter|litre|meter"
)

_BARE = word_set(
    """
    km/h m/s km/s kWh mph rpm kph Mbps Gbps kbps GHz MHz kHz km² m² kg/m³ g/L mg/L
    """
)


def _bare(found: re.Match[str], british: bool) -> str:
    """Read a unit without a number, as in "speed in km/h"."""
    unit, _, per = found[0].partition("/")
    power = _POWERS.get(unit[-1], "")
    name = plural_unit(f"{power} {UNITS[unit[:-1] if power else unit]}".strip())
    per_power = _POWERS.get(per[-1:], "")
    if previous_word(found.string, found.start()) in ("per", "a", "an", "each", "every", "one"):
        name = UNITS.get(unit, name)
    return name if not per else f"{name} per {f'{per_power} '.lstrip()}{PER[per.rstrip('²³')]}"


MEASURE_RULES: tuple[Rule[bool], ...] = (
    rule(r"(?<![\w.,:/])[0-9]{1,2}h[0-5][0-9]()(?!\w)", _duration, after="h"),
    rule(rf"{START}([0-9]{{1,2}})['′] ?({AMOUNT})[\"″]", _feet, after="'′"),
    rule(rf"{START}([3-8])['′]([0-9]|1[01])(?![\w'\"])", _feet, after="'′"),
    rule(
        r"(?<![\w.,:/$£€¥])(?:[0-9]+ ?d(?:ays)? ?)?(?:[0-9]+(?:\.[0-9]+)? ?(?:hrs|hr|h|mins|min|m|"
        r"sec|s)\.? ?){1,2}"
        r"[0-9]+(?:\.[0-9]+)? ?(?:mins|min|m|sec|s)(?![\w/²³^])(?:(?<=[nsc])(\.)(?!\w))?",
        _duration,
        "[0-9] ?[hm]",
        after=" .hmsd",
    ),
    rule(
        r"(?<![\w.,])([0-9]{1,3}(?:\.[0-9]+)?)° ?(?:([0-9]{1,2})['′] ?)?(?:([0-9]{1,2}(?:\.[0-9]+)"
        r"?)[\"″] ?)?"
        r"([NSEW])(?![\w'])",
        _angle,
        chars="°",
        after=".°",
    ),
    rule(
        r"(?<![\w.,/])([0-9]{1,2}) ?[x×] ?([0-9]{2,5}) ?-?(m|km|ft|yd)(?!\w)",
        _sprint,
        chars="x×",
        after=" x×",
    ),
    rule(
        rf"(?<![\w/])(?:{alternatives(_BARE)})(?![\w/²³])",
        _bare,
        words=first_words(_BARE),
    ),
    rule(
        rf"{START}{_SHAPE}(?:{_BY}{_SHAPE})+(?<![0-9 ])(?![\w²³/])",
        _dimensions,
        "[0-9a-z\"'″′] ?[x×] ?[0-9]",
        chars="x×",
        numeric=True,
    ),
    rule(
        rf"{START}([0-9]{{1,3}}),([0-9]{{1,2}}) ?({_UNIT})(?![\w/²³])",
        lambda f, b: read_measure(f"{f[1]}.{f[2]}", UNITS[f[3]], b),
        after=",",
    ),
    rule(
        rf"{START}({AMOUNT}) ?({_UNIT}) ?[-—–] ?({AMOUNT}) ?\2(?![\w²³/]| ?=)",
        _same_unit,
        r"[\w%°\"'′″] ?[-—–] ?[-−+±~.½¼¾⅓⅔⅛⅜⅝⅞0-9]",
        numeric=True,
    ),
    rule(
        rf"{START}({NUMBER}) ?(k|K|m|M|mn|b|B|bn)(\+?)(?= [a-z])",
        _many,
        "[0-9] ?[kKmMbB]",
        after=" ,.kKmMbB",
    ),
    rule(rf"{START}({RANGE}) ?([CF])(?!\w|'|\.\w|[+-])", _heat, "[0-9] ?[CF]", chars="CF"),
    rule(rf"{START}({RANGE})[ -]?A(?![\w'+&-]|\.\w| [A-Z])", _amps, "[0-9][ -]?A", chars="A"),
    rule(_MEASURE, _measure, numeric=True),
    rule(
        rf"{START}((?:{AMOUNT})) ({_CUPS})(?!\w)",
        _spelled_fraction,
        chars="/⁄½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒",
        numeric=True,
    ),
)
"""Rules for measures, in order."""
