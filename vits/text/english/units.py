"""English names of the units of measurement, after CLDR's list (common/main/en.xml, units)."""

import re

from vits.text.languages.tables import word_set

__all__ = [
    "DEVICE",
    "DOTTED",
    "ELECTRIC",
    "PER",
    "POWERED",
    "SPRINTS",
    "TYPE",
    "UNITS",
    "plural_unit",
]

_PREFIXES = {"": "", "n": "nano", "µ": "micro", "μ": "micro", "m": "milli", "k": "kilo",
             "M": "mega", "G": "giga", "T": "tera", "c": "centi", "d": "deci", "h": "hecto",
             "p": "pico"}  # fmt: skip
# Unit -> (name, prefixes in use).
_PREFIXED = {
    "m": ("meter", "nµμmcdk"),
    "g": ("gram", "nµμmck"),
    "L": ("liter", "µμmcdh"),
    "l": ("liter", "µμmcdh"),
    "W": ("watt", "µμmkMGT"),
    "Wh": ("watt hour", "mkMGT"),
    "V": ("volt", "µμmk"),
    "A": ("amp", "µμm"),
    "Ah": ("amp hour", "m"),
    "Hz": ("hertz", "mkMGT"),
    "J": ("joule", "mkMG"),
    "N": ("newton", "mkM"),
    "Pa": ("pascal", "hkMG"),
    "bar": ("bar", "m"),
    "cal": ("calorie", "k"),
    "eV": ("electronvolt", "mkMGT"),
    "F": ("farad", "pnµμm"),
    "Ω": ("ohm", "mkMG"),
    "mol": ("mole", "µμm"),
    "B": ("byte", "kMGTP"),
    "bit": ("bit", "kMGT"),
    "b": ("bit", "kMGT"),
    "bps": ("bit per second", "kMGT"),
    "s": ("second", "nµμmp"),
    "Sv": ("sievert", "µμm"),
    "Bq": ("becquerel", "kMG"),
    "T": ("tesla", "µμm"),
    "t": ("tonne", "kM"),
    "pc": ("parsec", "kMG"),
}
# These letters alone are too often something else.
_ONLY_PREFIXED = {"A", "J", "N", "F", "B", "b", "T", "bps", "pc", "t", "cal"}
_PLAIN = {
    "ha": "hectare", "ac": "acre", "mi": "mile", "ft": "foot", "yd": "yard", "yds": "yard",
    "nmi": "nautical mile", "ly": "light year", "au": "astronomical unit", "in": "inch",
    '"': "inch", "'": "foot", "′": "foot", "″": "inch",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "ozs": "ounce", "fl oz": "fluid ounce",
    "fl. oz": "fluid ounce", "mcg": "microgram", "ct": "carat", "kt": "knot", "kts": "knot",
    "kn": "knot",
    "tsp": "teaspoon", "tsps": "teaspoon", "tbsp": "tablespoon", "tbsps": "tablespoon",
    "Tbsp": "tablespoon", "tbs": "tablespoon", "gal": "gallon", "gals": "gallon", "qt": "quart",
    "qts": "quart", "pt": "pint", "pts": "point", "bbl": "barrel", "cc": "cubic centimeter",
    "sq ft": "square foot", "sq. ft": "square foot", "sqft": "square foot", "sq-ft": "square foot",
    "sq m": "square meter", "sq. m": "square meter", "sq km": "square kilometer",
    "sq. km": "square kilometer", "sq mi": "square mile", "sq. mi": "square mile",
    "sq in": "square inch", "sq. in": "square inch", "sq yd": "square yard",
    "cu ft": "cubic foot", "cu. ft": "cubic foot", "cu in": "cubic inch", "cu m": "cubic meter",
    "KB": "kilobyte", "Kb": "kilobit", "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte",
    "TiB": "tebibyte", "Kbps": "kilobit per second",
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "h": "hour",
    "hr": "hour", "hrs": "hour", "wk": "week", "wks": "week", "mo": "month", "mos": "month",
    "yr": "year", "yrs": "year",
    "mph": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour",
    "mpg": "mile per gallon", "rpm": "revolution per minute", "RPM": "revolution per minute",
    "bpm": "beat per minute", "BPM": "beat per minute", "fps": "frame per second",
    "dpi": "dot per inch", "ppi": "pixel per inch", "ppm": "part per million",
    "ppb": "part per billion", "psi": "pound per square inch", "hp": "horsepower",
    "dB": "decibel", "dBA": "decibel", "K": "kelvin", "px": "pixel", "MP": "megapixel",
    "Cal": "calorie", "BTU": "B T U", "Btu": "B T U", "BTUs": "B T U",
    "mmHg": "millimeter of mercury", "atm": "atmosphere",
    "rad": "radian", "deg": "degree", "VA": "volt amp", "kVA": "kilovolt amp",
    "Nm": "newton meter", "N·m": "newton meter", "lm": "lumen", "lx": "lux", "cd": "candela",
    "%": "percent", "‰": "per mille", "°C": "degree Celsius", "°F": "degree Fahrenheit",
    "°": "degree", "ºC": "degree Celsius", "° C": "degree Celsius", "° F": "degree Fahrenheit",
    "bps": "basis point", "pp": "percentage point", "kip": "kip", "doz": "dozen",
    "pct": "percent", "pc": "percent", "pcs": "piece", "pkg": "package", "pkgs": "package",
    "tab": "tablet", "tabs": "tablet",
    "c": "cup", "T": "tablespoon", "t": "teaspoon", "mEq": "milliequivalent",
    "MMBtu": "million B T U",
}  # fmt: skip
UNITS = {
    prefix + unit: _PREFIXES.get(prefix, "peta") + name
    for unit, (name, prefixes) in _PREFIXED.items()
    for prefix in ("", *prefixes)
    if prefix or unit not in _ONLY_PREFIXED
} | _PLAIN
"""Symbol of a unit -> its English name in the singular."""

PER = {
    **{unit: name for unit, name in UNITS.items() if name in (
        "second", "minute", "hour", "week", "month", "year", "kilogram", "gram", "liter", "dozen",
        "meter", "centimeter", "millimeter", "kilometer", "mile", "foot", "inch", "barrel",
        "gallon", "pound", "ounce", "hectare", "acre", "mole", "deciliter", "milliliter",
        "square foot", "square meter", "kilowatt hour", "megawatt hour", "gigabyte", "tonne",
        "ounce", "byte", "pint", "quart", "cubic meter", "kelvin", "yard")},
    **{word: word for word in (
        "second", "minute", "hour", "day", "week", "month", "year", "night", "person", "mile",
        "gallon", "barrel", "ton", "tonne", "unit", "share", "head", "game", "user", "piece",
        "capita", "pound", "ounce", "kilogram", "acre", "foot", "room", "seat", "ticket")},
    "d": "day", "mo": "month", "t": "tonne", "ea": "each", "u": "hour", "pp": "person",
    "100 km": "one hundred kilometers", "100km": "one hundred kilometers",
    "100 g": "one hundred grams", "100g": "one hundred grams",
    "100 ml": "one hundred milliliters", "100 mL": "one hundred milliliters",
    "m²": "square meter", "m2": "square meter", "ft²": "square foot", "km²": "square kilometer",
    "m³": "cubic meter", "m3": "cubic meter",
}  # fmt: skip
"""What stands after a slash -> its English name."""

DOTTED = word_set(
    """
    oz ozs lb lbs ft in mi yd yds sec secs min mins hr hrs wk wks mo mos yr yrs gal gals qt
    qts pt tsp tsps tbsp tbsps Tbsp tbs doz deg pct kt kts pc pcs pkg pkgs tab tabs c t T
    """
) | {"fl oz", "fl. oz", "sq ft", "sq. ft", "sq mi", "sq. mi", "sq. m", "sq. km", "sq. in", "cu. ft"}
"""Units that are written with a dot, too."""

POWERED = word_set(
    """
    m cm mm km dm µm μm nm ft in mi yd s
    """
)
"""Symbols that are raised to a power."""

SPRINTS = word_set(
    """
    dash race sprint final relay hurdles run walk freestyle butterfly backstroke
    breaststroke angle turn rotation bend board timer limit mark sprinter bike ride swim
    """
)
"""Words before which a unit is in the singular."""

ELECTRIC = frozenset({"volt", "watt", "kilowatt", "ohm", "hertz", "milliamp hour", "amp hour"})
"""Units that are said of a device: "1.2 V cell"."""

DEVICE = re.compile(
    r" (?:cells?|batter\w+|bulbs?|lamps?|lights?|motors?|suppl\w+|adapters?|chargers?|outlets?|"
    r"sockets?|speakers?|resistors?|panels?|heaters?|amplifiers?|lasers?|circuits?|systems?)\b"
)
"""What may follow them."""

TYPE = frozenset({"font", "type", "text", "typeface", "lettering"})
"""What is measured in typographic points."""

_INVARIANT = word_set("percent dozen hertz horsepower lux million each kelvin") | {"per mille"}
_IRREGULAR = {"foot": "feet", "inch": "inches", "century": "centuries", "B T U": "B T Us"}


def plural_unit(name: str) -> str:
    """Return the plural of a unit's name.

    >>> plural_unit("kilowatt hour"), plural_unit("mile per hour"), plural_unit("square foot")
    ('kilowatt hours', 'miles per hour', 'square feet')
    """
    if name in _INVARIANT or name.endswith("hertz"):
        return name
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    for joint in (" per ", " of ", " Celsius", " Fahrenheit"):
        head, found, tail = name.partition(joint)
        if found:
            return plural_unit(head) + found + tail
    head, space, last = name.rpartition(" ")
    return head + space + _IRREGULAR.get(last, f"{last}s")
