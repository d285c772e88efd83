"""English written forms to words: abbreviations, signs, Roman numerals and quantities."""

import re

from vits.text.english.numbers import cardinal, ordinal
from vits.text.english.quantities import expand_quantities

__all__ = ["ABBREVIATIONS", "expand_english"]

# Before a name or a number; the dot never ends a sentence.
_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missis",
    "Ms": "Miz",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Hon": "Honorable",
    "Gen": "General",
    "Col": "Colonel",
    "Capt": "Captain",
    "Cpt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Maj": "Major",
    "Cmdr": "Commander",
    "Gov": "Governor",
    "Sen": "Senator",
    "Rep": "Representative",
    "Pres": "President",
    "Mt": "Mount",
    "Ft": "Fort",
    "vs": "versus",
    "approx": "approximately",
    "Messrs": "Messieurs",
}
# These can end a sentence; the dot then stays.
_WORDS = {
    "etc": "et cetera",
    "Jr": "Junior",
    "Sr": "Senior",
    "Esq": "Esquire",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Co": "Company",
    "Corp": "Corporation",
    "Bros": "Brothers",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "dept": "department",
    "Dept": "Department",
    "Jan": "January",
    "Feb": "February",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
# Abbreviations only before a number.
_COUNTED = {
    "no": "number",
    "nos": "numbers",
    "p": "page",
    "pp": "pages",
    "vol": "volume",
    "vols": "volumes",
    "ch": "chapter",
    "fig": "figure",
    "figs": "figures",
    "sec": "section",
    "art": "article",
    "eq": "equation",
}
ABBREVIATIONS = frozenset({*_TITLES, *_WORDS, "Dr", "St"})
_END = r"(?=[\"')\]]*(?: [\"'(]*[A-Z]|$))"
_HOUSE = re.compile(r"\b[0-9]+\w* (?:[A-Z]\w* ){1,3}$")

_NUMBERED = (
    "Chapter|Part|Volume|Act|Scene|Book|Section|Article|Appendix|Title|Type|Phase|Class|Level|"
    "Episode|War|Bowl|Figure|Table|Unit|Grade|Stage|Round"
)
_RULERS = (
    "Henry|Louis|Edward|George|James|Charles|William|Richard|Elizabeth|Pius|John|Paul|Benedict|"
    "Napoleon|Philip|Ferdinand|Frederick|Peter|Ivan|Nicholas|Alexander|Leo|Gregory|Innocent|"
    "Clement|Urban|Francis|Victor|Umberto|Catherine|Mary|Ramses|Ramesses|Ptolemy|Wilhelm|Julius|"
    "Sixtus|Boniface|Otto|Leopold|Christian|Gustav|Carl|Haakon|Olaf|Rudolf|Joseph|Friedrich"
)
_ROMAN = r"X{0,3}(?:IX|IV|V?I{0,3})"


def expand_english(text: str, *, british: bool = False) -> str:
    """Return cleaned English text with abbreviations, numbers and signs replaced by words.

    Args:
        text: one line of text, cleaned by ``vits.text.normalize``.
        british: read dates day first, and numbers with "and" ("one hundred and one").
    """
    for sign, plain in (("½", "1/2"), ("¼", "1/4"), ("¾", "3/4"), ("⅓", "1/3"), ("⅔", "2/3")):
        text = re.sub(rf"(?<=[0-9]){sign}", f" {plain}", text).replace(sign, plain)
    text = _roman(_abbreviations(text), british)
    text = re.sub(r"(?:#|№ ?)(?=[0-9])", "number ", text)
    text = re.sub(r"(?<!\w)~ ?(?=[0-9])", "about ", text)
    text = expand_quantities(text, british)
    text = re.sub(r"\b(and|And)/(or)\b", r"\1 \2", text)
    # "AT&T" stays; espeak-ng knows it.
    text = re.sub(r"(?<!\w)&|&(?!\w)", " and ", text)
    return text.replace("<", " less than ").replace(">", " greater than ")


def _abbreviations(text: str) -> str:
    """Expand abbreviations that end in a dot, and drop the last dot of acronyms."""
    text = re.sub(r"\b([Pp])h\.D\b", "P.H.D", text)
    text = re.sub(r"\b[Ee]\.g\.,?", "for example,", text)
    text = re.sub(r"\b[Ii]\.e\.,?", "that is,", text)
    text = re.sub(r"\bvs\b(?!\.)", "versus", text)
    counted = "|".join(sorted(_COUNTED, key=len, reverse=True))
    text = re.sub(
        rf"\b({counted}|{counted.title()})\. ?(?=[0-9])",
        lambda found: f"{_COUNTED[found[1].lower()]} ",
        text,
    )
    text = re.sub(r"\b(Dr|St)\.(?!\w)", _doctor_or_street, text)
    text = re.sub(rf"\b({'|'.join(_TITLES)})\.(?!\w)", lambda found: _TITLES[found[1]], text)
    words = "|".join(_WORDS)
    text = re.sub(rf"\b({words})\.(?!\w){_END}", lambda found: f"{_WORDS[found[1]]}.", text)
    text = re.sub(rf"\b({words})\.(?!\w)", lambda found: _WORDS[found[1]], text)
    # The inner dots stay; espeak-ng spells "U.S" but reads "US" and "a m" as words.
    text = re.sub(r"(?<![\w.])((?:[A-Za-z]\.)+[A-Za-z])\.(?!\w|[\"')]*$)", r"\1", text)
    return re.sub(r"(?<![\w.'])([A-HJ-Z])\. (?=[A-Z](?:[a-z]|\.))", r"\1 ", text)


def _doctor_or_street(found: re.Match[str]) -> str:
    """Decide between "Doctor Smith" and "Elm Drive", "Saint Paul" and "Elm Street"."""
    before, after = found.string[max(0, found.start() - 80) : found.start()], found.string
    before_capital = re.compile(r" [A-Z]").match(after, found.end()) is not None
    before_name, in_address = {"Dr": ("Doctor", "Drive"), "St": ("Saint", "Street")}[found[1]]
    if before_capital and not _HOUSE.search(before):
        return before_name
    if re.search(r"[A-Z]\w* $", before):
        ends = re.compile(_END).match(after, found.end()) is not None
        return in_address + ("." if ends else "")
    return before_name if found[1] == "Dr" else in_address


def _roman(text: str, british: bool) -> str:
    """Read Roman numerals after the name of a ruler or a word such as "Chapter"."""

    def value(numeral: str) -> int:
        values = [{"I": 1, "V": 5, "X": 10}[char] for char in numeral]
        following = [*values[1:], 0]
        return sum(-v if v < after else v for v, after in zip(values, following, strict=True))

    def counted(found: re.Match[str]) -> str:
        return f"{found[1]} {cardinal(value(found[2]), british)}"

    def ruler(found: re.Match[str]) -> str:
        return f"{found[1]} the {ordinal(str(value(found[2])), british)}"

    # In "Henry I think", I is a pronoun: read a single I only after words such as "Chapter".
    tail = r"(?![\w'])"
    text = re.sub(rf"\b({_NUMBERED}) (?=[IVX])({_ROMAN}){tail}", counted, text)
    return re.sub(rf"\b({_RULERS}) (?!I{tail})(?=[IVX])({_ROMAN}){tail}", ruler, text)
