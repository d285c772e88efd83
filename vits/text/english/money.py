"""Sums of money: "$3.50", "£2m", "100 €", "US$5", "20 USD", "$87/bbl", "$1.2T"."""

import re

from vits.text.english.amounts import read_range
from vits.text.english.context import has_article
from vits.text.english.numbers import NUMBER, cardinal, number
from vits.text.english.units import PER
from vits.text.languages.tables import alternatives, first_words
from vits.text.rules import Rule, rule

__all__ = ["MONEY_RULES"]

# Sign or ISO 4217 code -> unit and subunit, each in singular and plural.
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₺": ("lira", "lira", "kurus", "kurus"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₫": ("dong", "dong", "hao", "hao"),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "₱": ("peso", "pesos", "centavo", "centavos"),
    "₿": ("bitcoin", "bitcoins", "satoshi", "satoshis"),
    "฿": ("baht", "baht", "satang", "satang"),
}
_CODES = {
    "USD": ("U S dollar", "U S dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "NZD": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "EUR": _CURRENCIES["€"],
    "GBP": ("British pound", "British pounds", "penny", "pence"),
    "JPY": ("Japanese yen", "Japanese yen", "sen", "sen"),
    "CNY": ("Chinese yuan", "Chinese yuan", "fen", "fen"),
    "RMB": ("renminbi", "renminbi", "fen", "fen"),
    "INR": ("Indian rupee", "Indian rupees", "paisa", "paise"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "SEK": ("Swedish krona", "Swedish kronor", "ore", "ore"),
    "NOK": ("Norwegian krone", "Norwegian kroner", "ore", "ore"),
    "DKK": ("Danish krone", "Danish kroner", "ore", "ore"),
    "PLN": ("Polish zloty", "Polish zlotys", "grosz", "groszy"),
    "CZK": ("Czech koruna", "Czech korunas", "haler", "halers"),
    "RUB": ("Russian ruble", "Russian rubles", "kopeck", "kopecks"),
    "TRY": ("Turkish lira", "Turkish lira", "kurus", "kurus"),
    "BRL": ("Brazilian real", "Brazilian reals", "centavo", "centavos"),
    "MXN": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
    "ZAR": ("South African rand", "South African rand", "cent", "cents"),
    "KRW": ("South Korean won", "South Korean won", "jeon", "jeon"),
    "Rs": ("rupee", "rupees", "paisa", "paise"),
    "Rs.": ("rupee", "rupees", "paisa", "paise"),
    "BTC": ("bitcoin", "bitcoins", "satoshi", "satoshis"),
}
_COUNTRIES = {
    "US": "U S",
    "U.S.": "U S",
    "A": "Australian",
    "AU": "Australian",
    "C": "Canadian",
    "CA": "Canadian",
    "Can": "Canadian",
    "NZ": "New Zealand",
    "HK": "Hong Kong",
    "S": "Singapore",
    "NT": "New Taiwan",
    "R": "Brazilian",
}
_MAGNITUDES = {
    **dict.fromkeys(("k", "K", "thousand"), "thousand"),
    **dict.fromkeys(("m", "M", "mn", "mm", "MM", "mil", "mio", "million"), "million"),
    **dict.fromkeys(("b", "B", "bn", "Bn", "BN", "billion"), "billion"),
    **dict.fromkeys(("t", "T", "tn", "trn", "trillion"), "trillion"),
    **{"hundred": "hundred", "crore": "crore", "lakh": "lakh"},
}
_MAGNITUDE = rf"(?:[ -]?({alternatives(_MAGNITUDES)})(?!\w))?"
_SIGN = f"[{''.join(_CURRENCIES)}]"
_VALUE = rf"(?:{NUMBER}|\.[0-9]+)(?:,[0-9]{{1,2}}(?![0-9,]))?"
_RATE = rf"(?:/({alternatives(PER)})(?!\w))?"
_BEFORE = (
    rf"(?<![\w.])(?P<sign>(?:~|(?<![\w.)])[-−+] ?)?)"
    rf"(?P<country>(?:{alternatives(_COUNTRIES)}))?(?P<mark>{_SIGN}) ?(?P<minus>-?)"
    rf"(?P<amount>{_VALUE})(?P<plus>\+?){_MAGNITUDE}"
    rf"(?: ?(?:-|(?<! )—|to) ?(?P=mark)? ?(?P<upper>{_VALUE}){_MAGNITUDE})?{_RATE}"
)
_ISO = alternatives(code for code in _CODES if code.isupper())
_AFTER = (
    rf"(?<![\w.,$])(?P<sign>(?:~|(?<![\w.)])[-−+])?)(?P<amount>{_VALUE})(?P<plus>\+?){_MAGNITUDE} ?"
    rf"(?:(?P<mark>{_SIGN})(?! ?[0-9])|(?P<code>{_ISO})(?!\w)){_RATE}"
)
_CODE_BEFORE = rf"(?<!\w)(?P<code>{alternatives(_CODES)}) ?(?P<amount>{_VALUE}){_MAGNITUDE}{_RATE}"
_SIGNS = {"-": "minus ", "−": "minus ", "+": "plus ", "~": "about "}

Names = tuple[str, str, str, str]


def _sum(
    names: Names, amount: str, magnitude: str | None, british: bool, *, adjective: bool = False
) -> str:
    """Return one sum in words."""
    one, many, small_one, small_many = names
    if re.fullmatch(r"[0-9]+,[0-9]{1,2}", amount):  # a decimal comma
        amount = amount.replace(",", ".")
    if magnitude:
        return f"{number(amount, british)} {_MAGNITUDES[magnitude]} {one if adjective else many}"
    whole, point, part = amount.partition(".")
    whole = whole or "0"
    singular = adjective or whole == "1"
    if point and (len(part) not in (1, 2) or one == "bitcoin"):
        return f"{number(amount, british)} {many}"
    notes = f"{number(whole, british)} {one if singular else many}"
    cents = int(part.ljust(2, "0")) if point else 0
    if not cents:
        return notes
    coins = f"{cardinal(cents)} {small_one if cents == 1 or adjective else small_many}"
    return coins if not whole.strip("0,") else f"{notes} and {coins}"


def _read(found: re.Match[str], names: Names, british: bool) -> str:
    groups = found.groupdict()
    # The magnitudes and the rate are the groups without a name.
    unnamed = [
        value
        for index, value in enumerate(found.groups(), start=1)
        if index not in found.re.groupindex.values()
    ]
    sign = _SIGNS.get((groups.get("sign") or "").strip(), "")
    sign = sign or ("minus " if groups.get("minus") else "")
    adjective = has_article(found.string, found.start(), found.end())
    amount, upper = found["amount"], groups.get("upper")
    plus = " plus" if groups.get("plus") else ""
    if upper:
        magnitude, upper_magnitude, per = unnamed
        words = _range(names, (amount, magnitude), (upper, upper_magnitude), british, adjective)
    else:
        magnitude, per = unnamed[0], unnamed[-1]
        words = _sum(names, amount, magnitude, british, adjective=adjective)
    if per:
        words += " each" if PER[per] == "each" else f" per {PER[per]}"
    return sign + words + plus


def _range(
    names: Names,
    lower: tuple[str, str | None],
    upper: tuple[str, str | None],
    british: bool,
    adjective: bool,
) -> str:
    whole = not any("." in value for value, _ in (lower, upper))
    if lower[1] is None and (whole or upper[1]):
        words = read_range(lower[0], british)
    elif lower[1] and upper[1]:
        words = f"{number(lower[0], british)} {_MAGNITUDES[lower[1]]}"
        words = number(lower[0], british) if lower[1] == upper[1] else words
    else:
        words = _sum(names, *lower, british)
    return f"{words} to {_sum(names, *upper, british, adjective=adjective)}"


def _before(found: re.Match[str], british: bool) -> str:
    names = _CURRENCIES[found["mark"]]
    if found["country"]:
        country = _COUNTRIES[found["country"]]
        names = (
            _CODES["BRL"]
            if found["country"] == "R"
            else (f"{country} {names[0]}", f"{country} {names[1]}", *names[2:])
        )
    return _read(found, names, british)


def _after(found: re.Match[str], british: bool) -> str:
    names = _CURRENCIES[found["mark"]] if found["mark"] else _CODES[found["code"]]
    return _read(found, names, british)


def _code(found: re.Match[str], british: bool) -> str:
    return _read(found, _CODES[found["code"]], british)


def _coins(found: re.Match[str], british: bool) -> str:
    names = ("cent", "cents") if found[2] != "p" else ("penny", "pence")
    return f"{number(found[1], british)} {names[found[1] != '1']}"


MONEY_RULES: tuple[Rule[bool], ...] = (
    rule(_BEFORE, _before, _SIGN),
    rule(_AFTER, _after, rf"[0-9]\+?{_MAGNITUDE} ?(?:{_SIGN}|{_ISO})", numeric=True),
    rule(_CODE_BEFORE, _code, words=first_words(_CODES)),
    rule(rf"(?<![\w.,])({NUMBER}) ?(¢)(?!\w)", _coins, "¢", numeric=True),
    rule(rf"(?<!\w)¢ ?({NUMBER})()(?!\w)", _coins, chars="¢"),
    rule(r"(?<![\w.,/$£€])([0-9]{1,2})(p)(?![\w/]|\.[0-9])", _coins, after="p"),
)
"""Rules for sums of money, in order."""
