"""Numbers read digit by digit: telephone, card and serial numbers, postal codes."""

import re

from vits.text.english.numbers import digits
from vits.text.languages.tables import alternatives, first_words, word_set
from vits.text.rules import Rule, rule

__all__ = ["STATES", "STATE_RULES", "TELEPHONE_RULES"]

STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa",
    "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
    "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
    "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "D C",
}  # fmt: skip
"""Postal abbreviation of a state -> its name."""

_START, _STOP = r"(?<![\w.,/-])", r"(?![\w/]|[-.,][0-9])"
_CALLED = (
    r"(?:[Cc]all(?:ed|ing)?|[Dd]ial(?:led|ed)?|[Pp]hone(?: number)?|[Tt]el|TEL|[Ff]ax|"
    r"[Tt]ext(?: [A-Z]+)?|[Rr]ing|[Nn]umber|[Mm]obile|[Cc]ell|WhatsApp|SMS|PIN|[Pp]in|"
    r"[Cc]ode|[Pp]asscode|[Hh]otline|[Zz]ip|ZIP)"
    r"(?: (?:is|was|to|at|on|us|me|him|her|them|the|us at|me at|me on|us on))?[.:]? "
)
# Their first words.
_CALLS = word_set(
    """
    Call Called Calling Calls call called calling calls Dial Dialed Dialled dial dialed dialled
    Phone phone Tel TEL tel Fax fax Text text Ring ring Number number Mobile mobile Cell cell
    WhatsApp SMS PIN Pin pin Code code Passcode passcode Hotline hotline ZIP Zip zip
    """
)
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def _spell(found: re.Match[str], british: bool) -> str | None:
    if found[0].startswith("+") and len(re.findall("[0-9]", found[0])) < 7:
        return None
    sign = "plus " if found[0].startswith("+") else ""
    groups = re.findall("[0-9]+", found[0])
    return sign + ", ".join(map(_group, groups))


def _group(group: str) -> str:
    return f"{digits(group[0])} hundred" if group in ("800", "900") else digits(group)


def _called(found: re.Match[str], british: bool) -> str:
    head = re.sub("(?<=ext )[A-Z]+", lambda word: word[0].lower(), found[1])
    head += "plus " if found[2].startswith("+") else ""
    return head + ", ".join(digits(group) for group in re.findall("[0-9]+", found[2]))


def _words(found: re.Match[str], british: bool) -> str:
    """Read "1-800-FLOWERS"."""
    parts = re.findall("[0-9]+|[A-Z]+", found[0])
    return " ".join(part.lower() if part.isalpha() else _group(part) for part in parts)


def _emergency(found: re.Match[str], british: bool) -> str:
    return f"{found[1]} {digits(found[2])}"


def _state(found: re.Match[str], british: bool) -> str:
    code = "" if found[3] is None else f" {digits(found[3])}"
    code += "" if found[4] is None else f" {digits(found[4])}"
    return f"{found[1]}{STATES[found[2]]}{code}"


def _extension(found: re.Match[str], british: bool) -> str:
    return f"extension {digits(found[1])}"


def _hexadecimal(found: re.Match[str], british: bool) -> str:
    """Read "0x80A1"."""
    signs = [digits(char) if char.isdigit() else char.upper() for char in found[1]]
    return " ".join(["zero x", *signs])


def _postcode(found: re.Match[str], british: bool) -> str:
    """Read a British postcode: "SW1A 1AA"."""
    return ", ".join(
        " ".join(digits(char) if char.isdigit() else char for char in part)
        for part in found.groups()
    )


# Groups: free of charge, local, cards, many countries, Australia, postal codes, any other.
_GROUPS = (
    "1[- ](?:8[0-9]{2}|900)[- ][0-9]{3}[- ]?[0-9]{4}",
    "[0-9]{3}-[0-9]{4}",
    "(?:[0-9]{4}[ -]){3}[0-9]{4}",
    "[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}",
    "0[0-9]{1,5}(?:[ -][0-9]{2,8}){1,4}",
    "1[38]00 [0-9]{3} [0-9]{3}",
    "13 [0-9]{2} [0-9]{2}",
    "[0-9]{5}-[0-9]{4}",
    "[0-9]+(?:-[0-9]+){2,}",
)
TELEPHONE_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"{_START}(?:1[- .])?(?:8[0-9]{{2}}|900)-(?=[A-Z0-9-]*[A-Z])(?:[A-Z0-9]+)(?:-[A-Z0-9]+)*"
        rf"{_STOP}",
        _words,
        "-[A-Z0-9]",
        after="- .",
    ),
    rule(
        rf"{_START}(?:\+?1[ -.])?(?:\([0-9]{{3}}\) ?|[0-9]{{3}}[-. ])[0-9]{{3}}[-. ][0-9]{{4}}"
        rf"{_STOP}",
        _spell,
        "[0-9]{3}[-. ][0-9]{4}",
    ),
    rule(
        rf"{_START}(?:{'|'.join(_GROUPS)}){_STOP}",
        _spell,
        "[0-9][ -][0-9]+[ -]?[0-9]",
        after="- ",
    ),
    rule(
        rf"{_START}\+[0-9]{{1,4}}(?:[ .-]?\(?[0-9]{{1,12}}\)?){{1,6}}(?<=[0-9]){_STOP}",
        _spell,
        r"\+[0-9]",
        numeric=True,
    ),
    rule(
        rf"{_START}\(0[0-9]{{1,4}}\) ?[0-9]{{2,8}}(?:[ -][0-9]{{2,8}}){{0,3}}{_STOP}",
        _spell,
        r"\(0",
    ),
    rule(
        rf"\b({_CALLED})(\+?[0-9]{{2,}}(?:[ .-][0-9]{{2,}}){{1,5}}|[0-9]{{4,}}){_STOP}",
        _called,
        words=_CALLS,
    ),
    rule(
        r"\b([Cc]all(?:ed|ing)?|[Dd]ial(?:l?ed)?|[Cc]alls to) (911|999|112|000|411|311|211|101|"
        r"111|988)(?!\w|[.,-][0-9])",
        _emergency,
        words=_CALLS,
    ),
    rule(
        rf"{_START}(911|999|311|411|211|988)"
        r"(?= (?:calls?|callers?|dispatch\w*|operators?|hotline)\b)",
        lambda f, _: digits(f[1]),
        after=" ",
    ),
    rule(rf"{_START}\+?[0-9]{{10,}}{_STOP}", _spell, "[0-9]{10}", numeric=True),
    rule(
        r"(?<![\w.])(?:[Ee]xt\.?|(?<=[0-9] )x) ?([0-9]{2,6})(?!\w)",
        _extension,
        words=("Ext", "ext", "x"),
    ),
    rule(r"(?<!\w)0x([0-9A-Fa-f]{2,16})(?!\w)", _hexadecimal, after="x"),
    rule(
        rf"((?:[A-Z][a-z]+,? |, |(?<!\w)))({alternatives(STATES)}),? "
        r"([0-9]{5})(?:-([0-9]{4}))?(?![\w-])",
        _state,
        "[A-Z]{2},? [0-9]",
    ),
    rule(
        rf"(?<=[a-z], )({alternatives(STATES.values())}),? ([0-9]{{5}})(?:-([0-9]{{4}}))?(?![\w-])",
        lambda f, _: f"{f[1]} {digits(f[2])} {digits(f[3] or '')}".rstrip(),
        "[0-9]{5}",
        words=first_words(STATES.values()),
    ),
    rule(
        r"(?<![\w.-])([A-Z]{1,2}[0-9][0-9A-Z]?) ([0-9][A-Z]{2})(?!\w)", _postcode, "[0-9][A-Z]{2}"
    ),
)
"""Rules for numbers that are read digit by digit, in order."""

STATE_RULES: tuple[Rule[bool], ...] = (
    rule(
        rf"((?<=[a-z]), )({alternatives(STATES)})()()(?!\w|\.\w)",
        lambda f, _: f"{f[1]}{STATES[f[2]]}",
        "[A-Z]{2}",
    ),
)
"""Rules for the postal abbreviations of states."""
