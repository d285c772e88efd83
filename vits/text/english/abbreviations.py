"""Abbreviations: titles, addresses, units of time, Latin, initials, points of the compass."""

import re

from vits.text.english.context import ends_sentence, hour_ends_sentence, previous_word
from vits.text.languages.tables import word_set
from vits.text.rules import Rule, rule

__all__ = ["ABBREVIATIONS", "ABBREVIATION_RULES", "COUNTED", "STREETS", "TITLES"]

TITLES = {
    "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Prof": "Professor", "Rev": "Reverend",
    "Hon": "Honorable", "Gen": "General", "Col": "Colonel", "Capt": "Captain", "Cpt": "Captain",
    "Lt": "Lieutenant", "Sgt": "Sergeant", "Maj": "Major", "Cmdr": "Commander", "Cpl": "Corporal",
    "Pvt": "Private", "Adm": "Admiral", "Gov": "Governor", "Sen": "Senator",
    "Rep": "Representative", "Pres": "President", "Mt": "Mount", "Ft": "Fort", "Pt": "Point",
    "Messrs": "Messieurs", "Fr": "Father", "Br": "Brother", "Supt": "Superintendent",
    "Insp": "Inspector", "Amb": "Ambassador", "Atty": "Attorney", "Treas": "Treasurer",
    "Sec": "Secretary", "Dist": "District",
}  # fmt: skip
"""Abbreviations before a name; their dot never ends a sentence."""

STREETS = {
    "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Ct": "Court",
    "Pl": "Place", "Hwy": "Highway", "Pkwy": "Parkway", "Pky": "Parkway", "Sq": "Square",
    "Ter": "Terrace", "Terr": "Terrace", "Cir": "Circle", "Trl": "Trail", "Expy": "Expressway",
    "Fwy": "Freeway", "Tpke": "Turnpike", "Cres": "Crescent", "Hts": "Heights",
}  # fmt: skip
"""Abbreviations after the name of a street."""

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
    "incl": "including", "excl": "excluding", "esp": "especially", "cont": "continued",
    "misc": "miscellaneous", "tel": "telephone", "Tel": "Telephone", "al": "al",
    "max": "maximum", "Max": "Maximum", "temp": "temperature", "Temp": "Temperature",
    "orig": "originally", "resp": "respectively",
    "hosp": "hospital", "Hosp": "Hospital", "Bldg": "Building", "bldg": "building",
    "Apt": "Apartment", "apt": "apartment", "Apts": "Apartments", "Ste": "Suite", "Rte": "Route",
    "Rt": "Route", "Rm": "Room", "Fl": "Floor", "Mtn": "Mountain", "Mts": "Mountains",
    "Cem": "Cemetery", "Twp": "Township", "Dr": "Drive", "qty": "quantity", "Qty": "Quantity",
    "lbs": "pounds", "hrs": "hours", "mins": "minutes", "secs": "seconds", "yrs": "years",
    "mos": "months", "wks": "weeks", "oz": "ounces", "tbsp": "tablespoons", "tsp": "teaspoons",
    "mph": "miles per hour", "ed": "editor", "eds": "editors", "trans": "translated",
    "Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California",
    "Colo": "Colorado", "Conn": "Connecticut", "Del": "Delaware", "Fla": "Florida",
    "Ga": "Georgia", "Ind": "Indiana", "Kan": "Kansas", "Ky": "Kentucky", "La": "Louisiana",
    "Md": "Maryland", "Mich": "Michigan", "Minn": "Minnesota", "Mo": "Missouri",
    "Mont": "Montana", "Neb": "Nebraska", "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon",
    "Penn": "Pennsylvania", "Tenn": "Tennessee", "Tex": "Texas", "Vt": "Vermont",
    "Va": "Virginia", "Wis": "Wisconsin", "Wyo": "Wyoming", "Mass": "Massachusetts",
    "Miss": "Mississippi", "Wash": "Washington", "Ill": "Illinois",
}  # fmt: skip
# These are ordinary words as well: abbreviations only before a digit, a comma or a small letter.
_AMBIGUOUS = word_set(
    """
    Mar Mon Max max temp ext al ca ed Miss Mass Wash Ill Ore Mo La Ind Del Conn Fl Rt Penn
    Kan Rm trans orig misc Tex tel esp cont Ga Md Va Ky Ark Dr Fri
    """
)
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
    "ps": "psalm",
}  # fmt: skip
"""Abbreviations that are such before a number only."""

# Phrases, whose dots never end a sentence unless the text ends.
_PHRASES = {
    "e.g.": "for example,", "i.e.": "that is,", "a.k.a.": "also known as", "aka": "also known as",
    "w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of", "et al.": "et al",
    "P.S.": "P S", "N.B.": "N B", "n/a": "N A", "N/A": "N A", "Ph.D.": "P H D", "PhD": "P H D",
    "PhDs": "P H Ds", "Ph.D": "P H D", "w/in": "within", "R.I.P.": "R I P", "MSc": "M S C",
    "BSc": "B S C",
    "a/c": "A C", "p.a.": "per annum", "h/w": "hardware", "s/w": "software",
    "asap": "as soon as possible", "WWII": "World War two", "WW2": "World War two",
    "YoY": "year over year", "QoQ": "quarter over quarter", "MoM": "month over month",
    "WWI": "World War one", "WW1": "World War one",
}  # fmt: skip
ABBREVIATIONS = frozenset({*TITLES, *STREETS, *_WORDS, "Dr", "St"})
"""All abbreviations of one word that are written with a dot."""

_COMPASS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest",
    "SE": "Southeast", "SW": "Southwest",
}  # fmt: skip
_POINT = r"(N\.?[EW]\.?|S\.?[EW]\.?|[NSEW]\.?)"
_SUFFIX = rf"(?:St|Street|Dr|Drive|Way|Boulevard|Road|Avenue|Lane|{'|'.join(STREETS)})"
_HOUSE = re.compile(
    r"(?:\b[0-9]+\w*,? |\b(?:on|at|of|onto|off|near|and|down|along|from|to) )(?:[NSEW]\.? |"
    r"(?:North|South|East|West) )?(?:[A-Z0-9][\w.']* ){1,3}$"
)
_NUMBERED = re.compile(
    r"\b[0-9]+\w* (?:[NSEW]\.? |(?:North|South|East|West) )?(?:[A-Z][\w.']* |[0-9]+(?:st|nd|rd|"
    r"th) ){1,3}$"
)


def _dotted(words: str, found: re.Match[str]) -> str:
    """Add the dot if it also ends the sentence."""
    return words + ("." if ends_sentence(found.string, found.end()) else "")


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
    return TITLES[found[1]]


def _bare_title(found: re.Match[str], british: bool) -> str | None:
    """Read "Dr Who" and "Mrs Jones", the British way to write them."""
    name = found[1]
    if previous_word(found.string, found.start())[:1].isupper() and name == "Dr":
        return None
    return "Doctor" if name == "Dr" else TITLES[name]


def _word(found: re.Match[str], british: bool) -> str | None:
    name, text = found[1], found.string
    after = text[found.end() :]
    if name in _AMBIGUOUS:
        state = name in _STATES and re.search(
            r"[a-z],? $", text[max(0, found.start() - 3) : found.start()]
        )
        if name in _STATES and not state:
            return None
        if not state and re.match(r" ?[0-9a-z,]", after) is None:
            return None
        if name == "Dr" or (name in ("Max", "Fri", "Mon") and not after.strip()):
            return None
    return _dotted(_WORDS[name], found)


def _counted(found: re.Match[str], british: bool) -> str | None:
    key = found[1].lower()
    if key not in COUNTED:
        return None
    if key == "est" and found.string[found.end()] in "$£€":
        return "estimated "
    words = COUNTED[key]
    if found[1][0].isupper() and key not in ("no", "nos", "p", "pp", "nr"):
        words = words.capitalize()
    return words + " "


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
        return _dotted(in_address, found)
    return before_name if found[1] == "Dr" else _dotted(in_address, found)


def _street(found: re.Match[str], british: bool) -> str | None:
    """Read the abbreviation after the name of a street, with or without a dot."""
    name, text = found[1], found.string
    before = text[max(0, found.start() - 60) : found.start()]
    dot = found[2]
    names = {**STREETS, "St": "Street", "Dr": "Drive"}
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
    return _dotted(names[name], found) if dot else names[name]


def _compass(found: re.Match[str], british: bool) -> str | None:
    """Read "42 W. 5th St." and "5 mi. N. of town"."""
    point = _COMPASS.get(found[1].replace(".", ""))
    return point


def _compass_of(found: re.Match[str], british: bool) -> str | None:
    point = _COMPASS.get(found[1].replace(".", ""))
    return None if point is None else point.lower()


def _compass_after(found: re.Match[str], british: bool) -> str | None:
    """Read "14th St. NW" and "Pennsylvania Ave. NW"."""
    point = _COMPASS.get(found[2].replace(".", ""))
    if point is None:
        return None
    names = {**STREETS, "St": "Street", "Dr": "Drive"}
    end = "." if found[2].endswith(".") and ends_sentence(found.string, found.end()) else ""
    return f"{names.get(found[1], found[1])} {point}{end}"


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
    return _dotted(words, found)


def _initial(found: re.Match[str], british: bool) -> str | None:
    """Read "J. Smith": an initial, not the end of a sentence."""
    return None if ends_sentence(found.string, found.end()) else found[1]


def _versus(found: re.Match[str], british: bool) -> str:
    return "versus"


_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June",
    "Jul": "July", "Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October",
    "Nov": "November", "Dec": "December",
}  # fmt: skip
_SHORT = "|".join(sorted({**_DAYS, **_MONTHS}, key=len, reverse=True))


def _weekday(found: re.Match[str], british: bool) -> str:
    return _DAYS[found[1]]


def _period(found: re.Match[str], british: bool) -> str | None:
    """Read "Mon-Fri" and "Jan.-Mar."."""
    names = (_DAYS, _MONTHS)[found[1] in _MONTHS]
    return f"{names[found[1]]} to {names[found[2]]}" if found[2] in names else None


def _slashed(found: re.Match[str], british: bool) -> str:
    """Read "he/she" and "and/or"."""
    return f"{found[1]} {found[2]}" if found[1].lower() == "and" else f"{found[1]} or {found[2]}"


_TITLE = "|".join(TITLES)
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_COUNT = "|".join(sorted(COUNTED, key=len, reverse=True))
_PHRASE = "|".join(re.escape(key) for key in sorted(_PHRASES, key=len, reverse=True))

_DOT = r"\.(?=\W)|\b[A-Za-z]{1,6}\.$"
ABBREVIATION_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"\b({_SHORT})\.? ?[-–—] ?({_SHORT})\b(?:\.(?! [A-Z]|$))?",
        _period,
        "[a-z]\\.? ?[-–—] ?[A-Z]",
    ),
    rule(
        rf"(?<![\w./])((?i:{_PHRASE}))(?<=[.\w/])(?!\w)(?:(?<=e\.g\.),|(?<=i\.e\.),)?",
        _phrase,
        r"\w\.\w|\w/|[Aa]ka|[Aa]sap|ASAP|AKA|PhD|[MB]Sc|et al|WW|YoY|QoQ|MoM",
    ),
    rule(
        rf"\b({_COUNT}|{_COUNT.title()})\. ?(?=[$£€]?[0-9])",
        _counted,
        r"\b[A-Za-z]{1,5}\. ?[$£€]?[0-9]",
        "0123456789",
    ),
    rule(r"(?<=\w )v\.?(?= [A-Z])|\bvs(?![\w.])", _versus, r"\bv"),
    rule(
        rf"(?<=[0-9] ){_POINT} (?=(?:[0-9]+(?:st|nd|rd|th)|[A-Z][\w.']*)(?: [A-Z][\w.']*){{0,2}} "
        rf"{_SUFFIX}\b)",
        lambda f, b: f"{_compass(f, b)} ",
        "[0-9] [NSEW]",
    ),
    rule(rf"(?<![\w.]){_POINT}(?= of\b)", _compass_of, "[NSEW]\\.? of"),
    rule(rf"\b({_SUFFIX})\.?,? {_POINT}(?!\w)", _compass_after, " [NS]"),
    rule(r"\b(Dr|St)\.(?!\w)", _doctor_or_street, _DOT),
    rule(rf"\b(St|Dr|{'|'.join(STREETS)})(\.)(?!\w)", _street, _DOT),
    rule(
        rf"\b(St|Dr|{'|'.join(STREETS)})()(?![\w.])",
        _street,
        "(?:St|Dr|Ave?|Blvd|Rd|Ln|Ct|Pl|Hwy|Pkwy|Sq|Cir)\\b",
    ),
    rule(r"\b(Ste)\.? (?=[0-9])", lambda f, b: "Suite ", "Ste"),
    rule(rf"\b({_TITLE})\.(?!\w)", _title, _DOT),
    rule(
        r"(?<![\w.'])(Mr|Mrs|Ms|Prof|Dr)(?= [A-Z])",
        _bare_title,
        "(?:Mrs?|Ms|Prof|Dr) [A-Z]",
    ),
    rule(
        rf"\b({'|'.join(_DAYS)})(?=,? (?:(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?)?"
        rf"(?:{'|'.join(_MONTHS)}|May)[a-z]*\b)",
        _weekday,
        "[a-z],? (?:[0-9]|[A-Z])",
    ),
    rule(
        rf"(?<![\w.]){_POINT} (?=[0-9]+(?:st|nd|rd|th) {_SUFFIX}\b)",
        lambda f, b: f"{_compass(f, b)} ",
        "[NSEW][EW]?\\.? [0-9]",
    ),
    rule(
        r"(?<=on |or |nd |ry |is |xt |st )(Sat|Sun|Wed|Mon|Fri)(\.)(?!\w)",
        lambda f, b: _dotted(_weekday(f, b), f),
        _DOT,
    ),
    rule(
        r"\b(Sat|Sun|Wed)\.(?= ?(?:,|[0-9]|-|and |or |to |at |[A-Z][a-z]+ [0-9]|morning|night|"
        r"evening))",
        _weekday,
        _DOT,
    ),
    rule(
        r"(?<=[0-9](?:st|nd|rd|th) )(c|cent)\.(?!\w)",
        lambda f, b: _dotted("century", f),
        r"c\.|cent\.",
    ),
    rule(r"(?<=[0-9](?:st|nd|rd|th) )(Fl)\b\.?", lambda f, b: _dotted("Floor", f), "Fl"),
    rule(rf"(?<![\w.])({_WORD})\.(?!\w)", _word, _DOT),
    rule(
        r"(?<![\w.-])(approx|avg|govt|dept|qty|Approx|Avg|Govt|Dept|Qty)(?![\w.])",
        lambda f, b: _WORDS[f[1]],
        "(?i:approx|avg|govt|dept|qty)",
    ),
    rule(
        r"(?<![\w.])((?:[A-Za-z]\.){2,}|(?:[A-Za-z]\.)+(?=[A-Za-z](?:'s)?(?![\w.])))([A-Za-z](?!\w"
        r"))?('s|-(?=[A-Za-z]))?",
        _letters,
        r"[A-Za-z]\.[A-Za-z]",
    ),
    rule(
        r"(?<![\w.'])([A-HJ-Z])\.(?= [A-Z]\.|(?<!\b[A-Z] [A-Z]\.) [A-Z][a-z])",
        _initial,
        r"[A-Z]\. ",
    ),
    rule(
        r"\b(and|he|she|his|her|him|him|He|She|His|And|Mr|yes|either|their)/(or|she|he|her|his|"
        r"hers|him|Mrs|no|both|her)\b",
        _slashed,
        "[a-z]/[a-z]",
    ),
)
"""Rules for abbreviations, in order."""
