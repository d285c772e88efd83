"""Numbers with a sign, a range, a unit or a currency: "-5 °C", "3,5–4 kg", "19,99 €", "20 %"."""

import re

from vits.text.languages.cldr import UNITS
from vits.text.languages.context import next_word, previous_word
from vits.text.languages.language import Language
from vits.text.languages.tables import alternatives, word_set
from vits.text.rules import Rule, rule

__all__ = ["NUMBER", "amount_rules"]

_GROUPED = r"[0-9]{1,3}(?:(?:\.[0-9]{3})+|(?: [0-9]{3})+|(?:'[0-9]{3})+)(?![0-9]|\.[0-9])"
NUMBER = (
    rf"(?:{_GROUPED}|[0-9]+)(?:,[0-9]+(?!,?[0-9])|\.(?:[0-9]{{1,2}}|[0-9]{{4,}})(?![0-9.]*[0-9]))?"
)
"""Pattern of a number with a comma, a dot, spaces or apostrophes."""
_ISO_CODES = word_set(
    """
    EUR USD GBP CHF JPY CNY SEK NOK DKK PLN CZK HUF RUB TRY INR AUD CAD NZD BRL MXN ARS CLP COP PEN
    ZAR KRW ILS
    """
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NUMBERS = frozenset({"nummer", "numéro", "número", "numero"})
_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_PARTS = dict(
    zip(
        _VULGAR,
        ((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (2, 5), (3, 5), (4, 5), (1, 6), (5, 6),
         (1, 8), (3, 8), (5, 8), (7, 8)),
        strict=True,
    )
)  # fmt: skip


def amount_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules for fractions, sums of money, measures and plain numbers."""
    money = alternatives([*language.currencies, *_ISO_CODES])
    symbols = [name for name in {*UNITS, *language.units} if name != "A"]
    divisors = alternatives([*(name for name in symbols if name.isalpha() or name[-1] in "²³")])
    units = alternatives(symbols)
    rated = f"(?:{units})/(?:{divisors})|{units}"
    scales = alternatives(language.scales)
    counted = r"(?(whole)(?: (?P<noun>[^\W\d_]{2,}))?)"
    measured = rf"(?: ?(?P<unit>{units})(?![\w'/²³]))?"
    # A sum can begin with a sign or an ISO code, but not with a word ("Euro").
    leading = [name for name in [*language.currencies, *_ISO_CODES] if not name[-1].islower()]
    initials = re.escape("".join({name[0] for name in leading}))
    amount = (
        rf"(?=[-0-9±+−{initials}])(?<![^\W\d_](?=[^\W\d_]))"
        r"(?P<sign>(?<![\w)\]%€.,/])(?:[-±+](?=[0-9€$£¥])|− ?))?"
        rf"(?:(?P<before>{alternatives(leading)}) ?(?P<inner>[-−])?)?"
        rf"(?<![0-9])(?<![0-9][.,])(?P<first>{NUMBER})"
        rf"(?:(?:[-—]| [-—] (?![0-9.,]+ ?=))(?P<second>{NUMBER})(?![0-9]*-[0-9]))?"
        r"(?:,(?:-{1,2}|—)(?!\w))?"
        rf"(?: ?(?P<scale>{scales})(?!\w))?(?:/(?P<rate>{divisors})(?![\w'/²³]))?"
        rf"(?: ?(?!t/m\b)(?:(?P<money>{money})(?:/(?P<each>{divisors}))?|(?P<unit>{rated}))"
        r"(?![\w'/²³])(?:(?<=[a-z])\.(?= [a-zß-ÿ(]|,))?)?"
    )
    if language.elides:
        amount += r"(?P<space> (?=[aeiouhâàéèêëîïôû]))?"
    return [
        rule(
            rf"(?<![0-9/.,])(?:(?P<whole>[0-9]+) ?)?([{_VULGAR}]){measured}{counted}",
            lambda found, style: _fraction(found, *_PARTS[found[2]], style),
            chars=_VULGAR,
        ),
        rule(
            rf"(?<![\w/.,])(?:(?P<whole>[0-9]{{1,3}}) )?([0-9]{{1,3}})/([0-9]{{1,3}})"
            rf"(?![\w/]|[.,][0-9]){measured}{counted}",
            _slash,
            chars="/",
        ),
        rule(r"(?<![\w/.,])([0-9]{4})/([0-9]{2}|[0-9]{4})(?![\w/]|[.,][0-9])", _years, chars="/"),
        rule(r"(?<![\w:.,])([0-9]+):([0-9]+)(?![\w:]|[.,][0-9])", _score, chars=":"),
        rule(r"(?<![0-9.,])[0-9]+(?:\.[0-9]+){2,}(?![0-9])", _dotted, chars="."),
        rule(
            r"(?:(?<=[0-9)])|(?<=\b[a-z]))(?:\^([0-9]{1,3})|([⁰¹²³⁴⁵⁶⁷⁸⁹]+))(?![0-9])",
            _power,
            chars="^⁰¹²³⁴⁵⁶⁷⁸⁹",
        ),
        rule(amount, _amount),
        *_signs(language),
    ]


def _signs(language: Language) -> list[Rule[Language]]:
    """Return the rules for signs of arithmetic and for signs with a name."""
    rules: list[Rule[Language]] = []
    if language.signs:
        signs = alternatives(language.signs)
        rules.append(
            rule(
                rf"(?<=[0-9a-z²³)]) ?({signs}) ?(?=[-−(]?(?:[0-9]|[xyz](?!\w)))|({signs})(?=[0-9])",
                lambda found, style: (
                    f" {style.signs[found[1]]} " if found[1] else style.signs[found[2]]
                ),
                chars="".join(language.signs),
            )
        )
        rules.append(
            rule(
                r"(?<=[0-9a-z²³)]) ?([+=×÷<>≤≥≈≠−]) ?(?=[a-zA-Z](?![^\W²³]))",
                lambda found, style: f" {style.signs[found[1]]} ",
                chars="+=×÷<>≤≥≈≠−",
            )
        )
        rules.append(
            rule(
                r"(?<=[0-9]) : (?=[0-9]+ ?=)",
                lambda found, style: f" {style.signs['÷']} ",
                chars="=",
            )
        )
        rules.append(
            rule(
                r"(?<=[0-9]) - (?=[0-9]+[^=\n]{0,20}=)",
                lambda found, style: f" {style.minus} ",
                chars="=",
            )
        )
    if language.symbols:
        rules.append(
            rule(
                f"[{re.escape(''.join(language.symbols))}]",
                lambda found, style: style.symbols[found[0]],
                chars="".join(language.symbols),
            )
        )
    return rules


def _fraction(found: re.Match[str], above: int, below: int, style: Language) -> str:
    """Read a fraction, with a whole number before it or a unit after it."""
    unit = found["unit"]
    if found["whole"] is None:
        noun = next_word(found.string, found.end())
        if unit:
            noun = style.unit_phrase(unit, 1).replace("{}", "").strip()
        words = style.fraction_before(above, below, noun) if noun else style.fraction(above, below)
        return f"{words} {noun}" if unit else words
    noun = found["noun"] or ""
    if unit:
        phrase = style.unit_phrase(unit, int(found["whole"]) + above / below)
        noun = f"{phrase.replace('{}', '').strip()} {noun}".strip()
    return style.mixed_before(int(found["whole"]), above, below, noun)


def _slash(found: re.Match[str], style: Language) -> str | None:
    above, below = int(found[2]), int(found[3])
    common = below in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 100, 1000)
    if 0 < above < below and common and found[2][0] != "0":
        return _fraction(found, above, below, style)
    words = f"{style.number(found[2])} {style.over} {style.number(found[3])}"
    if found["unit"]:
        words += f" {style.unit_phrase(found['unit'], below).replace('{}', '').strip()}"
    if found["noun"]:
        words += f" {found['noun']}"
    return f"{style.number(found['whole'])} {words}" if found["whole"] else words


def _power(found: re.Match[str], style: Language) -> str:
    power = int(found[1] or found[2].translate(_SUPERSCRIPTS))
    if power in (2, 3):
        return style.powers[power - 2]
    return style.powers[2].format(style.cardinal(power))


def _years(found: re.Match[str], style: Language) -> str:
    """Read "2023/24"."""
    second = int(found[2])
    return f"{style.year(int(found[1]))} {style.year(second)}"


def _score(found: re.Match[str], style: Language) -> str:
    return f"{style.number(found[1])} {style.versus} {style.number(found[2])}".replace("  ", " ")


def _dotted(found: re.Match[str], style: Language) -> str | None:
    if re.fullmatch(_GROUPED, found[0]):
        return None
    parts = found[0].split(".")
    return f" {style.point} ".join(style.number(part) for part in parts)


def _amount(found: re.Match[str], style: Language) -> str | None:
    symbol = found["before"] or found["money"]
    first, second = found["first"], found["second"]
    if found["before"] and found["before"].isalpha() and found["first"] is None:
        return None
    sign = (found["sign"] or "").strip() or found["inner"] or ""
    scale = found["scale"]
    if scale is not None and not re.search(
        r"[0-9,-]\s?$", found.string[: found.start("scale")][-2:]
    ):
        scale = None
    words = _core(found, style, second or first, symbol, scale)
    if second:
        before = previous_word(found.string, found.start())
        numbered = style.before_number.get(before, "").lower() in _NUMBERS
        joint = "" if numbered and second != first else style.to
        if not numbered and style.value(second) <= style.value(first):
            if not (symbol or found["unit"] or scale):  # a score counts nothing
                words = style.number(second)
            joint = style.minus if " - " in found[0] else style.falling
        head = style.year(int(first)) if style.is_year(found, first) else style.number(first)
        words = " ".join(filter(None, (head, joint, words)))
    if (found["before"] and found["money"]) or (found["before"] and found["unit"]):
        rest = found["money"] or found["unit"]
        words = f"{words} {rest}"
    if style.elides and found["space"] and not words.endswith("'"):
        words += " "
    if not sign:
        return words
    name = {"-": style.minus, "−": style.minus}.get(sign) or style.signs.get(sign, "")
    return f"{name} {words}"


def _core(
    found: re.Match[str], style: Language, written: str, symbol: str | None, scale: str | None
) -> str:
    """Return the words of a number with its unit or currency."""
    if symbol:
        words = style.money(written, symbol, scale)
        each = found["each"] or found["rate"]
        if each:
            words += f" {style.per} {style.unit_phrase(each, 1).replace('{}', '').strip()}"
        return words
    if found["unit"]:
        return style.measure(written, found["unit"], scale)
    if found["rate"]:
        rate = style.unit_phrase(found["rate"], 1).replace("{}", "").strip()
        return f"{style.number(written)} {style.per} {rate}"
    end = found.start("space") if style.elides and found["space"] else found.end()
    noun = next_word(found.string, end)
    if scale:
        words = style.scaled(written, scale)
        return style.linked(words, noun) if noun else words
    return style.plain_number(found, written, noun)
