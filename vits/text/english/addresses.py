"""Addresses: "12 Oak Ln.", "42 W. 5th St.", "Elm Dr.", "1600 Pennsylvania Ave. NW"."""

import re

from vits.text.english.context import ends_sentence, previous_word, with_dot
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
_SUFFIXES = {*_NAMES, "Street", "Drive", "Way", "Boulevard", "Road", "Avenue", "Lane"}
_SUFFIX = alternatives(_SUFFIXES)
_HOUSE = re.compile(
    r"(?:\b[0-9]+\w*,? |(?:\b(?:on|at|of|onto|off|near|and|down|along|from|to)|&) )(?:[NSEW]\.? |"
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
    after_name = _is_name(last)
    before_capital = re.compile(r" [\"']?[A-Z]").match(text, end) is not None
    numbered = last[:1].isdigit() and _HOUSE.search(before) is not None
    if before_capital and not numbered:
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


def _compass_after(found: re.Match[str], british: bool) -> str | None:
    """Read "14th St. NW" and "Pennsylvania Ave. NW"; "Dr. S. Lee" and "no road. E is" are left."""
    name, marks, point = found.groups()
    whole = name not in _NAMES  # a word that is not abbreviated
    if whole and marks and (marks != "," or len(point.replace(".", "")) == 1):
        return None
    text, last = found.string, previous_word(found.string, found.start())
    ends = point.endswith(".") and ends_sentence(text, found.end())
    if name in ("Dr", "St") and not _NUMBERED.search(text[: found.start()][-80:]):
        person = last[:1].isalpha() and not ends and text[found.end() :][1:2].isupper()
        if person or not _is_name(last):
            return None
    return f"{_NAMES.get(name, name)} {_point(point)}{'.' if ends else ''}"


def _is_name(word: str) -> bool:
    """Tell whether a street may be called so: "Elm", "5th"."""
    return word[:1].isupper() or re.fullmatch("[0-9]+(?:st|nd|rd|th)", word) is not None


ADDRESS_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"(?<=[0-9] ){_POINT} (?=(?:[0-9]+(?:st|nd|rd|th)|[A-Z][\w.']*)(?: [A-Z][\w.']*){{0,2}} "
        rf"{_SUFFIX}\b)",
        lambda f, b: f"{_point(f[1])} ",
        words=_COMPASS,
    ),
    rule(
        rf"(?<![\w.])(?<!\b[A-Z] ){_POINT} (?=(?:Pole|Korea|Carolina|Dakota|America|Africa|"
        rf"Ireland|Atlantic|Pacific|Virginia|Sea|Coast)\b)|(?<=\bI-[0-9]{{2}} ){_POINT}(?!\w)",
        lambda f, b: f"{_point(f[1] or f[2])}{' ' if f[1] else ''}",
        words=_COMPASS,
    ),
    rule(
        rf"(?<![\w.])(?<!\b[A-Z] ){_POINT}(?= of\b)",
        lambda f, b: _point(f[1]).lower(),
        words=_COMPASS,
    ),
    rule(rf"\b({_SUFFIX})(\.?,?) {_POINT}(?!\w| [A-Z]\b)", _compass_after, words=_SUFFIXES),
    rule(r"\b(Dr|St)\.(?!\w)", _doctor_or_street, words=("Dr", "St")),
    rule(rf"\b({alternatives(_NAMES)})(\.)(?!\w)", _street, words=_NAMES),
    rule(
        rf"\b({alternatives(_NAMES)})()(?![\w.])",
        _street,
        words=_NAMES,
    ),
    rule(
        rf"(?<![\w.])(?<!\b[A-Z] )(?<!\b[A-Z]\. ){_POINT} "
        rf"(?=(?:[0-9]+(?:st|nd|rd|th)|[A-Z][a-z]+(?: [A-Z][a-z]+)?) {_SUFFIX}\b)",
        lambda f, b: f"{_point(f[1])} ",
        words=_COMPASS,
    ),
)
"""Rules for streets and the points of the compass, in order."""
