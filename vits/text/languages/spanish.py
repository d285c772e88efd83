"""Spanish written forms."""

import re
from typing import ClassVar

from vits.text.languages.context import next_word, previous_word
from vits.text.languages.everyday import SHORT_YEAR
from vits.text.languages.language import Currency, Language, Match
from vits.text.languages.names import roman_value
from vits.text.languages.spelling import MAX_SPELLED
from vits.text.languages.tables import pairs, word_set
from vits.text.rules import Rule, rule

__all__ = ["Spanish"]


# Masculine in spite of -a, and words that are no nouns.
_MASCULINE = word_set(
    """
    día días problema problemas programa programas sistema sistemas mapa mapas tema temas idioma
    idiomas planeta planetas clima poema poemas kilogramas gramas a para contra hasta ya era esta
    dentista dentistas turista turistas futbolista futbolistas artista artistas euribor la las nada
    hora-hombre sobra cometa papa
    """
)
_FEMININE = word_set(
    """
    veces vez noche noches parte partes clase clases calle calles mujer mujeres llave llaves serie
    series mano manos foto fotos moto motos flor flores leche sal imagen imágenes luz luces razón
    razones canción canciones habitación base bases frase frases nube nubes tarde tardes torre
    torres voz voces red redes libra libras
    """
)
_FEMININE_ENDINGS = (
    "a",
    "as",
    "ción",
    "ciones",
    "sión",
    "siones",
    "dad",
    "dades",
    "tud",
    "tudes",
    "xión",
)


class Spanish(Language):
    """Words and rules of Spanish."""

    locale = "es"
    cardinal_rules: ClassVar = {
        "m": "spellout-cardinal-masculine",
        "f": "spellout-cardinal-feminine",
    }
    ordinal_rules: ClassVar = {
        "m": "spellout-ordinal-masculine",
        "f": "spellout-ordinal-feminine",
        "adjective": "spellout-ordinal-masculine-adjective",
    }
    minus, comma, point, to, versus, falling = "menos", "coma", "punto", "a", "a", "a"
    over, per, and_ = "sobre", "por", "y"
    partitive = "de"
    half = ("un medio", "y medio")
    quarter = ("cuarto", "cuartos")
    third = ("tercio", "tercios")
    cents_joint = "con "
    by, at_sign, slash = "por", "arroba", "barra"
    times = ("una vez", "{} veces")
    powers = ("al cuadrado", "al cubo", "elevado a {}")
    signs = pairs(
        """
        +: más; ±: más menos; =: igual a; ×: por; *: por; ÷: dividido entre; <: menor que; >: mayor
        que; ≤: menor o igual que; ≥: mayor o igual que; ≈: aproximadamente; ≠: distinto de; −:
        menos; ~: unos
        """
    )
    symbols = pairs(
        """
        &: y; €: euros; %: por ciento; §: sección
        """
    )
    scales: ClassVar = {
        "millón": ("millón", "millones"),
        "millones": ("millón", "millones"),
        "mill.": ("millón", "millones"),
        "mil millones": ("mil millones", "mil millones"),
        "M": ("millón", "millones"),
        "billones": ("billón", "billones"),
        "mil": ("mil", "mil"),
    }
    currencies: ClassVar = {
        "€": Currency("euro", "euros", "céntimo", "céntimos"),
        "EUR": Currency("euro", "euros", "céntimo", "céntimos"),
        "$": Currency("dólar", "dólares", "centavo", "centavos"),
        "US$": Currency("dólar", "dólares", "centavo", "centavos"),
        "USD": Currency("dólar", "dólares", "centavo", "centavos"),
        "£": Currency("libra", "libras", "penique", "peniques", "f"),
        "¥": Currency("yen", "yenes", "", ""),
        "CHF": Currency("franco suizo", "francos suizos", "céntimo", "céntimos"),
        "Pts": Currency("peseta", "pesetas", "céntimo", "céntimos", "f"),
        "euro": Currency("euro", "euros", "céntimo", "céntimos"),
        "euros": Currency("euro", "euros", "céntimo", "céntimos"),
        "dólares": Currency("dólar", "dólares", "centavo", "centavos"),
        "pesos": Currency("peso", "pesos", "centavo", "centavos"),
    }
    units: ClassVar = {
        "dB": ("{} decibelio", "{} decibelios"),
        "mAh": ("{} miliamperio hora", "{} miliamperios hora"),
        "MWh": ("{} megavatio hora", "{} megavatios hora"),
        "Mbit/s": ("{} megabit por segundo", "{} megabits por segundo"),
        "hs": ("{} hora", "{} horas"),
        "rpm": ("{} revolución por minuto", "{} revoluciones por minuto"),
        "cda.": ("{} cucharada", "{} cucharadas"),
        "cdas.": ("{} cucharada", "{} cucharadas"),
        "cdta.": ("{} cucharadita", "{} cucharaditas"),
        "cdtas.": ("{} cucharadita", "{} cucharaditas"),
        "CV": ("{} caballo", "{} caballos"),
    }
    month_abbreviations: ClassVar = {"set": 9, "setiembre": 9}
    abbreviations = pairs(
        """
        p. ej.: por ejemplo; EE. UU.: Estados Unidos; EEUU: Estados Unidos; EE UU: Estados Unidos;
        etc.: etcétera; Ud.: usted; Uds.: ustedes; Vd.: usted; Vds.: ustedes; pág.: página; págs.:
        páginas; tel.: teléfono; tfno.: teléfono; teléf.: teléfono; avda.: avenida; Avda.: avenida;
        aprox.: aproximadamente; a. C.: antes de Cristo; d. C.: después de Cristo; a. m.: de la
        mañana; p. m.: de la tarde; máx.: máximo; mín.: mínimo; atte.: atentamente; Sra.: señora;
        Sras.: señoras; Sres.: señores; Srta.: señorita; Srtas.: señoritas; Sr.: señor; Dra.:
        doctora; Dr.: doctor; Dres.: doctores; Dña.: doña; Prof.: profesor; Profa.: profesora; Ing.:
        ingeniero; Lic.: licenciado; Gral.: general; Arq.: arquitecto; Mons.: monseñor; Excmo.:
        excelentísimo; S. A.: sociedad anónima; S. L.: sociedad limitada; RR. HH.: recursos humanos;
        FF. AA.: Fuerzas Armadas; JJ. OO.: Juegos Olímpicos; CC. OO.: Comisiones Obreras; dcha.:
        derecha; izda.: izquierda; izq.: izquierda; pza.: plaza; Pza.: plaza; ej.: ejemplo; depto.:
        departamento; dpto.: departamento; ed.: edición; Cía.: compañía; vs.: contra; km.:
        kilómetros; P. D.: posdata; s. n.: sin número; s/n: sin número; c/u: cada uno; ss.:
        siguientes; cfr.: confróntese; cf.: confróntese; entlo.: entresuelo; hab.: habitantes;
        uds.: unidades; dto.: descuento; av.: avenida
        """
    )
    before_number = pairs(
        """
        cap.: capítulo; n.º: número; nº: número; n°: número; N.º: número; Nº: número; N°: número;
        núm.: número; núms.: números; No.: número; p.: página; pp.: páginas; vol.: volumen; art.:
        artículo; arts.: artículos; fig.: figura; t.: tomo; s.: siglo; km: kilómetro
        """
    )
    before_name = pairs(
        """
        D.: don; Sto.: santo; Sta.: santa; C/: calle ; c/: calle ; Fco.:
        Francisco; Mª: María; M.ª: María
        """
    )
    closing = word_set("etc. ee.uu. eeuu a.c. d.c. s.a. s.l. a.m. p.m.")
    labels = word_set(
        """
        capítulo página número tomo volumen artículo parte acto escena línea autobús sala habitación
        sección anexo figura tabla título libro fase tipo nivel plaza piso versión km kilómetro
        guerra
        """
    )
    rulers = word_set(
        """
        Felipe Alfonso Carlos Fernando Juan Pablo Pío Benedicto León Gregorio Jorge Eduardo Luis
        Enrique Napoleón Guillermo Federico Nicolás Alejandro Pedro Alberto Leopoldo Balduino
        Francisco Ricardo Jacobo Clemente Inocencio Urbano Sixto Julio Ramsés Constantino Sancho
        Ramiro Jaime Ordoño Bermudo Garcia Amadeo Maximiliano Hassan Mohamed Paulo
        """
    )
    queens = word_set("Isabel Catalina María Margarita Cleopatra Juana Ana Berenguela Urraca")
    phone_words = word_set("tel tfno teléf teléfono móvil fax whatsapp teléfonos llame llama")
    date_words = word_set("el del al día lunes martes miércoles jueves viernes sábado domingo")
    clock_words = word_set("las la")
    date = "{day} de {month} de {year}"

    def own_rules(self) -> list[Rule[Language]]:
        """Return the rules for ordinals, centuries and telephone numbers."""
        return [
            SHORT_YEAR,
            rule(
                r"(?<![\w.,/:])([0-9]+)\.? ?(?:([ºª°])(?![CFK]\b| [CFK]\b)"
                r"|(er|ra|ro|da|do|ta|to|va|vo|ma|mo|na|no)\b)(?!\w)",
                _ordinal,
            ),
            rule(
                r"\b([Ss]iglos?|s\.) ([IVXL]+)\b(?:( ?[-y] ?)([IVXL]+)\b)?", _century, chars="IVXL"
            ),
            rule(
                r"(?<![\w.,+])(?:[6789][0-9]{2}(?: [0-9]{2}){3}"
                r"|9[0-9] [0-9]{3}(?: [0-9]{2}){2})(?![\w€%])",
                lambda found, style: style.telephone(found[0]),
            ),
        ]

    def decimals(self, text: str) -> str:
        """Read up to three decimals as a number, zeros first."""
        if len(text) > 3 or not text.strip("0"):
            return self.digits(text)
        zeros = len(text) - len(text.lstrip("0"))
        return " ".join(["cero"] * zeros + [self.cardinal(int(text))])

    def cardinal(self, value: int, gender: str = "") -> str:
        """Return a whole number; hundreds have a gender before "mil", too."""
        millions, rest = divmod(value, 10**6)
        if gender != "f" or not rest or value >= MAX_SPELLED:
            return super().cardinal(value, gender)
        words = super().cardinal(rest, gender).replace("ientos", "ientas")
        return f"{super().cardinal(value - rest)} {words}" if millions else words

    def gender_before(self, noun: str) -> str:
        """Return the gender of the word after a number, empty before small words."""
        return "" if noun.lower() in _SMALL else self.gender(noun)

    def gender(self, noun: str) -> str:
        """Guess the gender of a noun."""
        lower = noun.lower()
        if lower in _MASCULINE or lower.endswith(("gramas", "grama")):
            return "m"
        return "f" if lower in _FEMININE or lower.endswith(_FEMININE_ENDINGS) else "m"

    def day(self, day: int, found: Match) -> str:
        """The first of a month is an ordinal where it is written so."""
        return "primero" if re.match(r"1\.?[º°]", found[0]) else self.cardinal(day)

    def time(self, hour: int, minute: int, second: int, found: Match) -> str:
        """Return "catorce treinta", with "horas" if it is written."""
        words = self.cardinal(hour, "f")
        if minute or second:
            words += f" {self.cardinal(minute)}"
        if second:
            words += f" y {self.cardinal(second)} {'segundo' if second == 1 else 'segundos'}"
        elif found["unit"] or (
            not minute and previous_word(found.string, found.start()) not in _HOURS
        ):
            words += " hora" if hour == 1 and not minute else " horas"
        return words

    def denominator(self, value: int) -> str:
        """Return "octavo", "doceavo"."""
        if value <= 10:
            return self.ordinal(value)
        if value in (100, 1000):
            return {100: "centésimo", 1000: "milésimo"}[value]
        return re.sub(r"([ae])?a?vo$", r"\1avo", f"{self.cardinal(value)}avo")

    def plural_denominator(self, name: str) -> str:
        """Return "octavos"."""
        return f"{name}s"

    def half_before(self, noun: str) -> str:
        """Return "medio", "media"."""
        return "media" if self.gender(noun) == "f" else "medio"

    def fraction_before(self, above: int, below: int, noun: str) -> str:
        """Return "tres cuartas" before "partes"."""
        if not noun.startswith("parte") or not 2 < below <= 10:
            return super().fraction_before(above, below, noun)
        words = f"{self.cardinal(above, 'f')} {self.ordinal(below, 'f')}"
        return words if above == 1 else f"{words}s"

    def mixed_before(self, whole: int, above: int, below: int, noun: str) -> str:
        """Return "dos horas y media"."""
        if (above, below) != (1, 2) or not noun:
            return super().mixed_before(whole, above, below, noun)
        gender = self.gender(noun.split(" ")[0])
        half = "y media" if gender == "f" else "y medio"
        return f"{self.cardinal(whole, gender)} {noun} {half}"

    def ruler_number(self, value: int, name: str, found: Match) -> str:
        """Ordinals up to ten, then cardinals."""
        if value > 10:
            return self.cardinal(value)
        return self.ordinal(value, "f" if name in self.queens else "m")


_SMALL = word_set(
    """
    a al con de del e el en la las los o para por que se sin sobre su u y ni como más menos es son
    fue era
    """
)


_HOURS = word_set("las la de a desde hasta entre y")


def _ordinal(found: Match, style: Language) -> str | None:
    value = int(found[1])
    ending = found[2] or found[3]
    if found[2] == "°":
        before = previous_word(found.string, found.start()).lower()
        noun = next_word(found.string, found.end()).lower()
        if before not in ("el", "la", "del", "al", "un", "su") or noun in (
            "",
            "celsius",
            "centígrados",
        ):
            return None
    if not 1 <= value <= 1000:
        return None
    noun = next_word(found.string, found.end())
    if ending in ("er",):
        return style.ordinal(value, "adjective")
    if ending == "ª" or ending[-1] == "a":
        return style.ordinal(value, "f")
    adjective = noun[:1].islower() and noun not in _SMALL
    return style.ordinal(value, "adjective" if adjective else "m")


def _century(found: Match, style: Language) -> str | None:
    """Read "siglo V" with an ordinal up to ten, "siglo XXI" with a cardinal."""
    values = [roman_value(text) for text in (found[2], found[4]) if text]
    if None in values:
        return None
    words = [style.ruler_number(value, "", found) for value in values if value]
    joint = f" {found[3].strip().replace('-', style.to)} " if found[3] else ""
    name = found[1] if found[1] != "s." else "siglo"
    return f"{name} {joint.join(words)}"
