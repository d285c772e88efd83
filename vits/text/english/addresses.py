"""Addresses: "12 Oak Ln.", "42 W. 5th St.", "Elm Dr.", "1600 Pennsylvania Ave. NW"."""

import re

from vits.text.english.context import DOT, ends_sentence, previous_word, with_dot
from vits.text.languages.tables import alternatives
from vits.text.rules import Rule, rule

__all__ = ["ADDRESS_RULES", "STREETS"]

STREETS = {
    "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Ct": "Court",
    "Pl": "Place", "Hwy": "Highway", "Pkwy": "Parkway", "Pky": "Parkway", "Sq": "Square",
    "Ter": "Terrace", "Terr": "Terrace", "Cir": "Circle", "Trl": "Trail", "Expy": "Expressway",
    "Fwy": "Freeway", "Tpke": "Turnpike", "Cres": "Crescent", "Hts": "Heights",
}  # fmt: skip
"""Abbreviations after the name of a street."""
_NAMES = {**STREETS, "St": "Street", "Dr": "Drive"}

_COMPASS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest",
    "SE": "Southeast", "SW": "Southwest",
}  # fmt: skip
_POINT = r"(N\.?[EW]\.?|S\.?[EW]\.?|[NSEW]\.?)"
_SUFFIX = rf"(?:St|Street|Dr|Drive|Way|Boulevard|Road|Avenue|Lane|{alternatives(STREETS)})"
_HOUSE = re.compile(
    r"(?:\b[0-9]+\w*,? |\b(?:on|at|of|onto|off|near|and|down|along|from|to) )(?:[NSEW]\.? |"
    r"(?:North|South|East|West) )?(?:[A-Z0-9][\w.']* ){1,3}$"
)
_NUMBERED = re.compile(
    r"\b[0-9]+\w* (?:[NSEW]\.? |(?:North|South|East|West) )?(?:[A-Z][\w.']* |[0-9]+(?:st|nd|rd|"
    r"th) ){1,3}$"
)


def _doctor_or_street(found: re.Match[str], british: bool) -> str:
    """Decide between "Doctor Smith" and "Elm Drive", "Saint Paul" and "Elm Street"."""
    text, end = found.string, found.end()
    before = text[max(0, found.start() - 80) : found.start()]
    before_name, in_address = {"Dr": ("Doctor", "Drive"), "St": ("Saint", "Street")}[found[1]]
    last = previous_word(text, found.start())
    after_name = last[:1].isupper() or re.fullmatch("[0-9]+(?:st|nd|rd|th)", last) is not None
    before_capital = re.compile(r" [\"']?[A-Z]").match(text, end) is not None
    if before_capital:
        ends = ends_sentence(text, end)
        if not (
            after_name and ends and last not in ("The", "A", "But", "And", "When", "If")
        ) and not _NUMBERED.search(before):
            return before_name
        return in_address + ("." if ends else "")
    if after_name:
        return with_dot(in_address, found)
    return before_name if found[1] == "Dr" else with_dot(in_address, found)


def _street(found: re.Match[str], british: bool) -> str | None:
    """Read the abbreviation after the name of a street, with or without a dot."""
    name, text = found[1], found.string
    before = text[max(0, found.start() - 60) : found.start()]
    dot = found[2]
    if not dot and not (
        _NUMBERED.search(before)
        or (
            _HOUSE.search(before)
            and re.match(r"[,.;:!?]| (?:in|and|at|to|is|was)\b|$", text[found.end() :])
        )
    ):
        return None
    if (
        dot
        and name in ("Pl", "Ct", "Sq", "Ter", "Cir", "Av", "Cres")
        and not previous_word(text, found.start())[:1].isupper()
    ):
        return None
    return with_dot(_NAMES[name], found) if dot else _NAMES[name]


def _point(written: str) -> str:
    """Return "West" for "W.", as in "42 W. 5th St."."""
    return _COMPASS[written.replace(".", "")]


def _compass_after(found: re.Match[str], british: bool) -> str:
    """Read "14th St. NW" and "Pennsylvania Ave. NW"."""
    end = "." if found[2].endswith(".") and ends_sentence(found.string, found.end()) else ""
    return f"{_NAMES.get(found[1], found[1])} {_point(found[2])}{end}"


ADDRESS_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"(?<=[0-9] ){_POINT} (?=(?:[0-9]+(?:st|nd|rd|th)|[A-Z][\w.']*)(?: [A-Z][\w.']*){{0,2}} "
        rf"{_SUFFIX}\b)",
        lambda f, b: f"{_point(f[1])} ",
        "[0-9] [NSEW]",
    ),
    rule(
        rf"(?<![\w.]){_POINT} (?=(?:Pole|Korea|Carolina|Dakota|America|Africa|Ireland|Atlantic|"
        rf"Pacific|Virginia|Sea|Coast)\b)|(?<=\bI-[0-9]{{2}} ){_POINT}(?!\w)",
        lambda f, b: f"{_point(f[1] or f[2])}{' ' if f[1] else ''}",
        "[NSEW]\\.? [A-Z]|I-",
    ),
    rule(
        rf"(?<![\w.])(?<!\b[A-Z] ){_POINT}(?= of\b)",
        lambda f, b: _point(f[1]).lower(),
        "[NSEW]\\.? of",
    ),
    rule(rf"\b({_SUFFIX})\.?,? {_POINT}(?!\w)", _compass_after, " [NS]"),
    rule(r"\b(Dr|St)\.(?!\w)", _doctor_or_street, DOT),
    rule(rf"\b({alternatives(_NAMES)})(\.)(?!\w)", _street, DOT),
    rule(
        rf"\b({alternatives(_NAMES)})()(?![\w.])",
        _street,
        "(?:St|Dr|Ave?|Blvd|Rd|Ln|Ct|Pl|Hwy|Pkwy|Sq|Cir)\\b",
    ),
    rule(
        rf"(?<![\w.])(?<!\b[A-Z]\. ){_POINT} "
        rf"(?=(?:[0-9]+(?:st|nd|rd|th)|[A-Z][a-z]+(?: [A-Z][a-z]+)?) {_SUFFIX}\b)",
        lambda f, b: f"{_point(f[1])} ",
        "[NSEW]\\.? [0-9A-Z]",
    ),
)
"""Rules for streets and the points of the compass, in order."""
