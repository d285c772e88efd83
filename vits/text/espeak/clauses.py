"""Clauses as espeak-ng finds them: how Piper's code makes phonemes of a text.

``Frontend`` finds punctuation itself and gives espeak-ng what lies between. Piper gives it the
whole text: espeak-ng ends a clause at some marks, reads or skips the others, and Piper writes one
mark behind each clause. Its voices were trained on that.

Source: piper1-gpl, ``phonemize_espeak.py``; espeak-ng, ``espeak_TextToPhonemes``.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vits.text.aligned import AlignedText
from vits.text.encoding import PhonemeChunk
from vits.text.espeak.phonemize import espeak_clauses, without_stress
from vits.text.espeak.silent_characters import PLACEHOLDER
from vits.text.espeak.word_alignment import group_words

__all__ = ["clause_chunks", "read_clauses"]

# What ends a clause: marks, closing brackets and quotes, spaces, and one character that espeak-ng
# has read of the next clause.
_END = re.compile(r"([.?!,:;—–…。，、؟]+)[\"'”“’»)\]]*\s*(\S?)$")
_MARKS = {**{mark: mark for mark in ".?!,:;"}, "—": ";", "–": ";", "؟": "?"}
_SPACED = ",:;"  # a space follows these
_WORD = re.compile(r"[^\s\"“”«»()\[\]{},;:!?…—–]+")
# A glide between two vowels, which the espeak-ng of Piper writes and that of espeakng-loader does
# not. Checked on 2,400 English words.
_VOWEL = "[aeiouæɐɑɒɔəɚɛɜɪʊʌᵻɨɵœø]"
_GLIDE = re.compile(rf"(?<![aeɔo])(?:i(?!ə)|ɪ)ː?(?= ?[ˈˌ]*{_VOWEL})|aɪ(?= [ˈˌ]*{_VOWEL})")


class _Clause(NamedTuple):
    """The characters [start, end) of a text, their phonemes, and the mark that follows these."""

    start: int
    end: int
    phonemes: str
    mark: str


def read_clauses(
    text: AlignedText,
    inserted: Iterator[list[PhonemeChunk]],
    language: str,
    strip_marks: Callable[[str], str],
    *,
    stress: bool,
) -> list[PhonemeChunk]:
    """Return the chunks of a text with placeholders, each of which stands for given chunks.

    Args:
        text: the text.
        inserted: the chunks of each placeholder.
        language: an espeak-ng code.
        strip_marks: removes from phonemes what the voice has no symbol for.
        stress: keep the stress marks.
    """
    chunks: list[PhonemeChunk] = []
    position = 0
    for part in re.split(f"({PLACEHOLDER})", text.text):
        piece = text.part(position, position + len(part))
        position += len(part)
        if part == PLACEHOLDER:
            chunks += next(inserted)
            continue
        if part[:1].isspace():
            chunks.append(PhonemeChunk(" "))
        if not re.search(r"\w", part):  # espeak-ng names a mark that stands alone
            chunks.append(PhonemeChunk(part.strip()))
        else:
            for chunk in clause_chunks(piece, language, stress=stress):
                chunks.append(chunk._replace(phonemes=strip_marks(chunk.phonemes)))
        if part[-1:].isspace():
            chunks.append(PhonemeChunk(" "))
    return chunks


def clause_chunks(text: AlignedText, language: str, *, stress: bool) -> Iterator[PhonemeChunk]:
    """Yield words and the separators between them, as Piper's code makes phonemes of a text.

    Args:
        text: any text, neither cleaned nor normalised.
        language: an espeak-ng code.
        stress: keep the stress marks.

    Raises:
        TextError: espeak-ng has no such language, or is not installed.
    """
    for clause in _clauses(text.text, language):
        phonemes = clause.phonemes if stress else without_stress(clause.phonemes)
        yield from _words(text.part(clause.start, clause.end), phonemes.split(), language)
        if clause.mark:
            yield PhonemeChunk(clause.mark + " " * (clause.mark in _SPACED))
        elif phonemes.endswith(" "):
            yield PhonemeChunk(" ")


def _words(text: AlignedText, tokens: list[str], language: str) -> Iterator[PhonemeChunk]:
    """Yield a clause's words with their phonemes and the spaces between them."""
    found = list(_WORD.finditer(text.text))
    words = [match[0] for match in found]
    if not words:
        yield PhonemeChunk(" ".join(tokens))
        return
    first = True
    for group in group_words(words, tokens, language):
        phonemes = " ".join(tokens[group.token_start : group.token_end])
        if not phonemes:
            continue
        if not first:
            yield PhonemeChunk(" ")
        first = False
        start, end = found[group.word_start].start(), found[group.word_end - 1].end()
        spoken = " ".join(words[group.word_start : group.word_end])
        yield PhonemeChunk(phonemes, spoken, text.span(start, end))


def _clauses(text: str, language: str) -> Iterator[_Clause]:
    """Yield the clauses of a text."""
    start = position = 0
    for length, phonemes in espeak_clauses(text, language):
        position += length
        end, mark = position, ""
        found = _END.search(text, 0, position)
        is_last = position == len(text)
        if found and found.start() >= start and not (is_last and found[2]):
            end -= len(found[2])
            mark = _MARKS.get(found[1][0], "") if not found[1].startswith("..") else ""
        if language.lower().startswith("en"):
            phonemes = _GLIDE.sub(lambda vowel: vowel[0] + "ʲ", phonemes)
        if end > start:
            yield _Clause(start, end, phonemes, mark)
        start = end
