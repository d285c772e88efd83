"""German ordinals, which are inflected, and other forms that only German has."""

import re

from vits.text.languages import cldr
from vits.text.languages.context import next_word, previous_word, previous_words
from vits.text.languages.language import Language, Match
from vits.text.languages.names import roman_value
from vits.text.languages.tables import alternatives, word_set
from vits.text.rules import Rule, rule

__all__ = ["STARTERS", "german_rules", "guess_gender", "inflect"]

# After these an ordinal ends in -n.
_OBLIQUE = word_set(
    """
    am im zum beim vom zur dem den des einem einen eines einer seinem seinen seiner ihrem ihren
    ihrer unserem unseren unserer meinem meinen meiner deinem deinen keinem keinen keiner diesem
    diesen dieser jedem jeden jeder ans ins fürs übers
    """
)
_PREPOSITIONS = word_set(
    """
    in an auf mit von bei zu nach seit aus vor unter über neben zwischen hinter während wegen trotz
    gegenüber ab bis gegen um für durch ohne laut statt innerhalb außerhalb anlässlich
    """
)
_WEAK = word_set(
    """
    der die das dieses diese jedes eine keine seine ihre unsere meine deine jene
    """
)
_MIXED = word_set("ein kein sein ihr unser mein dein euer")
_FEMININE = word_set(
    """
    klasse etage runde liga bundesliga auflage woche halbzeit minute stunde staffel folge person
    stelle phase generation welle ausgabe reihe stufe frau tochter seite strophe symphonie sinfonie
    oma nacht hand chance frage version sekunde meile tonne kalorie unze woche tasse flasche katze
    million milliarde billion wahl armee liebe ebene tür straße mark krone lira rupie uhr stadt
    """
)
_NEUTER = word_set(
    """
    kapitel mal jahrhundert jahrtausend quartal semester halbjahr spiel tor stockwerk lebensjahr
    obergeschoss untergeschoss buch reich jahr kind bild haus drittel viertel achtel zehntel pfund
    regiment gebot gleis bier auto ei glas stück
    """
)
_NOUNS = (
    _FEMININE
    | _NEUTER
    | word_set(
        """
        og ug dg
        stock platz weltkrieg tag monat geburtstag advent akt teil band satz grad rang versuch
        sonntag preis fc sc sv tsv fsv abschnitt mann sohn lauf gang bezirk senat bürgermeister
        vorsitzende weihnachtstag weihnachtsfeiertag ostertag spieltag wahlgang schritt punkt juni
        """
    )
)
# Capitalised words that start a sentence rather than being counted.
STARTERS = word_set(
    """
    Er Sie Es Wir Ich Ihr Du Man Der Die Das Dann Danach Ein Eine Und Aber Doch Im In Am Auf Als
    Wenn Weil Da Dort Hier So Jetzt Nun Heute Morgen Gestern Auch Nach Vor Mit Bei Zu Von Was Wer
    Wie Wo Warum Ja Nein Sein Seine Ihre Mein Meine Nur Noch Seit Später Trotzdem Deshalb
    """
)
_FLOORS = {"OG": "Obergeschoss", "UG": "Untergeschoss", "DG": "Dachgeschoss"}
_FEMININE_ENDINGS = ("ung", "heit", "keit", "schaft", "ion", "tät", "ik", "ei", "enz", "anz")


def german_rules(language: Language) -> list[Rule[Language]]:
    """Return the rules; the first three are those for ordinals with a dot."""
    months = alternatives(language.months)
    return [
        rule(
            r"(?<![\w.,/:-])([0-9]{1,3}|[IVXL]+)\.(?:-| ?- ?| bis )([0-9]{1,2})\. ?(?=[A-Z])",
            _ordinal_range,
            chars=".",
        ),
        rule(
            rf"(?<![\w.,/:-])([0-9]{{1,2}})\. ?(?=(?i:{months})\b)",
            lambda found, style: f"{_inflected(found, style)} ",
            chars=".",
        ),
        rule(
            r"(?<![\w.,/:-])([0-9]{1,3}|[IVXL]+)\.(?=\s+[^\W_])(?!\s+[0-9])",
            _ordinal,
            chars=".",
        ),
        rule(r"(?<![\w.,/:-])([0-9]{1,2})\.(?=[\"')]*$)", _final_ordinal, chars="."),
        rule(r"(?<![\w.,/:-])([0-9]{1,3})(?:te[nrsm]?|ste[nrsm]?)\b", _suffixed, chars="t"),
        rule(r"(?<![\w.,/:-])([0-9]{2,4})er([ns]?)\b", _decade, chars="e"),
        rule(
            r"(?<=[a-z€])/(Monat|Jahr|Tag|Stunde|Woche|Person|Nacht|Stück|Minute)\b",
            lambda found, style: f" pro {found[1]}",
            chars="/",
        ),
        rule(
            r"\b(Mo|Di|Mi|Do|Fr|Sa|So)(?= [0-9]{1,2}(?:[-:.][0-9]| ?Uhr))",
            lambda found, style: cldr.weekdays("de")[found[1].lower()],
            chars="MDFS",
        ),
        rule(
            r"\b([A-ZÄÖÜ][\w-]*)str\.(?= ?[0-9A-ZÄÖÜ]|[,;]|$)",
            lambda found, style: f"{found[1]}straße",
            "str\\.",
        ),
        rule(r"(?<=[0-9]\. )([OUD]G)\b", lambda found, style: _FLOORS[found[1]], "[OUD]G"),
        rule(
            r"(?<![\w.,/:-])([0-9]+(?:,[0-9]+)?)-(km|m|cm|mm|kg|g|l)-(?=[A-Z])",
            lambda found, style: (
                f"{style.number(found[1])}-{style.unit_phrase(found[2], 1).split(' ')[1]}-"
            ),
            "[mgl]-[A-Z]",
        ),
        rule(
            r"\bFr\.(?=,? (?:[0-9]{1,2}(?:[:.][0-9]{2})?"
            r"(?: ?[-—–] ?[0-9]{1,2}(?:[:.][0-9]{2})?)? Uhr"
            r"|[0-9]{1,2}\. ?[A-Z0-9]))",
            lambda found, style: "Freitag",
            r"Fr\.",
        ),
        rule(r"(?<=[0-9]) ?ff?\.(?!\w)", lambda found, style: " folgende", r"ff?\."),
        rule(r"(?<![\w.,/:-])([0-9]{1,2})(?:-|—| bis )([0-9]{1,2}) Uhr\b", _hours, chars="U"),
    ]


def guess_gender(noun: str) -> str:
    """Guess the gender of a noun from its ending."""
    lower = noun.lower()
    if lower in ("prozent", "promille", "kilogramm", "gramm", "kilo", "og", "ug", "dg"):
        return "n"
    if any(lower.endswith(word) for word in _NEUTER) or lower.endswith(("chen", "lein", "gramm")):
        return "n"
    if lower.endswith(_FEMININE_ENDINGS) or any(lower.endswith(word) for word in _FEMININE):
        return "f"
    return "f" if lower.endswith("e") else "m"


def _number(written: str) -> int | None:
    return int(written) if written.isdigit() else roman_value(written)


def inflect(ordinal: str, found: Match, gender: str) -> str:
    """Return an ordinal with the ending that the words before it ask for."""
    before = [word.lower() for word in previous_words(found.string, found.start(), 4)]
    if before and before[0].rstrip(".") in cldr.weekdays("de"):  # "am Montag, 3. Mai"
        before = before[1:]
    nearest = before[0] if before else ""
    if nearest in ("und", "oder", "bis", "sowie") and len(before) > 1 and before[1][-1:] == ".":
        before = [word.lower() for word in previous_words(found.string, found.start(), 6)][2:] or [
            ""
        ]
        nearest = before[0]
    if nearest in _OBLIQUE or nearest in _PREPOSITIONS:
        return f"{ordinal}n"
    if nearest == "der":
        governed = len(before) > 1 and (before[1] in _PREPOSITIONS)
        noun = len(before) > 1 and previous_words(found.string, found.start(), 2)[1][:1].isupper()
        return f"{ordinal}n" if governed or (noun and gender == "f") else ordinal
    if nearest in _WEAK:
        return ordinal
    return ordinal + {"m": "r", "n": "s"}.get(gender, "")


def _inflected(found: Match, style: Language) -> str:
    return inflect(style.ordinal(int(found[1])), found, "m")


def _ordinal(found: Match, style: Language) -> str | None:
    """Read "2." before a noun, an adjective or a joint."""
    value = _number(found[1])
    if not value:
        return None
    noun = next_word(found.string, found.end())
    before = [word.lower() for word in previous_words(found.string, found.start(), 2)]
    nearest = before[0] if before else ""
    determined = nearest in _OBLIQUE or nearest in _WEAK or nearest in _MIXED or nearest == "der"
    known = noun.lower() in _NOUNS or any(
        noun.lower().endswith(word) for word in _NOUNS if len(word) > 3
    )
    if found[1].isalpha() and not (determined or known):
        return None
    if noun[:1].isupper() and not determined and not known and noun.lower() not in style.months:
        return None
    if noun in STARTERS:
        return None
    if not found.string[: found.start()].strip() and not known and noun[:1].isupper():
        return None  # an item's number
    gender = style.gender(noun) if noun[:1].isupper() else "m"
    if noun in ("und", "oder", "bis", "sowie"):
        later = re.compile(r" (?:und|oder|bis|sowie) (?:[0-9]+|[IVXL]+)\. ([A-Z]\w+)").match(
            found.string, found.end()
        )
        if later is None and not determined:
            return None
        gender = style.gender(later[1]) if later else "m"
    return inflect(style.ordinal(value), found, gender)


def _final_ordinal(found: Match, style: Language) -> str | None:
    """Read "am 3." at the end."""
    before = previous_word(found.string, found.start()).lower()
    if before not in word_set("am vom zum den der dem"):
        return None
    return f"{inflect(style.ordinal(int(found[1])), found, 'm')}."


def _ordinal_range(found: Match, style: Language) -> str | None:
    """Read "3.-5. Mai"."""
    first, last = _number(found[1]), _number(found[2])
    if not first or not last:
        return None
    start, end = (inflect(style.ordinal(value), found, "m") for value in (first, last))
    return f"{start} bis {end} "


def _suffixed(found: Match, style: Language) -> str:
    """Read "3te"."""
    ending = found[0][-1]
    return style.ordinal(int(found[1])) + (ending if ending in "nrsm" else "")


def _decade(found: Match, style: Language) -> str:
    """Read "90er" and "1990er"."""
    return f"{style.year(int(found[1]))}er{found[2]}"


def _hours(found: Match, style: Language) -> str:
    """Read "8-17 Uhr"."""
    return f"{style.cardinal(int(found[1]), 'n')} bis {style.cardinal(int(found[2]), 'n')} Uhr"
