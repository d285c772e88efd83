"""Languages without a module of their own: espeak-ng reads their numbers, we what it drops.

A minus before a number becomes a word, since espeak-ng drops it in many languages; units and
currencies whose symbols espeak-ng spells or drops get their names from CLDR; ordinals with a dot
become words where espeak-ng does not know them; the commonest abbreviations of some languages are
expanded. Everything else stays as it is.
"""

import re
from functools import cache

from vits.text.aligned import AlignedText
from vits.text.languages.amounts import NUMBER
from vits.text.languages.cldr import UNITS, currency_name, is_locale, unit_phrase
from vits.text.languages.names import expansions
from vits.text.languages.spelling import has_ruleset, minus_word, spell
from vits.text.languages.tables import alternatives, pairs, word_set
from vits.text.rules import Rule, RuleSet, rule

__all__ = ["expand_other", "minus"]

# espeak-ng's codes that differ from CLDR's.
_LOCALES = {"cmn": "zh", "hyw": "hy", "pt-br": "pt", "pt": "pt_PT", "zh-yue": "yue"}
# Words for a minus in languages that CLDR's rules for numbers lack.
_MINUS = pairs(
    """
    chr: minus; an: menos; as: মাইনাচ; ba: минус; bn: মাইনাস; bpy: মাইনাস; cv: минус; eu:
    minus; gd: minus; gl: menos; grc: μεῖον; gu: ઓછા; ht: mwens; kn: ಮೈನಸ್; kok: उणे; ku:
    kêm; ml: മൈനസ്; mr: उणे; ne: ऋण; nog: минус; or: ମାଇନସ୍; pa: ਮਨਫ਼ੀ; pap: menos; sd:
    منفي; si: ඍණ; te: మైనస్; tt: минус; ug: مىنۇس; ur: منفی; ko: 마이너스; ja: マイナス; th: ลบ; vi:
    âm; am: ነጋቲቭ
    """
)
# Ordinals with a dot; espeak-ng reads those of most other languages.
_ORDINALS = {
    "da": "spellout-ordinal-common",
    "fi": "spellout-ordinal",
    "hr": "spellout-ordinal-masculine",
    "lb": "spellout-ordinal-masculine",
    "tr": "spellout-ordinal",
}
# Symbols that are no words in any language.
_SYMBOLS = [
    "° C",
    "° F",
    *word_set(
        """
        °C °F km cm mm km² m² cm² km³ m³ cm³ kg mg ml mL km/h m/s kWh kW MW GHz MHz kHz Hz GB MB TB
        hPa kcal kJ
        """
    ),
]
# Symbols of units in other alphabets and languages -> CLDR's.
_UNITS = pairs(
    """
    км/ч: km/h; км/год: km/h; км/г: km/h; км: km; см: cm; мм: mm; кг: kg; мг: mg; мл: ml; км²: km²;
    м²: m²; м³: m³; м/с: m/s; кВт: kW; км/ч.: km/h; km/t: km/h; km/t.: km/h; km/val: km/h
    """
)
_CURRENCIES = pairs(
    """
    €: EUR; $: USD; £: GBP; ¥: JPY; ₽: RUB; руб.: RUB; руб: RUB; ₴: UAH; грн.: UAH; грн: UAH; zł:
    PLN;
    Kč: CZK; Ft: HUF; ₺: TRY; TL: TRY; R$: BRL; лв.: BGN; ₪: ILS; ₹: INR; ₩: KRW
    """
)
_KRONOR = pairs("sv: SEK; da: DKK; nb: NOK; no: NOK; nn: NOK; is: ISK; fo: DKK")
# At home a currency is named without its country; where the country stands in CLDR's name.
_AT_HOME = pairs("PLN: pl; CZK: cs; HUF: hu; RUB: ru; UAH: uk; SEK: sv; DKK: da; NOK: nb; BRL: pt")
_COUNTRY_LAST = frozenset({"pl", "pt"})
_ABBREVIATIONS = {
    "cs": "např.: například; atd.: a tak dále; apod.: a podobně; tj.: to jest; tzv.: takzvaný; č.: "
    "číslo; ul.: ulice; str.: strana; tel.: telefon; cca: přibližně; tzn.: to znamená",
    "da": "f.eks.: for eksempel; bl.a.: blandt andet; dvs.: det vil sige; osv.: og så videre; ca.: "
    "cirka; nr.: nummer; kl.: klokken; hr.: herr; tlf.: telefon; m.m.: med mere; mio.: millioner",
    "fi": "esim.: esimerkiksi; jne.: ja niin edelleen; mm.: muun muassa; klo: kello; ks.: katso; "
    "puh.: puhelin; ym.: ynnä muuta; ns.: niin sanottu",
    "hu": "pl.: például; stb.: s a többi; kb.: körülbelül; ún.: úgynevezett; ill.: illetve; dr.: "
    "doktor; tel.: telefon",
    "nb": "f.eks.: for eksempel; bl.a.: blant annet; dvs.: det vil si; osv.: og så videre; ca.: "
    "cirka; nr.: nummer; kl.: klokken; tlf.: telefon; m.m.: med mer; mill.: millioner",
    "pl": "np.: na przykład; tzn.: to znaczy; tj.: to jest; itd.: i tak dalej; itp.: i tym "
    "podobne; "
    "m.in.: między innymi; ok.: około; ul.: ulica; al.: aleja; nr: numer; godz.: godzina; prof.: "
    "profesor; dr: doktor; tel.: telefon; tys.: tysięcy; mln: milionów; tzw.: tak zwany",
    "pt": "Sr.: senhor; Sra.: senhora; Srs.: senhores; Dr.: doutor; Dra.: doutora; etc.: et "
    "cetera; "
    "p. ex.: por exemplo; n.º: número; Av.: avenida; pág.: página; tel.: telefone; aprox.: "
    "aproximadamente; Prof.: professor; Profa.: professora",
    "ro": "de ex.: de exemplu; nr.: numărul; dl.: domnul; dna.: doamna; str.: strada; tel.: "
    "telefon",
    "ru": "т. е.: то есть; и т. д.: и так далее; и т. п.: и тому подобное; и др.: и другие; ул.: "
    "улица; им.: имени; см.: смотри; тел.: телефон; тыс.: тысяч; млн: миллионов; напр.: например",
    "sv": "t.ex.: till exempel; bl.a.: bland annat; dvs.: det vill säga; d.v.s.: det vill säga; "
    "osv.: "
    "och så vidare; m.m.: med mera; ca: cirka; nr: nummer; kl.: klockan; s.k.: så kallad; tel.: "
    "telefon; fr.o.m.: från och med; t.o.m.: till och med; mkr: miljoner kronor",
    "tr": "örn.: örneğin; vb.: ve benzeri; vs.: vesaire; Dr.: doktor; Prof.: profesör; Sn.: sayın; "
    "tel.: telefon",
    "uk": "т. д.: так далі; т. п.: тому подібне; вул.: вулиця; ім.: імені; тел.: телефон; млн: "
    "мільйонів; тис.: тисяч; див.: дивись",
}


def expand_other(text: AlignedText, language: str) -> AlignedText:
    """Return cleaned text in which espeak-ng reads numbers, their signs and their units.

    Args:
        text: one line of text with its characters cleaned.
        language: an espeak-ng code.
    """
    return _rules(language.lower()).apply(text, language.lower())


def minus(language: str) -> str:
    """Return the word for the sign of a negative number."""
    family = language.partition("-")[0]
    return _MINUS.get(family) or minus_word(_locale(language)) or "minus"


def _locale(language: str) -> str:
    family = language.partition("-")[0]
    return _LOCALES.get(language) or _LOCALES.get(family, family)


@cache
def _rules(language: str) -> RuleSet[str]:
    rules: list[Rule[str]] = []
    family = language.partition("-")[0]
    if family in _ABBREVIATIONS:
        rules.append(expansions(pairs(_ABBREVIATIONS[family])))
    if is_locale(_locale(language)):
        symbols = alternatives([*_SYMBOLS, *_UNITS])
        rules.append(
            rule(
                rf"(?P<minus>(?<![\w)\]%]){_MINUS_SIGN})?(?<![0-9.,])({NUMBER}) ?"
                rf"({symbols})(?![\w/²³'])",
                _measure,
                rf"[0-9] ?(?:{symbols})",
            )
        )
        marks = alternatives([*_CURRENCIES, *(("kr", "kr.") if family in _KRONOR else ())])
        rules.append(
            rule(
                rf"(?P<minus>(?<![\w)\]%]){_MINUS_SIGN})?(?:(?<![\w.,])"
                rf"(?P<first>[€$£¥₽₴₺₪₹₩]|R\$) ?(?P<a>{NUMBER})"
                rf"|(?<![\w.,])(?P<b>{NUMBER}) ?(?P<last>{marks})(?!\w))",
                _money,
                rf"[0-9] ?(?:{marks})|[€$£¥₽₴₺₪₹₩]",
                chars="0123456789",
            )
        )
    if family in _ORDINALS and has_ruleset(family, _ORDINALS[family]):
        rules.append(
            rule(
                r"(?<![\w.,:/-])([0-9]{1,3})\.(?= [^\W\d_A-ZÀ-ÖØ-Þ])",
                lambda found, style: spell(family, int(found[1]), _ORDINALS[family]),
                r"[0-9]\. ",
            )
        )
    if family == "hu":  # a year before a month is no ordinal
        year = r"(?<![\w.,:/-])([0-9]{4})\.(?= [^\W\d_])"
        rules.append(rule(year, lambda found, style: found[1], r"[0-9]\. "))
    rules.append(
        rule(
            rf"(?<![\w)\]%]){_MINUS_SIGN}(?=[0-9])",
            lambda found, style: f"{minus(style)} ",
            chars="-−",
        )
    )
    return RuleSet(rules)


_MINUS_SIGN = "(?:-|− ?)"


def _value(written: str) -> float:
    """Return a number with a decimal comma; dots, spaces and apostrophes group its digits."""
    return float(re.sub("[ .']", "", written).replace(",", "."))


def _measure(found: re.Match[str], style: str) -> str | None:
    written, symbol = found[2], found[3]
    value = _value(written)
    symbol = _UNITS.get(symbol, symbol)
    phrase = unit_phrase(_locale(style), symbol, value)
    if phrase.replace("{}", "").strip() == symbol or "{}" not in phrase or symbol not in UNITS:
        return None
    sign = f"{minus(style)} " if found["minus"] else ""
    return sign + phrase.replace("{}", written)


def _money(found: re.Match[str], style: str) -> str | None:
    """Read "3,50 €": espeak-ng reads the number, and drops the sign in many languages."""
    written, mark = found["a"] or found["b"], found["first"] or found["last"]
    family = style.partition("-")[0]
    code = _CURRENCIES.get(mark) or _KRONOR[family]
    value = _value(written)
    name = currency_name(_locale(style), code, value)
    if name is None or name == code:
        return None
    if _AT_HOME.get(code) == family or mark.startswith("kr"):
        name = name.split(" ")[0 if family in _COUNTRY_LAST else -1]
    sign = f"{minus(style)} " if found["minus"] else ""
    dot = "." if mark.endswith(".") and not found.string[found.end() :].strip() else ""
    return f"{sign}{written} {name}{dot}"
