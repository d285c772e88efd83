"""Abbreviations: titles, units of time, Latin, initials, acronyms with dots."""

import re
from string import ascii_letters, ascii_uppercase

from vits.text.english.addresses import STREETS
from vits.text.english.context import (
    ends_sentence,
    hour_ends_sentence,
    previous_word,
    with_dot,
)
from vits.text.english.numbers import ordinal
from vits.text.english.units import PER
from vits.text.languages.tables import alternatives, first_words, in_any_case, word_set
from vits.text.rules import Rule, rule

__all__ = ["ABBREVIATIONS", "ABBREVIATION_RULES", "AMBIGUOUS", "COUNTED", "TITLES"]

TITLES = {
    "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Prof": "Professor", "Rev": "Reverend",
    "Hon": "Honorable", "Gen": "General", "Col": "Colonel", "Capt": "Captain", "Cpt": "Captain",
    "Lt": "Lieutenant", "Sgt": "Sergeant", "Maj": "Major", "Cmdr": "Commander", "Cpl": "Corporal",
    "Pvt": "Private", "Adm": "Admiral", "Gov": "Governor", "Sen": "Senator",
    "Rep": "Representative", "Pres": "President", "Mt": "Mount", "Ft": "Fort", "Pt": "Point",
    "Messrs": "Messieurs", "Fr": "Father", "Br": "Brother", "Supt": "Superintendent",
    "Insp": "Inspector", "Amb": "Ambassador", "Atty": "Attorney", "Treas": "Treasurer",
    "Sec": "Secretary", "Dist": "District", "Geo": "George", "Wm": "William", "Chas": "Charles",
    "Asst": "Assistant", "Exec": "Executive", "Thos": "Thomas", "Jas": "James", "Robt": "Robert",
}  # fmt: skip
"""Abbreviations before a name; their dot never ends a sentence."""

# Abbreviations of a word, with a dot; the dot stays if it also ends the sentence.
_WORDS = {
    "etc": "et cetera", "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated",
    "Ltd": "Limited", "Co": "Company", "Corp": "Corporation", "Bros": "Brothers",
    "dept": "department", "Dept": "Department", "Assn": "Association", "assn": "association",
    "Assoc": "Association", "assoc": "associate", "Univ": "University", "Inst": "Institute",
    "Natl": "National", "Intl": "International", "Govt": "Government", "govt": "government",
    "Mgr": "Manager", "mgr": "manager", "Mfg": "Manufacturing", "Acad": "Academy",
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Aug": "August",
    "Sept": "September", "Sep": "September", "Oct": "October", "Nov": "November",
    "Dec": "December", "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Weds": "Wednesday",
    "Thu": "Thursday", "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday",
    "vs": "versus", "approx": "approximately", "Approx": "Approximately", "avg": "average",
    "Avg": "Average", "cf": "compare", "Cf": "Compare", "ca": "circa", "viz": "namely",
    "incl": "including", "Incl": "Including", "excl": "excluding", "Excl": "Excluding",
    "bdrm": "bedroom", "bdrms": "bedrooms", "Min": "Minimum",
    "esp": "especially", "cont": "continued",
    "misc": "miscellaneous", "tel": "telephone", "Tel": "Telephone", "al": "al",
    "max": "maximum", "Max": "Maximum", "temp": "temperature", "Temp": "Temperature",
    "orig": "originally", "resp": "respectively",
    "hosp": "hospital", "Hosp": "Hospital", "Bldg": "Building", "bldg": "building",
    "Apt": "Apartment", "apt": "apartment", "Apts": "Apartments", "Ste": "Suite", "Rte": "Route",
    "Rt": "Route", "Rm": "Room", "Fl": "Floor", "Mtn": "Mountain", "Mts": "Mountains",
    "Cem": "Cemetery", "Twp": "Township", "Dr": "Drive", "qty": "quantity", "Qty": "Quantity",
    "lbs": "pounds", "hrs": "hours", "mins": "minutes", "secs": "seconds", "yrs": "years",
    "mos": "months", "wks": "weeks", "oz": "ounces", "tbsp": "tablespoons", "tsp": "teaspoons",
    "mph": "miles per hour", "est": "estimated", "wk": "week", "hr": "hour", "yr": "year",
    "pkg": "package", "pkgs": "packages", "Exh": "Exhibit", "attn": "attention",
    "Attn": "Attention", "ea": "each", "msg": "message", "ed": "editor", "eds": "editors",
    "trans": "translated",
    "Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California",
    "Colo": "Colorado", "Conn": "Connecticut", "Del": "Delaware", "Fla": "Florida",
    "Ga": "Georgia", "Ind": "Indiana", "Kan": "Kansas", "Ky": "Kentucky", "La": "Louisiana",
    "Md": "Maryland", "Mich": "Michigan", "Minn": "Minnesota", "Mo": "Missouri",
    "Mont": "Montana", "Neb": "Nebraska", "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon",
    "Penn": "Pennsylvania", "Tenn": "Tennessee", "Tex": "Texas", "Vt": "Vermont",
    "Va": "Virginia", "Wis": "Wisconsin", "Wyo": "Wyoming", "Mass": "Massachusetts",
    "Miss": "Mississippi", "Wash": "Washington", "Ill": "Illinois",
}  # fmt: skip
AMBIGUOUS = word_set(
    """
    Mar Mon Max Min max temp ext al ca ed Miss Mass Wash Ill Ore Mo La Ind Del Conn Fl Rt Penn
    Kan Rm trans orig misc Tex tel esp cont Ga Md Va Ky Ark Dr Fri
    """
)
"""Ordinary words as well: abbreviations only before a digit, a comma or a small letter."""
_STATES = word_set(
    """
    Mo La Ind Del Conn Penn Kan Tex Ga Md Va Ky Ark Miss Mass Wash Ill Ore
    """
)
# Abbreviations only before a number.
COUNTED = {
    "no": "number", "nos": "numbers", "nr": "number", "p": "page", "pp": "pages", "pg": "page",
    "vol": "volume", "vols": "volumes", "ch": "chapter", "chap": "chapter", "fig": "figure",
    "figs": "figures", "sec": "section", "sect": "section", "art": "article", "eq": "equation",
    "ex": "example", "est": "established", "pop": "population", "c": "circa", "ca": "circa",
    "v": "verse", "vv": "verses", "l": "line", "ll": "lines", "app": "appendix", "pt": "part",
    "ver": "version", "op": "opus", "b": "born", "d": "died", "para": "paragraph", "max": "maximum",
    "min": "minimum", "ed": "edition", "rte": "route",
    "apt": "apartment", "ste": "suite", "rm": "room", "fl": "floor", "lot": "lot", "cl": "clause",
    "sched": "schedule", "r": "reigned", "prob": "problem", "ep": "episode", "s": "section",
    "ps": "psalm", "n": "note", "nn": "notes", "dep": "departing", "arr": "arriving",
    "ref": "reference", "refs": "references", "eqs": "equations", "sc": "scene",
    "wt": "weight", "ht": "height",
}  # fmt: skip
"""Abbreviations that are such before a number only."""

# Phrases, whose dots never end a sentence unless the text ends.
_PHRASES = {
    "e.g.": "for example,", "i.e.": "that is,", "a.k.a.": "also known as", "aka": "also known as",
    "w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of", "et al.": "et al",
    "P.S.": "P S", "N.B.": "N B", "n/a": "N A", "N/A": "N A", "B.Sc.": "B S C",
    "M.Sc.": "M S C", "D.Sc.": "D S C", "B.Ed.": "B Ed", "M.Ed.": "M Ed", "Ed.D.": "Ed D",
    "LL.B.": "L L B", "LL.M.": "L L M", "M.Phil.": "M Phil", "D.Phil.": "D Phil",
    "B.Eng.": "B Eng", "M.Eng.": "M Eng", "Pharm.D.": "Pharm D", "Psy.D.": "Psy D",
    "Ph.D.": "P H D", "PhD": "P H D",
    "PhDs": "P H Ds", "Ph.D": "P H D", "w/in": "within", "R.I.P.": "R I P", "MSc": "M S C",
    "pH": "P H",
    "BSc": "B S C",
    "a/c": "A C", "p.a.": "per annum", "h/w": "hardware", "s/w": "software",
    "y/y": "year over year", "q/q": "quarter over quarter",
    "m/m": "month over month", "y/o": "year old", "int'l": "international", "nat'l": "national",
    "gov't": "government", "dep't": "department", "ass'n": "association", "cont'd": "continued",
    "sec'y": "secretary",
    "asap": "as soon as possible", "WWII": "World War two", "WW2": "World War two",
    "YoY": "year over year", "QoQ": "quarter over quarter", "MoM": "month over month",
    "WWI": "World War one", "WW1": "World War one",
}  # fmt: skip
ABBREVIATIONS = frozenset({*TITLES, *STREETS, *_WORDS, "Dr", "St"})
"""All abbreviations of one word that are written with a dot."""


def _phrase(found: re.Match[str], british: bool) -> str | None:
    key = found[1] if found[1] in _PHRASES else found[1].lower()
    words = _PHRASES.get(key)
    if words is None:
        return None
    if found[1][0].isupper() and words[0].islower():
        words = words.capitalize()
    if found[1].endswith(".") and found.string[found.end() :].strip("\"') ") == "":
        return words.rstrip(",") + "."
    return words


def _title(found: re.Match[str], british: bool) -> str:
    if found[1] == "Pt" and re.match(" [a-z]", found.string[found.end() :]):
        return "Patient"
    return TITLES[found[1]]


def _bare_title(found: re.Match[str], british: bool) -> str | None:
    """Read "Dr Who" and "Mrs Jones", the British way to write them."""
    name = found[1]
    if previous_word(found.string, found.start())[:1].isupper() and name == "Dr":
        return None
    return "Doctor" if name == "Dr" else TITLES[name]


_NUMBERED_THINGS = word_set(
    "tel. ref. phone telephone serial account model order invoice part flight ticket"
)
_HEAT = re.compile(r"\b(?:room|body|oven|air|water|outside|surface|average|avg\.?|the) $")


def _word(found: re.Match[str], british: bool) -> str | None:
    name, text = found[1], found.string
    after = text[found.end() :]
    if name in AMBIGUOUS:
        state = name in _STATES and re.search(
            r"[a-z],? $|\b[RDI]-$", text[max(0, found.start() - 3) : found.start()]
        )
        state = state or (name == "Wash" and re.match(", ?D\\.? ?C", after))
        if name in _STATES and not state:
            return None
        heat = name == "temp" and _HEAT.search(text[max(0, found.start() - 12) : found.start()])
        weekday = name in ("Fri", "Mon") and not after.strip()
        if not (state or heat or weekday) and re.match(r" ?[0-9a-z,(+:&\[{]", after) is None:
            return None
        if name == "Dr" or (name in ("Max", "Min") and not after.strip()):
            return None
        before = previous_word(text, found.start())
        if weekday and not (before.islower() or before[:1].isdigit()):
            return None
    return with_dot(_WORDS[name], found)


_DECIMAL = re.compile(r"[0-9]+\.[0-9]")


def _counted(found: re.Match[str], british: bool) -> str | None:
    key = found[1].lower()
    if key not in COUNTED or (found[1].isupper() and found[1] in "LBDRSN"):
        return None
    if key == "est" and found.string[found.end()] in "$£€":
        return "estimated "
    words = "version" if key == "v" and _DECIMAL.match(found.string, found.end()) else COUNTED[key]
    if found[1][0].isupper() and key not in ("no", "nos", "p", "pp", "nr"):
        words = words.capitalize()
    return words + " "


def _number(found: re.Match[str], british: bool) -> str | None:
    """Read "my phone no. is"."""
    return (
        "number" if previous_word(found.string, found.start()).lower() in _NUMBERED_THINGS else None
    )


def _letters(found: re.Match[str], british: bool) -> str:
    """Read "U.S.", "a.m.", "J.R.R." letter by letter."""
    letters = re.findall("[A-Za-z]", found[1])
    words = " ".join(letter.upper() for letter in letters)
    if found[2]:
        words += f" {found[2].upper()}"
    if found[3]:
        return words + found[3].replace("-", " ")
    if found[2] or not found[1].endswith("."):
        return words
    if words in ("A M", "P M"):
        return words + ("." if hour_ends_sentence(found.string, found.start(), found.end()) else "")
    return with_dot(words, found)


def _initial(found: re.Match[str], british: bool) -> str | None:
    """Read "J. Smith": an initial, not the end of a sentence."""
    return None if ends_sentence(found.string, found.end()) else found[1]


def _versus(found: re.Match[str], british: bool) -> str:
    return "versus"


def _slashed(found: re.Match[str], british: bool) -> str:
    """Read "he/she" and "and/or"."""
    return f"{found[1]} {found[2]}" if found[1].lower() == "and" else f"{found[1]} or {found[2]}"


_TITLE = alternatives(TITLES)
_WORD = alternatives(_WORDS)
_COUNT = frozenset(form for key in COUNTED for form in (key, key.title()))
# Abbreviations that are written without a dot before a number, too.
_NUMBERED = word_set("Rm Apt Fig Figs Vol Vols Chap")
# Abbreviations before a number in brackets: "eq. (2)".
_CITED = word_set("eq eqs fig figs ref refs sec Eq Eqs Fig Figs Ref Refs Sec")
# Abbreviations that are written without a dot, too.
_DOTLESS = word_set("approx avg govt dept qty Approx Avg Govt Dept Qty")
_FIRST_OF_TWO = word_set("and he she his her him He She His And Mr yes either their")
_PHRASE = alternatives(_PHRASES)

_RATES = alternatives(("wk", "hr", "yr", "mo", "sec", "min", "day", "week", "hour", "person"))
ABBREVIATION_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"(?<![\w./])((?i:{_PHRASE}))(?<=[.\w/])(?!\w)(?:(?<=e\.g\.),|(?<=i\.e\.),)?",
        _phrase,
        words=in_any_case(first_words(_PHRASES)),
    ),
    rule(
        r"(?<![\w./])24/7/365(?!\w)",
        lambda f, b: "twenty-four seven three sixty-five",
        after="/",
    ),
    rule(
        rf"\b({alternatives(_COUNT)})\. ?(?=[$£€]?[0-9])",
        _counted,
        words=_COUNT,
    ),
    rule(
        rf"\b({alternatives(_NUMBERED)}) (?=[0-9])",
        lambda f, b: f"{COUNTED[f[1].lower()].capitalize()} ",
        words=_NUMBERED,
    ),
    rule(
        rf"\b({alternatives(_CITED)})\. (?=\([0-9])",
        lambda f, b: f"{COUNTED[f[1].lower()]} ",
        words=_CITED,
    ),
    rule(r"(?<=[\w.,] )v\.?(?= [A-Z])|\bvs(?![\w.])", _versus, words=("v", "vs")),
    rule(
        r"(?<![\w.])(?<![0-9½¼¾] )(?:ft|feat)\. (?=[A-Z])",
        lambda f, b: "featuring ",
        words=("ft", "feat"),
    ),
    rule(r"(?<![\w.])[Nn]o\.(?!\w)", _number, words=("No", "no")),
    rule(r"\b(Ste)\.? (?=[0-9])", lambda f, b: "Suite ", words=("Ste",)),
    rule(rf"\b({_TITLE})\.(?!\w)", _title, words=TITLES),
    rule(
        r"(?<![\w.'])(Mr|Mrs|Ms|Prof|Dr)(?= [A-Z])",
        _bare_title,
        words=("Mr", "Mrs", "Ms", "Prof", "Dr"),
    ),
    rule(
        r"(?<=[0-9](?:st|nd|rd|th) )(c|cent)\.(?!\w)",
        lambda f, b: with_dot("century", f),
        words=("c", "cent"),
    ),
    rule(
        r"(?<=\bF\.|\bS\.)(?: ?)([23])d\b\.?",
        lambda f, b: f" {ordinal(f[1])}",
        r"\. ?[23]d\b",
    ),
    rule(
        r"(?<=[0-9](?:st|nd|rd|th) )(Fl|Cir)\b\.?",
        lambda f, b: with_dot({"Fl": "Floor", "Cir": "Circuit"}[f[1]], f),
        words=("Fl", "Cir"),
    ),
    rule(rf"(?<![\w.])({_WORD})\.(?!\w)", _word, words=_WORDS),
    rule(
        rf"(?<![\w.-])({alternatives(_DOTLESS)})(?![\w.])",
        lambda f, b: _WORDS[f[1]],
        words=_DOTLESS,
    ),
    rule(
        r"(?<![\w.])((?:[A-Za-z]\.){2,}|(?:[A-Za-z]\.)+(?=[A-Za-z](?:'s)?(?![\w.])))([A-Za-z](?!\w"
        r"))?('s|-(?=[A-Za-z]))?",
        _letters,
        r"\.[A-Za-z]",
        words=ascii_letters,
    ),
    rule(
        r"(?<![\w.'])([A-HJ-Z])\.(?= [A-Z]\.|(?<!\b[A-Z] [A-Z]\.) [A-Z][a-z])",
        _initial,
        words=ascii_uppercase,
    ),
    rule(r"\b([A-Z])/([A-Z])(?![\w/])", lambda f, b: f"{f[1]} {f[2]}", "/", words=ascii_uppercase),
    rule(rf"(?<=[a-z])/({_RATES})(?![\w/])", lambda f, b: f" per {PER[f[1]]}", rf"/(?:{_RATES})"),
    rule(
        rf"\b({alternatives(_FIRST_OF_TWO)})/(or|she|he|her|his|"
        r"hers|him|Mrs|no|both|her)\b",
        _slashed,
        words=_FIRST_OF_TWO,
    ),
)
"""Rules for abbreviations, in order."""
