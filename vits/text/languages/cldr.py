"""Names of months, units and currencies from CLDR (babel)."""

import re
from functools import cache, lru_cache
from typing import Any

__all__ = ["UNITS", "currency_name", "is_locale", "months", "unit_phrase", "weekdays"]

UNITS: dict[str, str] = {
    "%": "concentr-percent",
    "‰": "concentr-permille",
    "°": "angle-degree",
    "°C": "temperature-celsius",
    "° C": "temperature-celsius",
    "ºC": "temperature-celsius",
    "°F": "temperature-fahrenheit",
    "° F": "temperature-fahrenheit",
    "K": "temperature-kelvin",
    "km": "length-kilometer",
    "m": "length-meter",
    "dm": "length-decimeter",
    "cm": "length-centimeter",
    "mm": "length-millimeter",
    "µm": "length-micrometer",
    "μm": "length-micrometer",
    "nm": "length-nanometer",
    "km²": "area-square-kilometer",
    "m²": "area-square-meter",
    "cm²": "area-square-centimeter",
    "ha": "area-hectare",
    "km³": "volume-cubic-kilometer",
    "m³": "volume-cubic-meter",
    "cm³": "volume-cubic-centimeter",
    "hl": "volume-hectoliter",
    "l": "volume-liter",
    "L": "volume-liter",
    "dl": "volume-deciliter",
    "cl": "volume-centiliter",
    "ml": "volume-milliliter",
    "mL": "volume-milliliter",
    "t": "mass-tonne",
    "kg": "mass-kilogram",
    "g": "mass-gram",
    "mg": "mass-milligram",
    "µg": "mass-microgram",
    "μg": "mass-microgram",
    "h": "duration-hour",
    "min": "duration-minute",
    "s": "duration-second",
    "ms": "duration-millisecond",
    "km/h": "speed-kilometer-per-hour",
    "m/s": "speed-meter-per-second",
    "m/s²": "acceleration-meter-per-square-second",
    "mph": "speed-mile-per-hour",
    "l/100 km": "consumption-liter-per-100-kilometer",
    "L/100 km": "consumption-liter-per-100-kilometer",
    "L/100km": "consumption-liter-per-100-kilometer",
    "l/100km": "consumption-liter-per-100-kilometer",
    "GW": "power-gigawatt",
    "MW": "power-megawatt",
    "kW": "power-kilowatt",
    "W": "power-watt",
    "kWh": "energy-kilowatt-hour",
    "J": "energy-joule",
    "kJ": "energy-kilojoule",
    "kcal": "energy-kilocalorie",
    "cal": "energy-calorie",
    "V": "electric-volt",
    "A": "electric-ampere",
    "mA": "electric-milliampere",
    "Ω": "electric-ohm",
    "Hz": "frequency-hertz",
    "kHz": "frequency-kilohertz",
    "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz",
    "N": "force-newton",
    "Nm": "torque-newton-meter",
    "Pa": "pressure-pascal",
    "hPa": "pressure-hectopascal",
    "kPa": "pressure-kilopascal",
    "MPa": "pressure-megapascal",
    "bar": "pressure-bar",
    "mbar": "pressure-millibar",
    "kB": "digital-kilobyte",
    "KB": "digital-kilobyte",
    "MB": "digital-megabyte",
    "GB": "digital-gigabyte",
    "TB": "digital-terabyte",
    "Mbit": "digital-megabit",
    "Gbit": "digital-gigabit",
    "MP": "graphics-megapixel",
    "px": "graphics-pixel",
    "lm": "light-lumen",
    "lx": "light-lux",
    "km2": "area-square-kilometer",
    "m2": "area-square-meter",
    "cm2": "area-square-centimeter",
    "km3": "volume-cubic-kilometer",
    "m3": "volume-cubic-meter",
    "cm3": "volume-cubic-centimeter",
    "m/s2": "acceleration-meter-per-square-second",
    "qkm": "area-square-kilometer",
    "qm": "area-square-meter",
    "ccm": "volume-cubic-centimeter",
}
"""Symbol -> CLDR's name of the unit."""
_SPACES = str.maketrans("\u00a0\u202f\u2009’", "   '")


@cache
def _locale(name: str) -> Any:
    # About 80 ms; English never needs it.
    from babel import Locale

    return Locale.parse(name)


@cache
def is_locale(name: str) -> bool:
    """Tell whether CLDR has a locale."""
    from babel import UnknownLocaleError

    try:
        _locale(name)
    except (UnknownLocaleError, ValueError):
        return False
    return True


@cache
def months(locale: str) -> dict[str, int]:
    """Return the names and abbreviations of the months in lower case, without dots."""
    names: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in _locale(locale).months[context][width].items():
                word = str(name).lower().rstrip(".")
                if not word[:1].isdigit():
                    names.setdefault(word, number)
    return names


@cache
def weekdays(locale: str) -> dict[str, str]:
    """Return the abbreviations and names of the days in lower case, without dots -> name."""
    days = _locale(locale).days
    names: dict[str, str] = {}
    for context in ("format", "stand-alone"):
        for width in ("abbreviated", "wide", "short"):
            for number, name in days[context].get(width, {}).items():
                names.setdefault(str(name).lower().rstrip("."), str(days["format"]["wide"][number]))
    return names


@lru_cache(maxsize=4096)
def unit_phrase(locale: str, symbol: str, count: float) -> str:
    """Return the phrase for a number of a unit, with ``{}`` for the number.

    >>> unit_phrase("de", "km/h", 5)
    '{} Kilometer pro Stunde'
    """
    from babel.numbers import format_decimal
    from babel.units import format_unit

    name = UNITS[symbol]
    phrase = format_unit(count, name, "long", locale=_locale(locale))
    written = format_decimal(count, locale=_locale(locale))
    return re.sub(r"\s+", " ", phrase.translate(_SPACES)).replace(
        written.translate(_SPACES), "{}", 1
    )


@lru_cache(maxsize=1024)
def currency_name(locale: str, code: str, count: float) -> str | None:
    """Return the name of a currency of an ISO code, or None if the code is unknown."""
    from babel.numbers import get_currency_name, list_currencies

    if code not in list_currencies():
        return None
    return get_currency_name(code, count=count, locale=_locale(locale))
