"""What every language's table has: words for numbers, units, money, dates and times.

A language is a subclass: class attributes hold its words, and a method is overridden only where
the language differs from the common way. The rules in the other modules of this room find the
written forms and ask the language for the words.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, NamedTuple

from vits.text.languages import cldr
from vits.text.languages.context import previous_word
from vits.text.languages.spelling import MAX_SPELLED, parse_number, spell
from vits.text.languages.tables import word_set
from vits.text.rules import Rule

__all__ = ["Currency", "Language"]

Match = re.Match[str]
_DIGIT = re.compile("[0-9]")
# A round million, milliard or billion at the end of a number's words.
_ROUND = re.compile(r"(?:[mb]ill?i?[oó]n(?:es|s|e|i)?|miliard[oi]|milliards?)$")
_NOT_COUNTED = word_set(
    """
    d de di da del des du e ed et y o ou a à en est sont son sono más più plus
    """
)
_VOWELS = frozenset("aeiouhâàéèêëîïôûœ")


class Currency(NamedTuple):
    """Words of a currency.

    Attributes:
        one, many: name of one unit, of several.
        minor_one, minor_many: name of one hundredth, of several hundredths.
        gender: of the unit.
        minor_gender: of the hundredth.
    """

    one: str
    many: str
    minor_one: str
    minor_many: str
    gender: str = "m"
    minor_gender: str = "m"


class Language:
    """Words of a language, and how they are put together.

    Genders are ``m``, ``f``, ``n``, or empty for a number that stands alone.
    """

    locale: ClassVar[str] = ""
    """CLDR's name of the language."""
    cardinal_rules: ClassVar[Mapping[str, str]] = {}
    """Gender -> CLDR's set of rules."""
    ordinal_rules: ClassVar[Mapping[str, str]] = {}
    """Gender -> CLDR's set of rules."""
    minus: ClassVar[str] = ""
    comma: ClassVar[str] = ""
    point: ClassVar[str] = ""
    to: ClassVar[str] = ""
    """Between the ends of a range."""
    falling: ClassVar[str] = ""
    """Between numbers with a hyphen of which the second is not larger, as in a score."""
    versus: ClassVar[str] = ""
    """Between the numbers of a score or ratio."""
    over: ClassVar[str] = ""
    """For the slash in "10/10"."""
    per: ClassVar[str] = ""
    """For the slash between units."""
    partitive: ClassVar[str] = ""
    """After round millions, before a noun."""
    elided_partitive: ClassVar[str] = ""
    """``partitive`` before a vowel."""
    elides: ClassVar[bool] = False
    """Whether the words of a number can end with an apostrophe before a vowel."""
    half: ClassVar[tuple[str, str]] = ("", "")
    """One half, and after a whole number."""
    quarter: ClassVar[tuple[str, str]] = ("", "")
    """A quarter, quarters."""
    third: ClassVar[tuple[str, str]] = ("", "")
    and_: ClassVar[str] = ""
    cents_joint: ClassVar[str] = ""
    """Between the units of money and the hundredths."""
    by: ClassVar[str] = ""
    """Between the sides of "5 m x 3 m"."""
    times: ClassVar[tuple[str, str]] = ("", "")
    """Once, ``{}`` times."""
    at_sign: ClassVar[str] = ""
    slash: ClassVar[str] = ""
    """In web addresses."""
    powers: ClassVar[tuple[str, str, str]] = ("", "", "")
    """Squared, cubed, and ``{}`` for any other power."""
    signs: ClassVar[Mapping[str, str]] = {}
    """Sign -> word, between or before numbers."""
    symbols: ClassVar[Mapping[str, str]] = {}
    """Sign -> word, anywhere."""
    scales: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Written form of a large number's name -> one, several."""
    currencies: ClassVar[Mapping[str, Currency]] = {}
    units: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Symbol -> phrase for one, for several; before CLDR's."""
    month_abbreviations: ClassVar[Mapping[str, int]] = {}
    """In addition to CLDR's, without dots."""
    abbreviations: ClassVar[Mapping[str, str]] = {}
    """Written form -> words."""
    before_number: ClassVar[Mapping[str, str]] = {}
    """Abbreviations only before a number."""
    before_name: ClassVar[Mapping[str, str]] = {}
    """Abbreviations only before a capital letter."""
    closing: ClassVar[frozenset[str]] = frozenset()
    """Abbreviations that often end a sentence."""
    labels: ClassVar[frozenset[str]] = frozenset()
    """Words before a number that names something: chapter, page; in lower case."""
    rulers: ClassVar[frozenset[str]] = frozenset()
    """Names of kings and popes."""
    queens: ClassVar[frozenset[str]] = frozenset()
    phone_words: ClassVar[frozenset[str]] = frozenset()
    date_words: ClassVar[frozenset[str]] = frozenset()
    """Words after which "24/12" is a date."""
    year_words: ClassVar[frozenset[str]] = frozenset()
    """Words after which four digits are a year."""
    clock_words: ClassVar[frozenset[str]] = frozenset()
    """Words after which "14.30" is a time."""
    date: ClassVar[str] = "{day} {month} {year}"
    ordinal_dot: ClassVar[bool] = False
    """Whether "3." is an ordinal."""

    @classmethod
    def for_code(cls, code: str) -> "Language":
        """Return the table for an espeak-ng code of the language."""
        return cls()

    def own_rules(self) -> "list[Rule[Language]]":
        """Return rules that only this language needs; they come first."""
        return []

    def is_ordinal(self, text: str, start: int, dot: int) -> bool:
        """Tell whether the number from ``start`` to ``dot`` and its dot are an ordinal."""
        return False

    # Numbers

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number in words."""
        if value >= MAX_SPELLED:
            return self.digits(str(value))
        return spell(self.locale, value, self.cardinal_rules.get(gender, "spellout-numbering"))

    def ordinal(self, value: int, gender: str = "m") -> str:
        """Return an ordinal in words."""
        if value >= MAX_SPELLED:
            return self.digits(str(value))
        return spell(self.locale, value, self.ordinal_rules[gender])

    def year(self, value: int) -> str:
        """Return a year in words."""
        return self.cardinal(value)

    def digits(self, text: str) -> str:
        """Return the names of the digits of a text."""
        return " ".join(self.cardinal(int(digit)) for digit in _DIGIT.findall(text))

    def decimals(self, text: str) -> str:
        """Return the words of the digits after a comma."""
        if len(text) > 3 or text.startswith("0"):
            return self.digits(text)
        return self.cardinal(int(text))

    def number(self, written: str, gender: str = "") -> str:
        """Return a written number in words: groups of thousands and a decimal part are allowed."""
        whole, mark, fraction = parse_number(written)
        if not mark:
            if len(whole) > 1 and whole[0] == "0":
                return self.digits(whole)
            return self.cardinal(int(whole), gender)
        name = self.comma if mark == "," else self.point
        return f"{self.cardinal(int(whole))} {name} {self.decimals(fraction)}"

    def value(self, written: str) -> float:
        """Return the value of a written number."""
        whole, _, fraction = parse_number(written)
        return float(f"{whole}.{fraction or 0}")

    def plain_number(self, found: Match, written: str, noun: str) -> str:
        """Return the words of a number without unit, which may be a year or count a noun."""
        if self.is_year(found, written):
            return self.year(int(written))
        labelled = self.is_label(previous_word(found.string, found.start()))
        gender = self.gender_before(noun) if noun and not labelled else ""
        words = self.number(written, gender)
        return self.linked(words, noun) if noun else words

    def is_label(self, word: str) -> bool:
        """Tell whether a number after a word or abbreviation names something: "Art. 1"."""
        if word.lower().rstrip(".") in self.labels:
            return True
        for table in (self.before_number, self.abbreviations, self.symbols):
            spoken = table.get(word) or table.get(word[:1].lower() + word[1:], "")
            if spoken.lower() in self.labels:
                return True
        return False

    def is_year(self, found: Match, written: str) -> bool:
        """Tell whether a number is a year; matters only where years are read differently."""
        return False

    def gender_before(self, noun: str) -> str:
        """Return the gender of a number before a word, empty if it does not count that word."""
        return ""

    def gender(self, noun: str) -> str:
        """Return the gender of a noun."""
        return "m"

    def is_plural(self, value: float) -> bool:
        """Tell whether a noun after a number is in the plural."""
        return value != 1

    def linked(self, words: str, noun: str) -> str:
        """Return the words of a number with "of" if it is a round million before a noun."""
        if not self.partitive or not _ROUND.search(words):
            return words
        if noun.lower() in _NOT_COUNTED or noun.lower().startswith(("d'", "d’")):
            return words
        if self.elided_partitive and noun[:1].lower() in _VOWELS:
            return f"{words} {self.elided_partitive}"
        return f"{words} {self.partitive}"

    # Units and money

    def unit_phrase(self, symbol: str, value: float) -> str:
        """Return the phrase of a unit, with ``{}`` for the number."""
        if symbol in self.units:
            return self.units[symbol][self.is_plural(value)]
        if symbol in cldr.UNITS:
            phrase = cldr.unit_phrase(self.locale, symbol, value)
            return re.sub("[0-9]+", lambda found: self.cardinal(int(found[0])), phrase)
        above, _, below = symbol.partition("/")
        if below in self.currencies or above in self.currencies:
            return f"{{}} {above} {self.per} {below}"
        divisor = self.unit_phrase(below, 1).replace("{}", "").strip()
        return f"{self.unit_phrase(above, value)} {self.per} {divisor}"

    def measure(self, written: str, symbol: str, scale: str | None = None) -> str:
        """Return the words of a number with a unit."""
        value = self.value(written)
        phrase = self.unit_phrase(symbol, value)
        noun = phrase.replace("{}", "").strip()
        if scale:
            words = self.linked(self.scaled(written, scale), noun)
        else:
            gender = self.gender(self._singular(symbol).split(" ")[0])
            words = self.linked(self.number(written, gender), noun)
        return phrase.replace("{} " if words.endswith("'") else "{}", words)

    def _singular(self, symbol: str) -> str:
        return self.unit_phrase(symbol, 1).replace("{}", "").strip()

    def scaled(self, written: str, scale: str) -> str:
        """Return "1,5 million" in words."""
        one, many = self.scales[scale]
        value = self.value(written)
        name = many if self.is_plural(value) else one
        return f"{self.number(written, self.gender(one))} {name}"

    def currency(self, symbol: str, value: float) -> Currency:
        """Return the words of a currency's symbol or ISO code."""
        if symbol in self.currencies:
            return self.currencies[symbol]
        one, many = (cldr.currency_name(self.locale, symbol, count) or symbol for count in (1, 5))
        return Currency(one, many, "", "", self.gender(one.split(" ")[-1]))

    def money(self, written: str, symbol: str, scale: str | None = None) -> str:
        """Return the words of an amount of money."""
        value = self.value(written)
        names = self.currency(symbol, value)
        whole, mark, cents = parse_number(written)
        name = names.many if self.is_plural(value) else names.one
        if scale:
            return _join(self.linked(self.scaled(written, scale), names.many), names.many)
        if len(cents) == 2 and names.minor_one:
            return self._with_cents(int(whole), int(cents), names)
        if mark:
            return f"{self.number(written)} {name}"
        return _join(self.linked(self.number(written, names.gender), name), name)

    def _with_cents(self, whole: int, cents: int, names: Currency) -> str:
        minor = names.minor_many if self.is_plural(cents) else names.minor_one
        if cents and not whole:
            return f"{self.cardinal(cents, names.minor_gender)} {minor}"
        name = names.many if self.is_plural(whole) else names.one
        words = _join(self.linked(self.cardinal(whole, names.gender), name), name)
        if not cents:
            return words
        return f"{words} {self.cents_joint}{self.cardinal(cents)}"

    # Dates, times and fractions

    @cached_property
    def months(self) -> dict[str, int]:
        """Name or abbreviation of a month in lower case -> its number."""
        return {**cldr.months(self.locale), **self.month_abbreviations}

    @cached_property
    def month_names(self) -> dict[int, str]:
        """Number of a month -> its name."""
        names: dict[int, str] = {}
        for name, number in cldr.months(self.locale).items():
            names.setdefault(number, self.month_name(name))
        return names

    def month_name(self, name: str) -> str:
        """Return the name of a month as the language writes it."""
        return name

    def day(self, day: int, found: Match) -> str:
        """Return the day of a date in words."""
        return self.cardinal(day)

    def full_date(self, day: int, month: int, year: int | None, found: Match) -> str:
        """Return a date in words."""
        form = self.date if year is not None else self.date.partition("{month}")[0] + "{month}"
        return form.format(
            day=self.day(day, found),
            month=self.month_names[month],
            year="" if year is None else self.year(year),
        )

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return a time of day in words."""
        raise NotImplementedError

    def fraction(self, above: int, below: int) -> str:
        """Return a fraction in words."""
        if (above, below) == (1, 2):
            return self.half[0]
        if below == 4:
            names = self.quarter
        elif below == 3:
            names = self.third
        else:
            name = self.denominator(below)
            names = (name, self.plural_denominator(name))
        return f"{self.cardinal(above, self.gender(names[0]))} {names[above != 1]}"

    def half_before(self, noun: str) -> str:
        """Return one half before a noun."""
        return self.half[0]

    def fraction_before(self, above: int, below: int, noun: str) -> str:
        """Return a fraction before a noun or a unit."""
        return (
            self.half_before(noun.partition(" ")[0])
            if (above, below) == (1, 2)
            else self.fraction(above, below)
        )

    def denominator(self, value: int) -> str:
        """Return the denominator of a fraction in words."""
        return self.ordinal(value)

    def plural_denominator(self, name: str) -> str:
        """Return the denominator of several."""
        return name

    def mixed(self, whole: int, above: int, below: int) -> str:
        """Return a whole number and a fraction in words."""
        if (above, below) == (1, 2):
            return f"{self.cardinal(whole)} {self.half[1]}"
        return f"{self.cardinal(whole)} {self.and_} {self.fraction(above, below)}"

    def mixed_before(self, whole: int, above: int, below: int, noun: str) -> str:
        """Return a whole number and a fraction before a noun or a unit, which may be empty."""
        return f"{self.mixed(whole, above, below)} {noun}".strip()

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Return the words of the number after a king's name."""
        return self.cardinal(value)

    def telephone(self, written: str) -> str:
        """Return a telephone number in words."""
        groups = re.findall("[0-9]+", written)
        plus = f"{self.signs['+']} " if written.startswith("+") else ""
        return plus + ", ".join(self.digits(group) for group in groups)


def _join(words: str, noun: str) -> str:
    """Put a noun after the words of a number."""
    return f"{words}{noun}" if words.endswith("'") else f"{words} {noun}"
