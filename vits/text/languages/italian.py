"""Italian written forms."""

import re
from typing import ClassVar

from vits.text.languages.context import next_word, previous_word
from vits.text.languages.everyday import SHORT_YEAR
from vits.text.languages.language import Currency, Language, Match
from vits.text.languages.names import roman_value
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule, rule

__all__ = ["Italian"]


_MASCULINE = word_set(
    """
    problema problemi programma sistema tema clima poema pianeta kilogramma gramma euro giorno a da
    la ma era fa circa ora-uomo cinema papa
    """
)
_FEMININE = word_set(
    """
    volte notte notti parte parti classe classi mano mani foto moto auto chiave chiavi serie luce
    luci voce voci rete reti torre torri persone ore miglia tonnellate calorie chilocalorie pagine
    settimane donne ragazze case lire sterline corone rupie chilowattora nazione
    """
)
_FEMININE_ENDINGS = ("a", "zione", "sione", "gione", "tà", "tù", "trice")
_SMALL = word_set(
    """
    a ad al alla alle ai con da dal dalla di del della e ed è fa in il la le lo nel o per più sono
    su un una
    """
)


class Italian(Language):
    """Words and rules of Italian."""

    locale = "it"
    cardinal_rules: ClassVar = {
        "m": "spellout-cardinal-masculine",
        "f": "spellout-cardinal-feminine",
    }
    ordinal_rules: ClassVar = {"m": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"}
    minus, comma, point, to, versus, falling = "meno", "virgola", "punto", "a", "a", "a"
    over, per, and_ = "su", "al", "e"
    elides = True
    partitive = "di"
    half = ("un mezzo", "e mezzo")
    quarter = ("quarto", "quarti")
    third = ("terzo", "terzi")
    cents_joint = "e "
    by, at_sign, slash = "per", "chiocciola", "barra"
    times = ("una volta", "{} volte")
    powers = ("al quadrato", "al cubo", "alla {}")
    signs = pairs(
        """
        +: più; ±: più o meno; =: uguale; ×: per; *: per; ÷: diviso; <: minore di; >: maggiore di;
        ≤: minore o uguale a; ≥: maggiore o uguale a; ≈: circa; ≠: diverso da; −: meno; ~: circa
        """
    )
    symbols = pairs(
        """
        &: e; €: euro; %: per cento; §: paragrafo
        """
    )
    scales: ClassVar = {
        "milione": ("milione", "milioni"),
        "milioni": ("milione", "milioni"),
        "mln": ("milione", "milioni"),
        "Mln": ("milione", "milioni"),
        "miliardo": ("miliardo", "miliardi"),
        "miliardi": ("miliardo", "miliardi"),
        "mld": ("miliardo", "miliardi"),
        "mila": ("mila", "mila"),
    }
    currencies: ClassVar = {
        "€": Currency("euro", "euro", "centesimo", "centesimi"),
        "EUR": Currency("euro", "euro", "centesimo", "centesimi"),
        "$": Currency("dollaro", "dollari", "centesimo", "centesimi"),
        "USD": Currency("dollaro", "dollari", "centesimo", "centesimi"),
        "£": Currency("sterlina", "sterline", "penny", "pence", "f"),
        "¥": Currency("yen", "yen", "", ""),
        "CHF": Currency("franco svizzero", "franchi svizzeri", "centesimo", "centesimi"),
        "euro": Currency("euro", "euro", "centesimo", "centesimi"),
        "dollari": Currency("dollaro", "dollari", "centesimo", "centesimi"),
    }
    units: ClassVar = {
        "%": ("{} per cento", "{} per cento"),
        "t": ("{} tonnellata", "{} tonnellate"),
        "dB": ("{} decibel", "{} decibel"),
        "mAh": ("{} milliampere ora", "{} milliampere ora"),
        "MWh": ("{} megawattora", "{} megawattora"),
        "Mbit/s": ("{} megabit al secondo", "{} megabit al secondo"),
        "giri/min": ("{} giro al minuto", "{} giri al minuto"),
        "CV": ("{} cavallo", "{} cavalli"),
        "mq": ("{} metro quadrato", "{} metri quadrati"),
        "kmq": ("{} chilometro quadrato", "{} chilometri quadrati"),
        "mc": ("{} metro cubo", "{} metri cubi"),
    }
    month_abbreviations: ClassVar = {"sett": 9, "genn": 1, "febbr": 2, "magg": 5}
    abbreviations = pairs(
        """
        ecc.: eccetera; etc.: eccetera; p. es.: per esempio; p.e.: per esempio; ad es.: ad esempio;
        es.: esempio; per es.: per esempio; sig.ra: signora; sig.na: signorina; sigg.: signori;
        sig.: signor; sig.re: signore; sigg.re: signore; dott.: dottor; dott.ssa: dottoressa; dr.:
        dottor; dr.ssa: dottoressa; dott.sse: dottoresse; prof.: professor; prof.ssa: professoressa;
        ing.: ingegner; avv.: avvocato; arch.: architetto; geom.: geometra; rag.: ragionier; on.:
        onorevole; mons.: monsignor; pag.: pagina; pagg.: pagine; tel.: telefono; cell.: cellulare;
        ca.: circa; a.C.: avanti Cristo; d.C.: dopo Cristo; v.le: viale; p.zza: piazza; c.so: corso;
        l.go: largo; p.za: piazza; cfr.: confronta; c.d.: cosiddetto; S.p.A.: società per azioni;
        SpA: società per azioni; s.r.l.: società a responsabilità limitata; S.r.l.: società a
        responsabilità limitata; ss.: seguenti; vs.: contro; gg.: giorni; spett.: spettabile; gent.:
        gentile; gent.mo: gentilissimo; gent.ma: gentilissima; egr.: egregio; ill.mo: illustrissimo;
        c.m.: corrente mese; u.s.: ultimo scorso; p.v.: prossimo venturo; n.d.r.: nota del
        redattore; N.B.: nota bene; P.S.: post scriptum; ab.: abitanti; a.m.: di mattina; p.m.: di
        pomeriggio
        """
    )
    before_number = pairs(
        """
        lun.: lunedì; mar.: martedì; mer.: mercoledì; gio.: giovedì; ven.: venerdì; sab.: sabato;
        dom.: domenica; max.: massimo; min.: minimo; cap.: capitolo; vol.: volume; n.: numero; nn.:
        numeri; nº: numero; n°: numero; N.: numero; N°: numero; num.: numero; p.: pagina; pp.:
        pagine; art.: articolo; artt.: articoli; fig.: figura; tab.: tabella; par.: paragrafo;
        lett.: lettera
        """
    )
    before_name = pairs(
        """
        gen.: generale; col.: colonnello; S.: San; SS.: Santi; D.: don
        """
    )
    closing = word_set("ecc. etc. a.c. d.c. s.p.a. s.r.l.")
    labels = word_set(
        """
        capitolo pagina numero tomo volume articolo parte atto scena linea autobus sala camera
        sezione allegato figura tabella titolo libro fase tipo livello posto piano versione binario
        guerra
        """
    )
    rulers = word_set(
        """
        Luigi Carlo Vittorio Emanuele Umberto Federico Enrico Giovanni Paolo Pio Benedetto Leone
        Gregorio Giorgio Edoardo Napoleone Guglielmo Nicola Alessandro Pietro Alberto Leopoldo
        Francesco Riccardo Giacomo Clemente Innocenzo Urbano Sisto Giulio Ramses Ferdinando Filippo
        Amedeo Massimiliano Ottone Bonifacio Celestino Cosimo Alfonso Juan Carlos Felipe
        """
    )
    queens = word_set("Elisabetta Caterina Maria Margherita Cleopatra Giovanna Anna Isabella")
    phone_words = word_set("tel telefono cell cellulare fax whatsapp chiamare chiama chiamate")
    date_words = word_set(
        """
        il dal del al lunedì martedì mercoledì giovedì venerdì sabato domenica
        """
    )
    clock_words = word_set("ore alle le dalle h")
    date = "{day} {month} {year}"

    def own_rules(self) -> list[Rule[Language]]:
        """Return the rules for ordinals and centuries."""
        return [
            SHORT_YEAR,
            rule(r"(?<![\w.,/:])([0-9]+|[IVXL]+)([ºª°])(?! ?[CFK]\b)(?!\w)", _ordinal, chars="ºª°"),
            rule(
                r"(?<![\w.,/:])([IVXL]+)(?= (?:secolo|sec\.|millennio)(?!\w))",
                _century,
                chars="IVXL",
            ),
            rule(
                r"\b(secol[oi]|sec\.) ([IVXL]+)\b(?:( e |-)([IVXL]+)\b)?",
                _century_after,
                chars="IVXL",
            ),
            rule(
                r"(?<![\w.,+])3[0-9]{2}(?:[ ./-]?[0-9]{6,7}|[ .-][0-9]{3}[ .-][0-9]{3,4})"
                r"(?![\w€%]|[.,][0-9])",
                lambda found, style: style.telephone(found[0]),
                chars="3",
            ),
            rule(r"(?<=[IVXL] )sec\.", lambda found, style: "secolo", chars="IVXL"),
            rule(
                r"\bore ([0-9]{1,2})(?![0-9:.,])",
                lambda found, style: (
                    f"ore {style.cardinal(int(found[1]), 'f' if found[1] == '1' else '')}"
                ),
            ),
        ]

    def decimals(self, text: str) -> str:
        """Read up to three decimals as a number, zeros first."""
        if len(text) > 3 or not text.strip("0"):
            return self.digits(text)
        zeros = len(text) - len(text.lstrip("0"))
        return " ".join(["zero"] * zeros + [self.cardinal(int(text))])

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number; only "un" and "una" have genders."""
        return super().cardinal(value, gender if value == 1 else "")

    def linked(self, words: str, noun: str) -> str:
        """Return "un'" and "uno" where the noun asks for them."""
        if words == "una" and noun[:1].lower() in "aeiou":
            return "un'"
        if words == "un" and re.match(r"s[^aeiouh]|z|gn|ps|x|y", noun.lower()):
            return "uno"
        return super().linked(words, noun)

    def gender_before(self, noun: str) -> str:
        """Return the gender of the word after a number, empty before small words."""
        return "" if noun.lower() in _SMALL else self.gender(noun)

    def gender(self, noun: str) -> str:
        """Guess the gender of a noun."""
        lower = noun.lower()
        if lower in _MASCULINE or lower.endswith("gramma"):
            return "m"
        return "f" if lower in _FEMININE or lower.endswith(_FEMININE_ENDINGS) else "m"

    def day(self, day: int, found: Match) -> str:
        """The first of a month is an ordinal."""
        return "primo" if day == 1 else self.cardinal(day)

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return "quattordici e trenta"."""
        words = self.cardinal(hour, "f")
        if minute:
            words += f" e {self.cardinal(minute)}"
        if second:
            words += f" e {self.cardinal(second)} {'secondo' if second == 1 else 'secondi'}"
        return words

    def denominator(self, value: int) -> str:
        """Return "ottavo"."""
        return self.ordinal(value)

    def plural_denominator(self, name: str) -> str:
        """Return "ottavi"."""
        return f"{name[:-1]}i"

    def half_before(self, noun: str) -> str:
        """Return "mezzo", "mezza"."""
        return "mezza" if self.gender(noun) == "f" else "mezzo"

    def mixed_before(self, whole: int, above: int, below: int, noun: str) -> str:
        """Return "due ore e mezza"."""
        if (above, below) != (1, 2) or not noun:
            return super().mixed_before(whole, above, below, noun)
        gender = self.gender(noun.split(" ")[0])
        half = "e mezza" if gender == "f" else "e mezzo"
        return f"{self.cardinal(whole, gender)} {noun} {half}"

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Return the ordinal."""
        return self.ordinal(value, "f" if name in self.queens else "m")


def _ordinal(found: Match, style: Language) -> str | None:
    value = int(found[1]) if found[1].isdigit() else roman_value(found[1])
    if not value:
        return None
    if found[2] == "°" and found[1].isdigit():
        before = previous_word(found.string, found.start()).lower()
        noun = next_word(found.string, found.end()).lower()
        articles = (
            "il",
            "lo",
            "la",
            "del",
            "al",
            "dal",
            "nel",
            "sul",
            "un",
            "dello",
            "della",
            "alla",
            "nella",
            "e",
        )
        if before not in articles or noun in ("", "celsius", "gradi", "centigradi", *_SMALL):
            return None
    return style.ordinal(value, "f" if found[2] == "ª" else "m")


def _century(found: Match, style: Language) -> str | None:
    value = roman_value(found[1])
    return style.ordinal(value) if value else None


def _century_after(found: Match, style: Language) -> str | None:
    values = [roman_value(text) for text in (found[2], found[4]) if text]
    if None in values:
        return None
    joint = (found[3] or "").replace("-", " a ")
    name = "secolo" if found[1] == "sec." else found[1]
    return f"{name} {joint.join(style.ordinal(value) for value in values if value)}"
