"""Cleaning that leaves alone what a symbol table holds.

Voices of MMS and of other projects were trained on characters that nobody folded: their tables have
curly apostrophes, en dashes, letters in several compositions. Such a character is passed as it is.
Only one that the table lacks is replaced: by its small letter, by another composition, or by the
variant that ``vits.text.normalize.clean`` maps it to. What has no replacement stays and counts as
unknown.

Source: the tokenizer of transformers' ``VitsModel`` (``tokenization_vits.py``), which passes known
characters, lower-cases the others, and drops those that are still unknown.
"""

import html
import re
import unicodedata
from collections.abc import Container, Iterator

from vits.text.aligned import AlignedText, Edit
from vits.text.graphemes.romanize import romanize
from vits.text.normalize import clean_characters

__all__ = ["clean_unknown"]

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_JAMO = range(0x1160, 0x1200)  # vowels and final consonants, which follow an initial one
# Romanian is written with a comma below, but the vocabulary of MMS has the cedilla.
_ROMANIAN = "ron"


def clean_unknown(
    text: AlignedText, known: Container[str], language: str, *, romanized: bool = False
) -> AlignedText:
    """Replace the characters that a symbol table lacks, where it has something for them.

    Args:
        text: any text.
        known: the symbols of the table.
        language: code of the language.
        romanized: write a text that is not plain ASCII in Latin letters first, with uroman.

    Raises:
        MissingExtraError: ``romanized``, and the extra ``uroman`` is not installed.

    >>> clean_unknown(AlignedText("L’ÉTÉ … «Œuf»"), set("lété’œuf «"), "fra").text
    'l’été … «œuf»'
    """
    if "&" in text.text:
        text = text.sub(_REFERENCE, lambda found: html.unescape(found[0]))
    if romanized and not text.text.isascii():
        text = text.edit(
            Edit(at, at + 1, _lower(char, known))
            for at, char in enumerate(text.text)
            if _lower(char, known) != char
        )
        text = romanize(text)
    if language == _ROMANIAN and "ţ" in known:
        text = text.sub("ț" if "Ț" in known else "[țȚ]", "ţ")
    text = text.edit(_edits(text.text, known))
    return text.sub(r" {2,}", " ").strip(" ")


def _edits(text: str, known: Container[str]) -> Iterator[Edit]:
    """Yield what has to be replaced, a letter together with its marks."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _continues(text[end]):
            end += 1
        letter = text[start:end]
        spelled = _spell(letter, known)
        if spelled != letter:
            yield Edit(start, end, spelled)
        start = end


def _continues(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or ord(char) in _JAMO


def _spell(letter: str, known: Container[str]) -> str:
    """Return a letter and its marks with known characters, as far as there are any."""
    if all(char in known for char in letter):
        return letter
    if letter.isspace():
        return " "
    lower = "".join(_lower(char, known) for char in letter)
    forms = [lower, *(unicodedata.normalize(form, lower) for form in ("NFC", "NFD"))]
    variant = "".join(_lower(char, known) for char in clean_characters(AlignedText(letter)).text)
    for form in (*forms, variant):
        if all(char in known for char in form):
            return form
    # a letter without its mark is nearer than none; the mark then counts as unknown
    return next((form for form in forms if form[0] in known), lower)


def _lower(char: str, known: Container[str]) -> str:
    return char if char in known else char.lower()
