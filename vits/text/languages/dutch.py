"""Dutch written forms."""

import re
from typing import ClassVar

from vits.text.languages.language import Currency, Language, Match
from vits.text.languages.names import roman_value
from vits.text.languages.spelling import spell
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule, rule

__all__ = ["Dutch"]


_NEUTER = word_set("uur jaar pond dozijn procent brood boek glas miljoen miljard")


class Dutch(Language):
    """Words and rules of Dutch."""

    locale = "nl"
    ordinal_rules: ClassVar = {"m": "spellout-ordinal"}
    minus, comma, point, to, versus = "min", "komma", "punt", "tot", "tegen"
    over, per, and_ = "op", "per", "en"
    half = ("een half", "en een half")
    quarter = ("kwart", "kwart")
    third = ("derde", "derde")
    by, at_sign, slash = "bij", "apenstaartje", "slash"
    times = ("één keer", "{} keer")
    powers = ("kwadraat", "tot de derde", "tot de macht {}")
    signs = pairs(
        """
        +: plus; ±: plusminus; =: is; ×: maal; *: maal; ÷: gedeeld door; <: kleiner dan; >: groter
        dan; ≤: kleiner dan of gelijk aan; ≥: groter dan of gelijk aan; ≈: ongeveer; ≠: is niet
        gelijk aan; −: min; ~: ongeveer
        """
    )
    symbols = pairs(
        """
        &: en; €: euro; %: procent; §: paragraaf
        """
    )
    scales: ClassVar = {
        "miljoen": ("miljoen", "miljoen"),
        "mln": ("miljoen", "miljoen"),
        "mln.": ("miljoen", "miljoen"),
        "miljard": ("miljard", "miljard"),
        "mld": ("miljard", "miljard"),
        "mld.": ("miljard", "miljard"),
        "biljoen": ("biljoen", "biljoen"),
        "duizend": ("duizend", "duizend"),
    }
    currencies: ClassVar = {
        "€": Currency("euro", "euro", "cent", "cent"),
        "EUR": Currency("euro", "euro", "cent", "cent"),
        "$": Currency("dollar", "dollar", "cent", "cent"),
        "USD": Currency("dollar", "dollar", "cent", "cent"),
        "£": Currency("pond", "pond", "penny", "pence"),
        "¥": Currency("yen", "yen", "", ""),
        "CHF": Currency("Zwitserse frank", "Zwitserse frank", "centime", "centimes"),
        "euro": Currency("euro", "euro", "cent", "cent"),
        "dollar": Currency("dollar", "dollar", "cent", "cent"),
    }
    units: ClassVar = {
        "km/u": ("{} kilometer per uur", "{} kilometer per uur"),
        "°": ("{} graad", "{} graden"),
        "t": ("{} ton", "{} ton"),
        "J": ("{} joule", "{} joule"),
        "kJ": ("{} kilojoule", "{} kilojoule"),
        "el": ("{} eetlepel", "{} eetlepels"),
        "tl": ("{} theelepel", "{} theelepels"),
        "pers.": ("{} persoon", "{} personen"),
        "u": ("{} uur", "{} uur"),
        "sec.": ("{} seconde", "{} seconden"),
        "sec": ("{} seconde", "{} seconden"),
        "min.": ("{} minuut", "{} minuten"),
        "dB": ("{} decibel", "{} decibel"),
        "mAh": ("{} milliampère-uur", "{} milliampère-uur"),
        "MWh": ("{} megawattuur", "{} megawattuur"),
        "Mbit/s": ("{} megabit per seconde", "{} megabit per seconde"),
        "kcal": ("{} kilocalorie", "{} kilocalorieën"),
        "pk": ("{} pk", "{} pk"),
    }
    month_abbreviations: ClassVar = {"sept": 9, "febr": 2}
    abbreviations = pairs(
        """
        bijv.: bijvoorbeeld; bv.: bijvoorbeeld; b.v.: bijvoorbeeld; d.w.z.: dat wil zeggen; dhr.: de
        heer; mevr.: mevrouw; mw.: mevrouw; dr.: doctor; drs.: doctorandus; ir.: ingenieur; ing.:
        ingenieur; mr.: meester; prof.: professor; enz.: enzovoort; enzv.: enzovoorts; etc.: et
        cetera; o.a.: onder andere; m.a.w.: met andere woorden; t.o.v.: ten opzichte van; i.p.v.: in
        plaats van; t/m: tot en met; blz.: bladzijde; tel.: telefoon; ca.: circa; jl.: jongstleden;
        a.u.b.: alstublieft; s.v.p.: alstublieft; v.Chr.: voor Christus; n.Chr.: na Christus; v.
        Chr.: voor Christus; n. Chr.: na Christus; incl.: inclusief; excl.: exclusief; evt.:
        eventueel; resp.: respectievelijk; afb.: afbeelding; hfst.: hoofdstuk; vgl.: vergelijk; jr.:
        junior; sr.: senior; a.s.: aanstaande; z.o.z.: zie ommezijde; e.d.: en dergelijke; e.a.: en
        anderen; i.v.m.: in verband met; m.b.t.: met betrekking tot; n.a.v.: naar aanleiding van;
        t.a.v.: ten aanzien van; m.i.v.: met ingang van; d.m.v.: door middel van; o.l.v.: onder
        leiding van; m.b.v.: met behulp van; i.h.b.: in het bijzonder; o.i.d.: of iets dergelijks;
        e.v.: en volgende; m.n.: met name; z.s.m.: zo spoedig mogelijk; t.b.v.: ten behoeve van;
        t.g.v.: ten gevolge van; v.h.: voorheen; m.u.v.: met uitzondering van; n.v.t.: niet van
        toepassing; p.p.: per persoon; p.j.: per jaar; i.e.: dat wil zeggen; bl.: bladzijde; zgn.:
        zogenaamde; zg.: zogenaamde; mln.: miljoen; mld.: miljard; ong.: ongeveer; i.o.: in
        opdracht; inw.: inwoners; mnd.: maand; vs.: versus
        """
    )
    before_number = pairs(
        """
        ma.: maandag; di.: dinsdag; wo.: woensdag; do.: donderdag; vr.: vrijdag; za.: zaterdag; zo.:
        zondag; max.: maximaal; min.: minimaal; gem.: gemiddeld; nr.: nummer; nrs.: nummers; no.:
        nummer; p.: pagina; pp.: pagina's; art.: artikel; fig.: figuur; vol.: volume; tab.: tabel;
        par.: paragraaf; bijl.: bijlage; dl.: deel
        """
    )
    before_name = pairs(
        """
        St.: Sint; Mej.: mejuffrouw; fam.: familie; Fam.: familie
        """
    )
    closing = word_set("enz. etc. e.d. e.a. a.u.b. s.v.p. v.chr. n.chr. o.i.d. e.v. jl. a.s.")
    labels = word_set(
        """
        hoofdstuk pagina bladzijde nummer deel artikel paragraaf kamer zaal spoor perron lijn bus
        huis plaats rij les boek fase type versie tabel figuur titel klas groep niveau wereldoorlog
        """
    )
    rulers = word_set(
        """
        Willem Lodewijk Karel Frederik Hendrik Otto George Eduard Johannes Paulus Pius Benedictus
        Frans Jozef Leopold Maximiliaan Filips Philips Napoleon Nicolaas Alexander Peter Gustaaf
        Christiaan Leo Innocentius Gregorius Clemens Richard Jacobus Koenraad Rudolf Ferdinand
        Albert Ramses Urbanus Sixtus Julius Franciscus August Boudewijn Jan Charles Felipe
        """
    )
    queens = word_set(
        """
        Elizabeth Elisabeth Catharina Margaretha Maria Cleopatra Isabella Anna Margrethe
        """
    )
    phone_words = word_set("tel telefoon telefoonnummer mobiel fax bel")
    date_words = word_set(
        """
        op van tot vanaf sinds de maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
        """
    )
    clock_words = word_set("om vanaf tot rond tegen sinds voor na")
    date = "{day} {month} {year}"

    def own_rules(self) -> list[Rule[Language]]:
        """Return the rules for ordinals and hours."""
        return [
            rule(r"(?<![\w.,/:-])([0-9]+|(?!Le)[IVXL]+)(?:ste|de|e|ᵉ)(?!\w)", _ordinal, chars="eᵉ"),
            rule(
                r"(?<![\w.,/:-])([0-9]{1,2})(?:-|—| ?tot ?)([0-9]{1,2}) (?=uur\b)",
                lambda found, style: (
                    f"{style.cardinal(int(found[1]))} tot {style.cardinal(int(found[2]))} "
                ),
                chars="u",
            ),
            rule(
                r"(?<![\w.,/:'-])'([0-9]{2})\b",
                lambda found, style: style.number(found[1]),
                chars="'",
            ),
            rule(
                r"\b([A-Z][\w-]*)str\.(?= ?[0-9A-Z]|[,;]|$)",
                lambda found, style: f"{found[1]}straat",
                r"str\.",
            ),
        ]

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number; "één" is not the article, and "duizend" stands apart."""
        if value == 1:
            return "één"
        words = super().cardinal(value, gender)
        if 1100 <= value < 2000 and value % 100 == 0:
            words = f"{super().cardinal(value // 100)}honderd"
        return re.sub(r"duizend(?=\w)", "duizend ", words)

    def ordinal(self, value: int, gender: str = "m") -> str:
        """Return an ordinal."""
        return super().ordinal(value, "m")

    def year(self, value: int) -> str:
        """Return "negentienhonderdnegentig"."""
        if not 1100 <= value < 2000 or value % 100 == 0:
            return self.cardinal(value)
        rest = spell(self.locale, value % 100)
        return f"{spell(self.locale, value // 100)}honderd{rest}"

    def is_year(self, found: Match, written: str) -> bool:
        """Four digits from 1100 to 1999."""
        return re.fullmatch("1[1-9][0-9]{2}", written) is not None

    def is_plural(self, value: float) -> bool:
        """The plural stands for all but one."""
        return value != 1

    def decimals(self, text: str) -> str:
        """Read up to two decimals as a number, zeros first."""
        if len(text) > 2 or text.startswith("0"):
            return self.digits(text)
        return self.cardinal(int(text))

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return "veertien uur dertig"."""
        words = f"{self.cardinal(hour)} uur"
        if minute or second:
            words += f" {self.cardinal(minute)}"
        if second:
            words += f" en {self.cardinal(second)} {'seconde' if second == 1 else 'seconden'}"
        return words

    def half_before(self, noun: str) -> str:
        """Return "een halve", and "een half" before neuter nouns."""
        return "een half" if noun.lower() in _NEUTER else "een halve"

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Return "de veertiende"."""
        return f"de {self.ordinal(value)}"


def _ordinal(found: Match, style: Language) -> str | None:
    value = int(found[1]) if found[1].isdigit() else roman_value(found[1])
    return style.ordinal(value) if value else None
