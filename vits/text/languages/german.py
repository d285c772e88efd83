"""German written forms."""

import re
from functools import cached_property
from typing import ClassVar

from vits.text.languages.context import next_word, previous_word, previous_words
from vits.text.languages.german_ordinals import german_rules, guess_gender, inflect
from vits.text.languages.language import Currency, Language, Match
from vits.text.languages.spelling import spell
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule

__all__ = ["German"]


class German(Language):
    """Words and rules of German."""

    locale = "de"
    cardinal_rules: ClassVar = {
        "m": "spellout-cardinal-masculine",
        "n": "spellout-cardinal-neuter",
        "f": "spellout-cardinal-feminine",
    }
    minus, comma, point, to, versus = "minus", "Komma", "Punkt", "bis", "zu"
    over, per, and_ = "von", "pro", "und"
    half = ("ein halb", "ein halb")
    quarter = ("Viertel", "Viertel")
    third = ("Drittel", "Drittel")
    by, at_sign, slash = "mal", "ät", "Schrägstrich"
    times = ("einmal", "{}mal")
    powers = ("hoch zwei", "hoch drei", "hoch {}")
    signs = pairs(
        """
        +: plus; ±: plus minus; =: gleich; ×: mal; *: mal; ÷: geteilt durch; <: kleiner als; >:
        größer als; ≤: kleiner gleich; ≥: größer gleich; ≈: ungefähr; ≠: ungleich; −: minus; ~:
        ungefähr
        """
    )
    symbols = pairs(
        """
        §: Paragraf; &: und; €: Euro; %: Prozent
        """
    )
    scales: ClassVar = {
        "Mio.": ("Million", "Millionen"),
        "Mio": ("Million", "Millionen"),
        "Million": ("Million", "Millionen"),
        "Millionen": ("Million", "Millionen"),
        "Mrd.": ("Milliarde", "Milliarden"),
        "Mrd": ("Milliarde", "Milliarden"),
        "Milliarde": ("Milliarde", "Milliarden"),
        "Milliarden": ("Milliarde", "Milliarden"),
        "Billionen": ("Billion", "Billionen"),
        "Tsd.": ("tausend", "tausend"),
        "Tausend": ("tausend", "tausend"),
        "tausend": ("tausend", "tausend"),
    }
    currencies: ClassVar = {
        "€": Currency("Euro", "Euro", "Cent", "Cent"),
        "EUR": Currency("Euro", "Euro", "Cent", "Cent"),
        "$": Currency("Dollar", "Dollar", "Cent", "Cent"),
        "US$": Currency("US-Dollar", "US-Dollar", "Cent", "Cent"),
        "£": Currency("Pfund", "Pfund", "Penny", "Pence", "n"),
        "¥": Currency("Yen", "Yen", "", ""),
        "CHF": Currency("Schweizer Franken", "Schweizer Franken", "Rappen", "Rappen"),
        "Fr.": Currency("Franken", "Franken", "Rappen", "Rappen"),
        "DM": Currency("D-Mark", "D-Mark", "Pfennig", "Pfennig", "f"),
        "ct": Currency("Cent", "Cent", "", ""),
        "Cent": Currency("Cent", "Cent", "", ""),
        "Euro": Currency("Euro", "Euro", "Cent", "Cent"),
        "Dollar": Currency("Dollar", "Dollar", "Cent", "Cent"),
    }
    units: ClassVar = {
        "dB": ("{} Dezibel", "{} Dezibel"),
        "mAh": ("{} Milliamperestunde", "{} Milliamperestunden"),
        "Ah": ("{} Amperestunde", "{} Amperestunden"),
        "MWh": ("{} Megawattstunde", "{} Megawattstunden"),
        "GWh": ("{} Gigawattstunde", "{} Gigawattstunden"),
        "Mbit/s": ("{} Megabit pro Sekunde", "{} Megabit pro Sekunde"),
        "MBit/s": ("{} Megabit pro Sekunde", "{} Megabit pro Sekunde"),
        "EL": ("{} Esslöffel", "{} Esslöffel"),
        "TL": ("{} Teelöffel", "{} Teelöffel"),
        "Pers.": ("{} Person", "{} Personen"),
        "Zi.": ("{} Zimmer", "{} Zimmer"),
        "Pck.": ("{} Päckchen", "{} Päckchen"),
        "Pr.": ("{} Prise", "{} Prisen"),
        "kV": ("{} Kilovolt", "{} Kilovolt"),
        "PS": ("{} PS", "{} PS"),
        "Std.": ("{} Stunde", "{} Stunden"),
        "Min.": ("{} Minute", "{} Minuten"),
        "Sek.": ("{} Sekunde", "{} Sekunden"),
        "Stk.": ("{} Stück", "{} Stück"),
        "U/min": ("{} Umdrehung pro Minute", "{} Umdrehungen pro Minute"),
    }
    month_abbreviations: ClassVar = {"jän": 1, "jänner": 1, "febr": 2}
    abbreviations = pairs(
        """
        z. B.: zum Beispiel; d. h.: das heißt; usw.: und so weiter; u. a.: unter anderem; bzw.:
        beziehungsweise; evtl.: eventuell; ggf.: gegebenenfalls; vgl.: vergleiche; ca.: circa;
        inkl.: inklusive; exkl.: exklusive; zzgl.: zuzüglich; u. s. w.: und so weiter; etc.: et
        cetera; usf.: und so fort; bspw.: beispielsweise; z. T.: zum Teil; u. U.: unter Umständen;
        i. d. R.: in der Regel; o. Ä.: oder Ähnliches; o. ä.: oder ähnlich; u. Ä.: und Ähnliches; s.
        o.: siehe oben; s. u.: siehe unten; z. Zt.: zurzeit; zz.: zurzeit; v. a.: vor allem; i. A.:
        im Auftrag; m. E.: meines Erachtens; a. D.: außer Dienst; n. Chr.: nach Christus; v. Chr.:
        vor Christus; d. J.: des Jahres; sog.: sogenannte; bez.: bezüglich; mind.: mindestens;
        allg.: allgemein; geb.: geboren; gest.: gestorben; verh.: verheiratet; Dr.: Doktor; Prof.:
        Professor; Dipl.-Ing.: Diplomingenieur; Hr.: Herr; Hrn.: Herrn; Frl.: Fräulein; Str.:
        Straße; Tel.: Telefon; Mio.: Millionen; Mrd.: Milliarden; Abb.: Abbildung; Anm.: Anmerkung;
        Jh.: Jahrhundert; Jhd.: Jahrhundert; Std.: Stunden; Min.: Minuten; GmbH: G m b H; e. V.:
        eingetragener Verein; MwSt.: Mehrwertsteuer; Hbf.: Hauptbahnhof; Hbf: Hauptbahnhof;
        einschl.: einschließlich; ausschl.: ausschließlich; u. v. m.: und vieles mehr; u. Z.:
        unserer Zeitrechnung; b. w.: bitte wenden; jr.: junior; sen.: senior; jun.: junior; od.:
        oder; dgl.: dergleichen; rd.: rund; tgl.: täglich; u.: und; Mitarb.: Mitarbeiter; Co.: Co;
        Tabl.:
        Tabletten; vs.: versus
        """
    )
    before_number = pairs(
        """
        Mo.: Montag; Di.: Dienstag; Mi.: Mittwoch; Do.: Donnerstag; Sa.: Samstag; So.: Sonntag;
        max.: maximal; min.: minimal; gem.: gemäß; lt.: laut; Nr.: Nummer; Nrn.: Nummern; S.: Seite;
        Kap.: Kapitel; Bd.: Band; Art.: Artikel; Abs.: Absatz; Hs.: Haus; Jg.: Jahrgang; Aufl.:
        Auflage; Tab.: Tabelle; Z.: Zeile; Ziff.: Ziffer; Pos.: Position; Vol.: Volumen; Gl.:
        Gleis; §§:
        Paragrafen
        """
    )
    before_name = pairs(
        """
        Fr.: Frau; St.: Sankt; Hl.: Heilige; hl.: heilige; Frhr.: Freiherr
        """
    )
    closing = word_set("usw. etc. usf. u.s.w. u.v.m. o.ä. u.ä. jh. v.chr. n.chr. str.")
    labels = word_set(
        """
        kapitel band teil seite nummer nr artikel absatz paragraf paragraph zimmer raum gleis linie
        bus haus platz reihe heft folge akt szene klasse stufe phase typ version windows titel
        tabelle abbildung punkt aufgabe übung lektion straße allee weg zeile ziffer
        """
    )
    rulers = word_set(
        """
        Ludwig Karl Friedrich Wilhelm Heinrich Otto Georg Eduard Johannes Paul Pius Benedikt Franz
        Josef Joseph Leopold Maximilian Philipp Napoleon Nikolaus Alexander Peter Gustav Christian
        Leo Innozenz Gregor Clemens Richard Jakob Konrad Rudolf Ferdinand Albert Ramses Urban Sixtus
        Julius Franziskus August Adolf Ernst Albrecht Harald Haakon Philip Charles Mohammed Darius
        Xerxes Dareios Ptolemaios Mehmed Selim Iwan Juan Carlos Felipe Alfons Ludwigs Karls
        Friedrichs Wilhelms Heinrichs Ottos Georgs Napoleons Pauls Josephs
        """
    )
    queens = word_set(
        """
        Elisabeth Katharina Margarethe Margrethe Maria Kleopatra Isabella Anna
        """
    )
    phone_words = word_set("tel telefon telefonnummer handy mobil fax rufnummer")
    date_words = word_set(
        """
        am vom zum bis ab seit den der dem montag dienstag mittwoch donnerstag freitag samstag
        sonntag
        """
    )
    clock_words = word_set("um ab gegen bis von")
    year_words = word_set(
        """
        jahr jahre jahren seit bis von ab um vor nach anno in sommer winter herbst frühling
        """
    )
    date = "{day} {month} {year}"
    ordinal_dot = True

    def own_rules(self) -> list[Rule[Language]]:
        """Return the rules for ordinals, day ranges and streets."""
        return german_rules(self)

    def month_name(self, name: str) -> str:
        """Return the name of a month with its capital."""
        return name.capitalize()

    @cached_property
    def _ordinal_rules(self) -> list[Rule[Language]]:
        return self.own_rules()[:3]

    def is_ordinal(self, text: str, start: int, dot: int) -> bool:
        """Ask the rules for ordinals, which look at the words around."""
        for item in self._ordinal_rules:
            found = item.pattern.match(text, start)
            if found is not None and found.end() > dot:
                return item.verbalize(found, self) is not None
        return False

    def year(self, value: int) -> str:
        """Return a year in words."""
        return self.spelled(value, "spellout-numbering-year")

    def spelled(self, value: int, ruleset: str) -> str:
        """Return a number by one of CLDR's sets of rules."""
        return spell(self.locale, value, ruleset)

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number; only "ein" has genders."""
        return super().cardinal(value, gender if value == 1 else "")

    def ordinal(self, value: int, gender: str = "m") -> str:
        """Return an ordinal that ends in -e."""
        return self.spelled(value, "spellout-ordinal")

    def decimals(self, text: str) -> str:
        """Read each digit."""
        return self.digits(text)

    def is_year(self, found: Match, written: str) -> bool:
        """Four digits from 1100 to 1999 that do not count a noun."""
        if not re.fullmatch("1[1-9][0-9]{2}", written):
            return False
        before = previous_word(found.string, found.start()).lower()
        if before in self.year_words or before.rstrip(".") in self.months:
            return True
        return not next_word(found.string, found.end())[:1].isupper()

    def gender_before(self, noun: str) -> str:
        """Return the gender of a noun; nouns are capitalised."""
        if noun == "Uhr":
            return "n"
        return self.gender(noun) if noun[0].isupper() and len(noun) > 1 else ""

    def gender(self, noun: str) -> str:
        """Guess the gender of a noun."""
        return guess_gender(noun)

    def day(self, day: int, found: Match) -> str:
        """Return the day of a date, inflected by the words before."""
        return inflect(self.ordinal(day), found, "m")

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return "vierzehn Uhr dreißig"."""
        words = f"{self.cardinal(hour, 'n')} Uhr"
        if minute or second:
            words += f" {self.cardinal(minute)}"
        if second:
            words += f" und {self.cardinal(second, 'f')} {'Sekunde' if second == 1 else 'Sekunden'}"
        return words

    def denominator(self, value: int) -> str:
        """Return "achtel"."""
        return f"{self.ordinal(value)}l".capitalize()

    def fraction(self, above: int, below: int) -> str:
        """Return "drei Viertel", with "ein" for one."""
        if above == 1 and below > 2:
            return f"ein {super().fraction(2, below).split(' ', 1)[1]}"
        return super().fraction(above, below)

    def half_before(self, noun: str) -> str:
        """Return "ein halber", "eine halbe", "ein halbes"."""
        return {"f": "eine halbe", "n": "ein halbes"}.get(self.gender(noun), "ein halber")

    def mixed(self, whole: int, above: int, below: int) -> str:
        """Return "zweieinhalb"."""
        if (above, below) == (1, 2):
            return f"{self.cardinal(whole, 'n')}einhalb"
        return f"{self.cardinal(whole)} {self.fraction(above, below)}"

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Return "der Vierzehnte", "des Vierzehnten", "dem Vierzehnten"."""
        ordinal = self.ordinal(value).capitalize()
        queen = name in self.queens
        if name.endswith("s") and name[:-1] in self.rulers:
            return f"des {ordinal}n"
        before = [word.lower() for word in previous_words(found.string, found.start(), 3)[1:]]
        if {"von", "mit", "unter", "bei", "nach", "zu", "vom", "dem", "seit"} & set(before):
            return f"{'der' if queen else 'dem'} {ordinal}n"
        if {"für", "gegen", "den", "durch"} & set(before) and not queen:
            return f"den {ordinal}n"
        return f"{'die' if queen else 'der'} {ordinal}"
