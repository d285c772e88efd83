"""Roman numerals by context: "Henry VIII", "Chapter XL", "the XIX century", "Rocky IV"."""

import re

from vits.text.english.abbreviations import COUNTED
from vits.text.english.numbers import cardinal, ordinal, year
from vits.text.languages.tables import in_any_case, word_set
from vits.text.rules import Rule, rule

__all__ = ["ROMAN_RULES", "roman_value"]

_COUNTED = (
    "Chapter|Part|Volume|Act|Scene|Book|Section|Article|Appendix|Title|Type|Phase|Class|Level|"
    "Episode|War|Bowl|Figure|Table|Unit|Grade|Stage|Round|Vol|Ch|Lesson|Canto|Psalm|Amendment|"
    "Olympiad|WrestleMania|Schedule|Annex|Exhibit|Group|Division|Factor|Mark|Page|Paragraph|"
    "Sec|Art|Pt|Fig|Corps|Apollo|Saturn|Symphony|Sonata|Opus|Sonnet|Sc|Concerto|Movement|Schedule|"
    "Tier|Zone"
)
_RULERS = (
    "Henry|Louis|Edward|George|James|Charles|William|Richard|Elizabeth|Pius|John|Paul|Benedict|"
    "Napoleon|Philip|Ferdinand|Frederick|Peter|Ivan|Nicholas|Alexander|Leo|Gregory|Innocent|"
    "Clement|Urban|Francis|Victor|Umberto|Catherine|Mary|Ramses|Ramesses|Ptolemy|Wilhelm|Julius|"
    "Sixtus|Boniface|Otto|Leopold|Christian|Gustav|Carl|Haakon|Olaf|Rudolf|Joseph|Friedrich|"
    "Robert|Alfonso|Albert|Baldwin|Margaret|Margrethe|Juan|Carlos|Felipe|Pedro|Maria|"
    "Emmanuel|Emanuel|Selim|Murad|Mehmed|Darius|Cyrus|Xerxes|Artaxerxes|Thutmose|Amenhotep|Seti|"
    "Constantine|Justinian|Theodosius|Michael|Stephen|Casimir|Sigismund|Augustus|Eric|Erik|Harald|"
    "Canute|Ethelred|Matilda|Isabella|Joan|Franz|Maximilian|Adrian|Celestine|Honorius|Sylvester|"
    "Callixtus|Martin|Eugene|Urban|Nicholas|Rama|Faisal|Abdullah|Hassan|Mohammed|Muhammad|Haile"
)
_STYLES = (
    "King|Queen|Pope|Emperor|Tsar|Czar|Prince|Duke|Sultan|Pharaoh|Kaiser|Lord|Earl|Saint|Empress"
)
_NUMERAL = r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
# "II, III and IV" after the first numeral.
_MORE = (
    rf"((?:(?:, ?|-|–|,? (?:and|or|to|of|&|through) )(?![ICDLM]\b){_NUMERAL}(?![\w&'-]|\.[A-Z]))*)"
)
_SMALL_NUMERAL = r"(?=[ivxl])(?:xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
# What small numerals count.
_PLACES = word_set("chapter page part act scene section book p pp ch vol sc volume")
_END = r"(?![\w&]|'(?!s)|\.[A-Z])"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# Words with a capital letter before "IV" that make it no number.
_NO_TITLES = word_set(
    """
    The An In On Of With And Or For Your His Her My Our Their This That No Is Vitamin
    """
)


def roman_value(numeral: str) -> int:
    """Return the value of a Roman numeral.

    >>> roman_value("XLIV"), roman_value("MCMXCIX")
    (44, 1999)
    """
    values = [_VALUES[char] for char in numeral.upper()]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))


def _counted(found: re.Match[str], british: bool) -> str | None:
    name = found[1]
    # "Exhibit C" and "Chapter I T" have letters.
    letter = found[2] in "CDLM" or re.match(" [A-Z](?!\\w)", found.string[found.end(2) :])
    if len(found[2]) == 1 and letter:
        return None
    if name.endswith(".") or name in ("Vol", "Ch"):
        words = COUNTED.get(name.rstrip(".").lower(), name)
        name = words.capitalize() if name[0].isupper() else words
    words = f"{name} {cardinal(roman_value(found[2]), british)}"
    return words + _list(found[3], british)


def _list(numerals: str, british: bool) -> str:
    """Return the words of ", II and III"."""
    parts = re.findall("([^IVXLCDM]+)([IVXLCDM]+)", numerals)
    words: list[str] = []
    for joint, numeral in parts:
        words.append(" to " if joint in "-–" else joint.replace("&", "and"))
        words.append(cardinal(roman_value(numeral), british))
    return "".join(words)


_AFTER_FIRST = re.compile(
    r"'s|[,.;:)]|$| (?:of|died|ruled|reigned|is|has|abdicated|succeeded)\b"
    r"| and [A-Z][a-z]+ [IVX]+\b"
)


def _ruler(found: re.Match[str], british: bool) -> str | None:
    rest = found.string[found.end() :]
    initial = re.match(r"\. ?[A-Z]", rest) is not None
    # "Henry I think", but "Elizabeth I's reign" and "James I, who"
    styled = re.match(rf"(?:{_STYLES}) ", found[1]) is not None
    pronoun = found[2] == "I" and not styled and _AFTER_FIRST.match(rest) is None
    if len(found[2]) == 1 and (found[2] not in "IVX" or initial or pronoun):
        return None
    value = roman_value(found[2])
    return f"{found[1]} the {ordinal(str(value), british)}" if value < 90 else None


def _century(found: re.Match[str], british: bool) -> str | None:
    # "7 P M Century" has a letter.
    return None if found[1] in "CDLM" else ordinal(str(roman_value(found[1])), british)


def _sequel(found: re.Match[str], british: bool) -> str | None:
    """Read "Rocky IV" and "Final Fantasy VII"."""
    if found[1] in _NO_TITLES:
        return None
    value = roman_value(found[2])
    words = f"{found[1]} {cardinal(value, british)}"
    return words + _list(found[3], british) if value < 40 else None


def _year(found: re.Match[str], british: bool) -> str | None:
    value = roman_value(found[0])
    return year(value, british) if 1000 <= value < 2200 else None


def _junior(found: re.Match[str], british: bool) -> str | None:
    last = re.split("[ ,]+", found[1])[-1].rstrip(".")
    if last.lower() in COUNTED or last.removesuffix("s") in _COUNTED.split("|"):
        return None  # "See Part III"
    if last[:2].isupper():
        return None  # "DVDs III"
    return f"{found[1]} the {ordinal(str(roman_value(found[2])), british)}"


ROMAN_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"(?<!\w)({_NUMERAL})(?:st|nd|rd|th)?(?= (?:[Cc]entur(?:y|ies)|[Dd]ynasty|[Oo]lympi\w+|"
        rf"[Cc]ongress))",
        _century,
        "[IVXLCDM](?:st|nd|rd|th)? [CcDdOo]",
    ),
    # "Henry I think": a single I is read only after words such as "Chapter".
    rule(rf"\b({_RULERS}) ({_NUMERAL}){_END}", _ruler, words=_RULERS.split("|")),
    rule(
        rf"\b((?:{_STYLES}) (?:[A-Z][a-z]+ )?[A-Z][a-z]+) ({_NUMERAL}){_END}",
        _ruler,
        words=_STYLES.split("|"),
    ),
    rule(
        rf"\b((?:{_COUNTED})(?:s|es|\.)?) ({_NUMERAL}){_END}{_MORE}",
        _counted,
        words=[name + ending for name in _COUNTED.split("|") for ending in ("", "s", "es")],
    ),
    rule(
        rf"\b((?i:chapter|page|part|act|scene|section|book|pp?\.|ch\.|vol\.|sc\.|"
        rf"volume)) ({_SMALL_NUMERAL})(?![\w'])()",
        _counted,
        r"[a-z.] [ivxl]+(?![\w.'])",
        words=in_any_case(_PLACES),
    ),
    rule(rf"\b([A-Z][a-z]+,? [A-Z][\w.]*|[A-Z]\.) (III){_END}", _junior, "III"),
    rule(
        rf"\b([A-Z][a-z'\u00e0-\u00ff]+) (?=[XVI]{{2}})((?:X{{0,3}})(?:IX|IV|V?I{{0,3}})){_END}"
        rf"{_MORE}",
        _sequel,
        "[IVX]{2}",
    ),
    rule(rf"(?<!\w)(?=M[MDCLXVI]{{3,}}){_NUMERAL}(?!\w)", _year, "M[MDCLXVI]{3}"),
)
"""Rules for Roman numerals, in order."""
