"""Plain numbers: cardinals, ordinals, years, ranges, scores, ratios, fractions, versions."""

import re

from vits.text.english.amounts import AMOUNT, is_mixed, read_amount, read_fraction, read_range
from vits.text.english.context import next_word, previous_word
from vits.text.english.dates import is_improper, read_year
from vits.text.english.numbers import NUMBER, cardinal, number, ordinal, pairs, plural, year
from vits.text.languages.tables import first_words, word_set
from vits.text.rules import Rule, rule

__all__ = ["COUNT_RULES", "NAMED_NUMBER_RULES"]

_BOOKS = (
    "Genesis|Exodus|Leviticus|Numbers|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Ezra|"
    "Nehemiah|Esther|Job|Psalm|Psalms|Proverbs|Ecclesiastes|Isaiah|Jeremiah|Lamentations|Ezekiel|"
    "Daniel|Hosea|Joel|Amos|Obadiah|Jonah|Micah|Nahum|Habakkuk|Zephaniah|Haggai|Zechariah|"
    "Malachi|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|Ephesians|Philippians|"
    "Colossians|Thessalonians|Timothy|Titus|Philemon|Hebrews|James|Peter|Jude|Revelation|Song of "
    "Songs|Quran|Surah|Sura|Gen|Matt|Rev|Cor|Rom|Ps|Isa|Jer|"
    "Exod|Lev|Deut|Josh|Sam|Chr|Prov|Eccl|Ezek|Dan|Hos|Mic|Hab|Zech|Mal|Mk|Lk|Jn|Gal|Eph|Phil|"
    "Col|Thess|Tim|Heb|Jas|Pet"
)
_ONE_BEFORE_BOOKS = (
    "Samuel|Kings|Chronicles|Corinthians|Thessalonians|Timothy|Peter|John|Cor|"
    "Sam|Chr|Thess|Tim|Pet|Jn"
)
_NAMED = (
    "Boeing|Airbus|Flight|flight|Route|Highway|Interstate|Room|room|Porsche|Ferrari|Embraer|"
    "Peugeot|Suite|Apartment|Exhibit 399"
)
_COUNTED = word_set(
    """
    people men women children cattle sheep fish mice feet dozen pages
    """
)
_YEAR_BEFORE = word_set(
    """
    in by since until till from of before after during circa year years spring summer autumn
    fall winter early late mid through the january february march april may june july august
    september october november december and to or between late about anno domini ad
    """
)
_PLURAL = re.compile(r"[a-z]{2,}[^s\W\d]s")
_NO_PLURALS = word_set(
    """
    was his is has this its us as plus yes thus perhaps across always sometimes towards
    besides afterwards olympics elections paralympics championships finals games playoffs
    """
)


_NUMBERED = (
    "Chapter", "Section", "Part", "Lesson", "Unit", "Episode", "Track", "Volume", "Day", "Week",
    "Level", "Season", "Question",
)  # fmt: skip
_SHORT_BOOKS = {
    "Ps": "Psalm", "Rev": "Revelation", "Cor": "Corinthians", "Gen": "Genesis", "Matt": "Matthew",
    "Rom": "Romans", "Isa": "Isaiah", "Jer": "Jeremiah", "Exod": "Exodus", "Lev": "Leviticus",
    "Deut": "Deuteronomy", "Josh": "Joshua", "Sam": "Samuel", "Chr": "Chronicles",
    "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Ezek": "Ezekiel", "Dan": "Daniel",
    "Hos": "Hosea", "Mic": "Micah", "Hab": "Habakkuk", "Zech": "Zechariah", "Mal": "Malachi",
    "Mk": "Mark", "Lk": "Luke", "Jn": "John", "Gal": "Galatians", "Eph": "Ephesians",
    "Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians", "Tim": "Timothy",
    "Heb": "Hebrews", "Jas": "James", "Pet": "Peter",
}  # fmt: skip


def _verses(found: re.Match[str], british: bool) -> str:
    book, chapter, first, last = found.groups()
    book = _SHORT_BOOKS.get(book, book)
    words = f"{book} {cardinal(int(chapter), british)}"
    if last is None:
        return f"{words} {cardinal(int(first), british)}"
    return f"{words} verses {cardinal(int(first), british)} to {cardinal(int(last), british)}"


def _numbered_book(found: re.Match[str], british: bool) -> str:
    return {"1": "First ", "2": "Second ", "3": "Third "}[found[1]]


_PARTS = re.compile(
    r"\b(?:attempt|step|page|part|slide|lap|round|day|week|question|level|stage|test|phase|item|game|"
    r"episode|file|chunk|try|batch|epoch|player) $"
)


def _score(found: re.Match[str], british: bool) -> str | None:
    """Read "10/10" and "a 7/10" as scores, "120/80" as a pressure, "24/7" as it stands."""
    top, bottom = int(found[1]), int(found[2])
    before = found.string[max(0, found.start() - 40) : found.start()].lower()
    if is_improper(found):
        if re.search(r"\b(?:odds|bet|favou?rite|outsider)\b", before):
            return f"{cardinal(top, british)} to {cardinal(bottom, british)}"
        return read_fraction(top, bottom, british)
    spoken = f"{cardinal(top, british)} {cardinal(bottom, british)}"
    if _PARTS.search(before) and top <= bottom:
        return f"{cardinal(top, british)} of {cardinal(bottom, british)}"
    rated = re.search(
        r"\b(?:got|gets?|scor\w*|rat\w*|gave|gives?|grade\w*|marks?|earned|solid|perfect|it's|its|"
        r"(?:gave|give|got) \w+(?: an?)?)(?: (?:it|an?|him|her|them|of|is|was|the|only|just))* $",
        before,
    )
    if (
        bottom in (5, 10, 20, 25, 30, 40, 50, 100)
        and top <= bottom
        and (rated or top == bottom != 50)
        and ((top, bottom) != (20, 20) or not found.string.startswith(" vision", found.end()))
    ):
        return f"{cardinal(top, british)} out of {cardinal(bottom, british)}"
    if (
        bottom in (5, 10, 100)
        and top < bottom
        and re.match(r" [a-z]{3,}s\b", found.string[found.end() :])
    ):
        return f"{cardinal(top, british)} out of {cardinal(bottom, british)}"
    if re.search(r"pressure|\bbp\b|systolic", before) or (
        70 <= top <= 230 and 40 <= bottom <= 130 < top + 40
    ):
        return (
            f"{cardinal(top, british)} over {cardinal(bottom, british)}" if top > bottom else None
        )
    if top >= bottom or bottom < 2 or (top, bottom) == (9, 11):
        return spoken
    return None


def _fraction(found: re.Match[str], british: bool) -> str | None:
    return read_amount(found[0], british) if is_mixed(found[0]) else None


def _serial(found: re.Match[str], british: bool) -> str:
    """Read the name of an aircraft, a flight or a road: "Boeing 737-800"."""
    head, *parts = re.split("[ -]+", found[0])
    return " ".join([head, *(_letters_and_pairs(part) for part in parts)])


def _letters_and_pairs(text: str) -> str:
    letters = re.match("[A-Z]*", text)
    assert letters is not None
    rest = text[letters.end() :]
    number_part = rest.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    words = [*letters[0], *([pairs(number_part)] if number_part else []), *rest[len(number_part) :]]
    return " ".join(words)


def _airbus(found: re.Match[str], british: bool) -> str:
    words = f"A {pairs(found[1])}"
    words += f" {pairs(found[2])}" if found[2] else ""
    return plural(words) if found[3] else words


def _code(found: re.Match[str], british: bool) -> str:
    """Read "AA123", a flight, and "CS101", a course."""
    return f"{' '.join(found[1])} {pairs(found[2])}"


def _clause(found: re.Match[str], british: bool) -> str:
    """Read "401(k)" and "501(c)(3)"."""
    letter = found[2]
    words = f"{pairs(found[1])} {letter}"
    return words if found[3] is None else f"{words} {cardinal(int(found[3]))}"


def _road(found: re.Match[str], british: bool) -> str:
    name = "Highway" if found[0].startswith("H") else "Route"
    return f"{name} {pairs(found[1])}"


def _letter_number(found: re.Match[str], british: bool) -> str:
    """Read "COVID-19", "F-16", "G-7"; the hyphen is no minus."""
    return f"{found[1]}-{number(found[2], british)}"


def _range(found: re.Match[str], british: bool) -> str | None:
    first, second = found[1], found[2]
    before = previous_word(found.string, found.start()).lower()
    years = all(re.fullmatch("1[0-9]{3}|20[0-9]{2}", value) for value in (first, second))
    if years and before not in ("pages", "pp", "numbers"):
        return f"{year(int(first), british)} to {year(int(second), british)}"
    if first.startswith("0") and len(first) > 2:
        return None
    if first == second == "50":
        return "fifty fifty"
    return read_range(f"{first}-{second}", british)


def _ratio(found: re.Match[str], british: bool) -> str:
    return " to ".join(number(part, british) for part in found[0].split(":"))


def _version(found: re.Match[str], british: bool) -> str:
    return " point ".join(number(part, british) for part in found[0].split("."))


def _ordinal(found: re.Match[str], british: bool) -> str:
    return ordinal(found[1], british)


def _in_letters(found: re.Match[str], british: bool) -> str:
    """Read numbers with a leading zero after "Chapter" and the like: "Chapter 01"."""
    return f"{found[1]} {cardinal(int(found[2]), british)}"


def _plain(found: re.Match[str], british: bool) -> str:
    value, text = found[0], found.string
    if value.startswith("."):
        return number(value, british)
    if re.fullmatch("1[1-9][0-9]{2}|20[0-9]{2}", value) and not _is_count(text, found):
        return read_year(int(value), british)
    return number(value, british)


def _is_count(text: str, found: re.Match[str]) -> bool:
    """Tell "1234 apples" and "2024 items" from years."""
    after = next_word(text, found.end())
    if not text[found.end() : found.end() + 1].isspace():
        return False
    if previous_word(text, found.start()).lower().strip(".,") in _YEAR_BEFORE:
        return False
    plural = _PLURAL.fullmatch(after) is not None and after not in _NO_PLURALS
    return plural or after in _COUNTED


NAMED_NUMBER_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"\b({_BOOKS})\.? ([0-9]{{1,3}}):([0-9]{{1,3}})(?:[-–]([0-9]{{1,3}}))?(?!\w)",
        _verses,
        "[a-z.] [0-9]+:[0-9]",
        words=first_words(_BOOKS.split("|")),
    ),
    rule(
        rf"(?<![\w.,])([123]) (?=(?:{_ONE_BEFORE_BOOKS})\.? [0-9])",
        _numbered_book,
        "[123] [A-Z]",
        after=" ",
    ),
    rule(
        rf"\b(?:{_NAMED}) (?:[A-Z]{{1,2}} ?)?[0-9]{{1,4}}(?:-[0-9]{{1,4}})?[A-Z]{{0,2}}(?![\w,]|"
        rf"\.[0-9])",
        _serial,
        words=first_words(_NAMED.split("|")),
    ),
    rule(r"\b(?:Hwy|Rte|Rt)\.? ([0-9]{1,4})(?![\w,]|\.[0-9])", _road, words=("Hwy", "Rte", "Rt")),
    rule(
        r"(?<![\w.-])(40[13]|457|50[13]|529)\(([a-z])\)(?:\(([0-9])\))?",
        _clause,
        after="(",
    ),
    rule(
        r"(?<![\w.&@#/-])((?!A3|H[0-9])[A-Z]{2})([1-9][0-9]{2,3})(?![\w/-]|[.,][0-9])",
        _code,
        "[A-Z]{2}[0-9]{3}",
    ),
    rule(r"(?<!\w)A(3[0-9]{2})(?:-([0-9]{1,4}))?(s?)(?![\w.]*[0-9])", _airbus, words=("A",)),
    rule(
        r"(?:(?<=[A-Z])|(?<=[A-Z]-))([0-9]{1,4})s(?![\w'])",
        lambda f, _: plural(pairs(f[1])),
        after="s",
    ),
)
"""Rules for verses, aircraft, flights and roads, in order."""

COUNT_RULES: tuple[Rule[bool], ...] = (
    rule(
        r"(?<!\w)(7[0-9]7)-([0-9]{1,3})(?!\w)",
        lambda f, _: f"{pairs(f[1])} {pairs(f[2])}",
        after="-",
    ),
    rule(
        r"(?<=\b[Aa] )(7[0-9]7)(?![\w.,-]*[0-9]|[ -][a-z]+s\b)", lambda f, _: pairs(f[1]), "7[0-9]7"
    ),
    rule(
        r"(?<![\w.,])(480|720|1080|1440|2160)([pi])(?!\w)",
        lambda f, _: f"{pairs(f[1])} {f[2]}",
        after="pi",
    ),
    rule(
        rf"\b({'|'.join(_NUMBERED)})"
        r" 0+([1-9][0-9]*)(?![\w.,]*[0-9])",
        _in_letters,
        "[a-z] 0",
        words=_NUMBERED,
    ),
    rule(r"(?<![\w./,-])([0-9]{1,4})/([0-9]{1,4})(?![\w/]|\.[0-9])", _score, after="/"),
    rule(
        r"(?<![\w./,-])([0-9]{1,2}\.[0-9]{1,2})/(5|10|100)(?![\w/]|\.[0-9])",
        lambda f, b: f"{number(f[1], b)} out of {number(f[2], b)}",
        after=".",
    ),
    rule(
        rf"(?<![\w./,$£€-])(?:~ ?)?(?={AMOUNT}(?!\w))(?:[0-9]{{1,4}}[ -])?(?:[0-9]{{1,4}}[/⁄][0-9]"
        rf"{{1,4}}|(?:[0-9]{{1,4}} ?)?[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])(?![\w/]|\.[0-9])",
        _fraction,
        chars="/⁄½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒",
        numeric=True,
    ),
    rule(
        r"(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:st|nd|rd|th|ST|ND|RD|TH)\b",
        _ordinal,
        after="snrtSNRT,",
    ),
    rule(r"\b([A-Za-z]+)-([0-9]+)(?![\w/]|[.,:][0-9]|-[0-9])", _letter_number, "[A-Za-z]-[0-9]"),
    rule(
        rf"(?<![\w.,/:-])(?:(?<=\$)|)({NUMBER}) ?(?:-|—(?=[0-9])|–) ?({NUMBER})(?![\w/]|-[0-9])",
        _range,
        "[0-9] ?[-—–] ?[0-9]",
        after=" -—–.,",
    ),
    rule(r"(?<![\w.,:])[0-9]+(?::[0-9]+)+(?![\w:])", _ratio, after=":"),
    rule(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9])", _version, after="."),
    rule(
        r"(?:(?<![\w.)%'\"])-|[−±+~] ?)(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?<!,)",
        lambda f, b: read_amount(f[0].rstrip(","), b),
        "[0-9]",
        chars="-−±+~",
        numeric=True,
    ),
    rule(rf"(?<![\w.])\.[0-9]+|{NUMBER}", _plain, "[0-9]", numeric=True),
    rule("[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒]", _fraction, chars="½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"),
)
"""Rules for plain numbers, in order; the last one reads all digits that are left."""
