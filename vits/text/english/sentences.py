"""English sentence ends: does the dot of an abbreviation, initial or number end a sentence?"""

import re

from vits.text.english.abbreviations import ABBREVIATIONS, COUNTED, TITLES
from vits.text.english.addresses import STREETS
from vits.text.english.context import (
    ends_sentence,
    hour_ends_sentence,
    previous_word,
    unit_ends_sentence,
)
from vits.text.english.units import DOTTED
from vits.text.languages.tables import word_set

__all__ = ["dot_ends_sentence"]

_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_NUMERAL = re.compile(r"[IVXL]+(?!\w)(?<!\bI)")
_BOOKS = word_set(
    """
    ps cor rev matt rom gen isa jer heb eph tim exod lev deut josh sam chr prov eccl ezek dan hos
    mic hab zech mal mk lk jn gal phil col thess jas pet
    """
)
_VERSE = re.compile("[0-9]+:[0-9]")
_MONTH = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? [0-9]")
_ORDINAL = re.compile("[0-9]+(?:st|nd|rd|th)")
_CITED = word_set("eq eqs fig figs ref refs sec")
_NEVER = word_set(
    """
    e.g i.e a.k.a p.s p.p.s n.b ext tel v vs cf viz approx ca al fl sq cu exh attn feat pub
    """
)


def dot_ends_sentence(text: str, word: str, dot: int, following: int) -> bool | None:
    """Decide whether a dot ends a sentence, or return None if it is not that of an abbreviation.

    Args:
        text: the whole text.
        word: what stands before the dot, back to the last space.
        dot: index of the dot.
        following: index of the next character that is not a space.
    """
    name = re.split("[-–—(]", word)[-1].rstrip(".")
    lower = name.lower()
    next_char = text[following : following + 1]
    if next_char.isdigit() and lower in _BOOKS:
        return False
    if lower in COUNTED and (next_char.isdigit() or _NUMERAL.match(text, following)):
        return False
    if lower in _CITED and re.match(r"\([0-9]", text[following : following + 2]):
        return False
    if lower == "exp" and next_char.isdigit():
        return False
    if lower == "ft" and not previous_word(text, dot - len(word))[-1:].isdigit():
        return False
    if name in ("Sat", "Sun", "Wed") and _MONTH.match(text, following):
        return False
    if lower in _NEVER or name in TITLES:
        return False
    if name in ("Dr", "St"):
        before = previous_word(text, dot - len(word))
        after_name = before[:1].isupper() or _ORDINAL.fullmatch(before) is not None
        return after_name and ends_sentence(text, dot + 1)
    if _ACRONYM.fullmatch(name):
        if lower in ("a.m", "p.m"):
            return hour_ends_sentence(text, dot + 1 - len(word) - 1, dot + 1)
        return ends_sentence(text, dot + 1)
    if name.lower() in DOTTED and previous_word(text, dot - len(word))[-1:].isdigit():
        return not next_char.isdigit() and unit_ends_sentence(text, dot + 1)
    if lower == "etc":
        return True
    if name in ABBREVIATIONS or name in STREETS:
        return ends_sentence(text, dot + 1)
    if len(name) == 1 and name.isupper() and name != "I":
        return ends_sentence(text, dot + 1)
    return None
