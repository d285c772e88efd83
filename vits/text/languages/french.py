"""French written forms."""

import re
from typing import ClassVar

from vits.text.languages.context import next_word, previous_word
from vits.text.languages.language import Currency, Language, Match
from vits.text.languages.names import roman_value
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule, rule

__all__ = ["French"]


_FEMININE = word_set(
    """
    heure heures minute minutes seconde secondes tonne tonnes calorie calories kilocalorie
    kilocalories personne personnes fois année années semaine semaines femme femmes fille filles
    page pages voiture voitures maison maisons place places étoile étoiles pièce pièces lettre
    lettres partie parties voix nuit nuits journée journées chance bouteille bouteilles tasse tasses
    cuillère cuillères couronne couronnes roupie roupies lire ville villes école écoles millionième
    table tables chaise chaises pomme pommes poire poires équipe équipes victoire victoires défaite
    défaites classe classes ligne lignes image images chambre chambres milliseconde
    """
)
_FEMININE_ENDINGS = (
    "tion",
    "tions",
    "sion",
    "sions",
    "té",
    "tés",
    "ette",
    "ettes",
    "ée",
    "ées",
    "ence",
    "ance",
    "ences",
    "ances",
    "aison",
    "aisons",
    "euse",
    "euses",
    "trice",
    "trices",
    "ière",
    "ières",
)
_ORDINAL = re.compile(r"(?:[eè]re?s?|ʳᵉ)$")


class French(Language):
    """Words and rules of French."""

    locale = "fr"
    cardinal_rules: ClassVar = {
        "m": "spellout-cardinal-masculine",
        "f": "spellout-cardinal-feminine",
    }
    ordinal_rules: ClassVar = {"m": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"}
    minus, comma, point, to, versus, falling = "moins", "virgule", "point", "à", "à", "à"
    over, per, and_ = "sur", "par", "et"
    elides = True
    partitive, elided_partitive = "de", "d'"
    half = ("un demi", "et demi")
    quarter = ("quart", "quarts")
    third = ("tiers", "tiers")
    by, at_sign, slash = "sur", "arobase", "slash"
    times = ("une fois", "{} fois")
    powers = ("au carré", "au cube", "puissance {}")
    signs = pairs(
        """
        +: plus; ±: plus ou moins; =: égale; ×: fois; *: fois; ÷: divisé par; <: inférieur à; >:
        supérieur à; ≤: inférieur ou égal à; ≥: supérieur ou égal à; ≈: environ; ≠: différent de; −:
        moins; ~: environ
        """
    )
    symbols = pairs(
        """
        &: et; €: euros; %: pour cent; §: paragraphe
        """
    )
    scales: ClassVar = {
        "million": ("million", "millions"),
        "millions": ("million", "millions"),
        "Mio": ("million", "millions"),
        "M": ("million", "millions"),
        "milliard": ("milliard", "milliards"),
        "milliards": ("milliard", "milliards"),
        "Md": ("milliard", "milliards"),
        "Mds": ("milliard", "milliards"),
    }
    currencies: ClassVar = {
        "€": Currency("euro", "euros", "centime", "centimes"),
        "EUR": Currency("euro", "euros", "centime", "centimes"),
        "$": Currency("dollar", "dollars", "cent", "cents"),
        "£": Currency("livre", "livres", "penny", "pence", "f"),
        "¥": Currency("yen", "yens", "", ""),
        "CHF": Currency("franc suisse", "francs suisses", "centime", "centimes"),
        "FF": Currency("franc", "francs", "centime", "centimes"),
        "USD": Currency("dollar américain", "dollars américains", "cent", "cents"),
        "euro": Currency("euro", "euros", "centime", "centimes"),
        "euros": Currency("euro", "euros", "centime", "centimes"),
        "dollars": Currency("dollar", "dollars", "cent", "cents"),
    }
    units: ClassVar = {
        "km/h": ("{} kilomètre à l'heure", "{} kilomètres à l'heure"),
        "l/100 km": ("{} litre aux cent kilomètres", "{} litres aux cent kilomètres"),
        "l/100km": ("{} litre aux cent kilomètres", "{} litres aux cent kilomètres"),
        "L/100 km": ("{} litre aux cent kilomètres", "{} litres aux cent kilomètres"),
        "L/100km": ("{} litre aux cent kilomètres", "{} litres aux cent kilomètres"),
        "c. à s.": ("{} cuillère à soupe", "{} cuillères à soupe"),
        "c. à c.": ("{} cuillère à café", "{} cuillères à café"),
        "pers.": ("{} personne", "{} personnes"),
        "dB": ("{} décibel", "{} décibels"),
        "Mo": ("{} mégaoctet", "{} mégaoctets"),
        "Go": ("{} gigaoctet", "{} gigaoctets"),
        "ko": ("{} kilooctet", "{} kilooctets"),
        "To": ("{} téraoctet", "{} téraoctets"),
        "mAh": ("{} milliampère-heure", "{} milliampères-heures"),
        "MWh": ("{} mégawatt-heure", "{} mégawatt-heures"),
        "Mbit/s": ("{} mégabit par seconde", "{} mégabits par seconde"),
        "tr/min": ("{} tour par minute", "{} tours par minute"),
        "ch": ("{} cheval", "{} chevaux"),
    }
    month_abbreviations: ClassVar = {"juill": 7, "jan": 1, "févr": 2, "fév": 2}
    abbreviations = pairs(
        """
        p. ex.: par exemple; c.-à-d.: c'est-à-dire; c. à d.: c'est-à-dire; etc.: et cetera; Mme:
        Madame; Mmes: Mesdames; Mlle: Mademoiselle; Mlles: Mesdemoiselles; MM.: Messieurs; av.
        J.-C.: avant Jésus-Christ; apr. J.-C.: après Jésus-Christ; ap. J.-C.: après Jésus-Christ;
        J.-C.: Jésus-Christ; env.: environ; tél.: téléphone; cf.: confer; éd.: édition; s.v.p.: s'il
        vous plaît; SVP: s'il vous plaît; N.B.: nota bene; P.-S.: post-scriptum; bd: boulevard; Bd:
        boulevard; bld: boulevard; qqch.: quelque chose; qqn: quelqu'un; ibid.: ibidem; resp.:
        respectivement; dép.: département; approx.: approximativement; ex.: exemple; M. et Mme:
        Monsieur et Madame; hab.: habitants; vs: versus;
        pp.: pages; chap.: chapitre
        """
    )
    before_number = pairs(
        """
        lun.: lundi; mar.: mardi; mer.: mercredi; jeu.: jeudi; ven.: vendredi; sam.: samedi; dim.:
        dimanche; max.: maximum; min.: minimum; n°: numéro; n°s: numéros; nº: numéro; no: numéro; n
        os: numéros; p.: page; vol.: volume; art.: article; fig.: figure; t.: tome; tab.: tableau;
        §: paragraphe; al.: alinéa; th.: thermostat; éd.: édition; No: numéro
        """
    )
    before_name = pairs(
        """
        M.: Monsieur; Dr: docteur; Dr.: docteur; Pr: professeur; Pr.: professeur; Me: maître; St:
        Saint; Ste: Sainte; St.: Saint; Ste.: Sainte; Mgr: Monseigneur; av.: avenue; bât.:
        bâtiment; Mr: Monsieur;
        Mr.: Monsieur; pl.: place
        """
    )
    closing = word_set("etc. j.-c. hab.")
    labels = word_set(
        """
        chapitre page numéro tome volume article partie acte scène ligne bus salle chambre section
        annexe figure tableau titre livre phase type niveau place paris lyon marseille guerre
        """
    )
    rulers = word_set(
        """
        Louis François Henri Charles Napoléon Philippe Jean Paul Jean-Paul Pie Benoît Léon Grégoire
        Georges George Édouard Edouard Guillaume Frédéric Nicolas Alexandre Pierre Albert Léopold
        Baudouin Ferdinand Alphonse Richard Jacques Clément Innocent Urbain Sixte Jules Ramsès
        Constantin Robert Hugues Felipe Carlos Juan Rainier Hassan Mohammed Christian Gustave Otton
        """
    )
    queens = word_set(
        """
        Élisabeth Elisabeth Elizabeth Catherine Marie Marguerite Cléopâtre Isabelle Anne
        """
    )
    phone_words = word_set("tél tel téléphone portable fax appelez")
    date_words = word_set(
        """
        le du au dès jusqu'au lundi mardi mercredi jeudi vendredi samedi dimanche
        """
    )
    date = "{day} {month} {year}"

    @classmethod
    def for_code(cls, code: str) -> "French":
        """Return the table with the numbers of Belgium, Switzerland or France."""
        table = cls()
        table.locale = {"fr-be": "fr_BE", "fr-ch": "fr_CH"}.get(code.lower(), "fr")  # pyright: ignore[reportAttributeAccessIssue]
        return table

    def own_rules(self) -> list[Rule[Language]]:
        """Return the rules for ordinals, hours and telephone numbers."""
        return [
            rule(
                r"(?<![\w.,/:])([0-9]+|(?!L[eè])[IVXL]+)(ère|ere|er|re|ième|ieme|ème|eme|nde|nd|e|ᵉ|ᵉʳ)(s?)(?![\w'])",
                _ordinal,
                chars="eèrd",
            ),
            rule(
                r"(?<![\w:.,/-])([0-9]{1,2}) ?h(?:([0-5][0-9]))? ?[-—] ?"
                r"([0-9]{1,2}) ?h(?:([0-5][0-9]))?(?!\w)",
                _hours,
                chars="h",
            ),
            rule(r"(?<=[0-9s] )av\.(?= d)", lambda found, style: "avenue", r"av\."),
            rule(r"(?<=[IVX]e) s\.(?!\w)", lambda found, style: " siècle", r"e s\."),
            rule(r"(?<![\w:.,/-])([0-9]{1,2}) ?[hH](?![\w/²'])(?! ?[0-9])", _hour, chars="hH"),
            rule(r"(?<![\w.,])0[0-9](?:[ .-]?[0-9]{2}){4}(?![\w.,-]?[0-9])", _telephone, chars="0"),
        ]

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number in the usual spelling, "vingt et un"."""
        return _spaced(super().cardinal(value, gender))

    def ordinal(self, value: int, gender: str = "m") -> str:
        """Return an ordinal in the usual spelling."""
        return _spaced(super().ordinal(value, gender))

    def is_plural(self, value: float) -> bool:
        """The plural begins at two."""
        return abs(value) >= 2

    def decimals(self, text: str) -> str:
        """Read up to three decimals as a number, zeros first."""
        if len(text) > 3 or not text.strip("0"):
            return self.digits(text)
        zeros = len(text) - len(text.lstrip("0"))
        return " ".join(["zéro"] * zeros + [self.cardinal(int(text))])

    def gender_before(self, noun: str) -> str:
        """Return the gender of the word after a number."""
        return self.gender(noun)

    def gender(self, noun: str) -> str:
        """Guess the gender of a noun."""
        lower = noun.lower()
        return "f" if lower in _FEMININE or lower.endswith(_FEMININE_ENDINGS) else "m"

    def day(self, day: int, found: Match) -> str:
        """The first of a month is an ordinal."""
        return "premier" if day == 1 else self.cardinal(day)

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return "quatorze heures trente"."""
        words = f"{self.cardinal(hour, 'f')} {'heures' if hour > 1 else 'heure'}"
        if minute or second:
            words += f" {self.cardinal(minute, 'f')}"
        if second:
            words += f" et {self.cardinal(second, 'f')} {'secondes' if second > 1 else 'seconde'}"
        return words

    def denominator(self, value: int) -> str:
        """Return "huitième"."""
        return self.ordinal(value)

    def plural_denominator(self, name: str) -> str:
        """Return "huitièmes"."""
        return f"{name}s"

    def half_before(self, noun: str) -> str:
        """Return "un demi", "une demi"."""
        return "une demi" if self.gender(noun) == "f" else "un demi"

    def mixed_before(self, whole: int, above: int, below: int, noun: str) -> str:
        """Return "deux heures et demie"."""
        if (above, below) != (1, 2) or not noun:
            return super().mixed_before(whole, above, below, noun)
        gender = self.gender(noun.split(" ")[0])
        half = "et demie" if gender == "f" else "et demi"
        return f"{self.cardinal(whole, gender)} {noun} {half}"

    def telephone(self, written: str) -> str:
        """Return the pairs of a telephone number as numbers."""
        groups = [self.number(group) for group in re.findall("[0-9]+", written)]
        return ("plus " if written.startswith("+") else "") + ", ".join(groups)

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Return "premier" for I, and the number for the others."""
        if value == 1:
            return "première" if name in self.queens else "premier"
        return self.cardinal(value)


def _spaced(words: str) -> str:
    """Return the words apart, except "dix-huit", whose liaison espeak-ng finds in one word only."""
    return words.replace("-", " ").replace("dix huit", "dix-huit")


def _ordinal(found: Match, style: Language) -> str | None:
    value = int(found[1]) if found[1].isdigit() else roman_value(found[1])
    if not value:
        return None
    noun = next_word(found.string, found.end()).lower()
    ending = found[2]
    feminine = ending in ("ère", "ere", "re", "nde") or (value == 1 and noun in _FEMININE)
    if ending in ("nd", "nde") and value == 2:
        return ("seconde" if feminine else "second") + found[3]
    if value == 1 and ending in ("e", "ᵉ"):
        return None
    if value != 1 and ending in ("er", "re", "ère", "ere"):  # "Vers" is a word
        return None
    return style.ordinal(value, "f" if feminine else "m") + found[3]


def _hour(found: Match, style: Language) -> str | None:
    if int(found[1]) > 24 and previous_word(found.string, found.start()) in ("à", "vers"):
        return None
    return style.measure(found[1], "h")


def _hours(found: Match, style: Language) -> str:
    """Read "9h-17h30"."""
    first = style.time(int(found[1]), int(found[2] or 0), 0, found)
    return f"{first} {style.to} {style.time(int(found[3]), int(found[4] or 0), 0, found)}"


def _telephone(found: Match, style: Language) -> str:
    """Read a number of ten digits in pairs."""
    digits = re.sub("[^0-9]", "", found[0])
    pairs = [digits[start : start + 2] for start in range(0, 10, 2)]
    return ", ".join(style.number(pair) for pair in pairs)
