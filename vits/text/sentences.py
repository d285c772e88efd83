"""Lossless sentence splitting."""

import bisect
import re
import unicodedata
from itertools import pairwise

from vits.errors import TextError
from vits.text.english.sentences import dot_ends_sentence
from vits.text.languages.sentences import dot_ends_sentence as foreign_dot_ends_sentence
from vits.text.lines import phrase_ends

__all__ = ["split_pieces", "split_sentences"]

_CLOSERS = r"[\"'”’»)\]」』）】]*"
_STOPS = r"[.!?…؟۔։።]"
# The look-behind keeps the time linear: a run of marks is matched once, not from each mark.
_BOUNDARY = re.compile(
    rf"(?<!{_STOPS}){_STOPS}+{_CLOSERS}(?=\s)"
    rf"|[。！？｡．।॥]+{_CLOSERS}|\n[ \t\r]*\n"
)
_SPACES = re.compile(r"\s*")
_LETTERS_AND_DOTS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ITEM_NUMBER = re.compile(r"(?:^|\n)[ \t]*(?:[0-9]{1,3}|[A-Za-z])$")
_LAST_WORD = re.compile(r"[^\s\"'“”‘’«»()\[\]]*$")
# Words before which a long sentence is cut: one breathes there.
_JOINTS = tuple(
    re.compile(rf"(?<!\s)\s+(?=(?:{words})\s)")
    for words in (
        "and|but|or|nor|so|yet|because|although|though|while|whereas|when|where|which|who|whom|"
        "whose|if|unless|until|after|before|since",
        "that|as|than|with|without|for|to|from|in|of|on|at|by",
    )
)
_CLAUSE = re.compile(r"[,;:—、，；：][\"'”’»)\]]*\s*")
# No sentence begins with these: "4! = 24".
_OPERATORS = frozenset("=+×÷≤≥≠<")
_MAX_WORD = 64


def split_sentences(text: str, max_chars: int = 400, language: str = "") -> list[str]:
    """Split text into sentences such that ``"".join(result) == text``.

    A sentence ends with ``.``, ``!``, ``?``, ``…`` or their counterparts in other scripts,
    including closing quotes and brackets, or at an empty line; it includes the spaces that follow.
    Dots of abbreviations, initials and numbers do not end a sentence, nor does a mark before a
    lower-case letter. ``[[phonemes]]`` are never split. A piece without a letter or digit is
    joined to a neighbour.

    Args:
        text: any string.
        max_chars: maximum length of a sentence (characters). Longer ones are split after a
            clause, else after a word, else anywhere; longer ``[[phonemes]]`` stay whole.
        language: an espeak-ng code: its abbreviations and ordinals decide about dots. If it is
            empty, English is assumed, with the plain cases of other languages.

    Returns:
        Non-empty sentences in order.

    Raises:
        TextError: ``max_chars`` is less than 1.

    >>> split_sentences("Dr. Who paid $3.50. Why?  He knew...")
    ['Dr. Who paid $3.50. ', 'Why?  ', 'He knew...']
    """
    return [piece for piece, _ in split_pieces(text, max_chars, language)]


def split_pieces(text: str, max_chars: int = 400, language: str = "") -> list[tuple[str, bool]]:
    """Split text as ``split_sentences`` does, and tell which pieces end a sentence.

    The others were cut to keep the maximum length: the sentence goes on in the next piece.

    >>> split_pieces("Now. Apples, pears", max_chars=10)
    [('Now. ', True), ('Apples, ', False), ('pears', True)]
    """
    if max_chars < 1:
        raise TextError(f"max_chars {max_chars} must be at least 1")
    if not text:
        return []
    spans = _inline_spans(text)
    ends = {_skip_spaces(text, end) for end in phrase_ends(text) if not _inside(spans, end)}
    start = 0
    for found in _BOUNDARY.finditer(text):
        if found.start() < start:
            continue
        end = _skip_spaces(text, found.end())
        if not _inside(spans, found.start()) and _ends(text, found, end, language):
            ends.add(end)
            start = end
    ends |= {0, len(text)}
    pieces = list(pairwise(sorted(ends)))
    cut = [part for piece in pieces for part in _cut(text, spans, piece, max_chars)]
    joined = _join_silent(text, cut, max_chars)
    return [(text[start:end], end in ends) for start, end in joined]


def _skip_spaces(text: str, position: int) -> int:
    found = _SPACES.match(text, position)
    return found.end() if found else position


def _ends(text: str, found: re.Match[str], end: int, language: str) -> bool:
    """Decide whether a mark ends a sentence, from the word before and the character after it."""
    mark = found[0]
    if mark[0] == "\n" or "\n" in text[found.end() : end].replace("\n", "", 1):
        return True
    following = text[end : end + 1]
    if following.islower() or following in _OPERATORS:
        return False
    if mark[0] != ".":
        return True
    word = _last_word(text, found.start())
    if mark.startswith("..") or not word:
        return True
    if _ITEM_NUMBER.search(text[max(0, found.start() - 8) : found.start()]):
        return False
    family = language.lower().partition("-")[0]
    if family in ("", "en"):
        english = dot_ends_sentence(text, word, found.start(), end)
        if english is not None:
            return english
        language = ""
    other = foreign_dot_ends_sentence(language, text, found.start(), end)
    return not _LETTERS_AND_DOTS.fullmatch(word.rstrip(".")) if other is None else other


def _last_word(text: str, end: int) -> str:
    found = _LAST_WORD.search(text[max(0, end - _MAX_WORD) : end])
    return found[0] if found else ""


def _inline_spans(text: str) -> list[tuple[int, int]]:
    """Return the [start, end) of every ``[[...]]``."""
    spans: list[tuple[int, int]] = []
    start = text.find("[[")
    while start >= 0:
        end = text.find("]]", start)
        if end < 0:
            break
        spans.append((start, end + 2))
        start = text.find("[[", end + 2)
    return spans


def _inside(spans: list[tuple[int, int]], position: int) -> tuple[int, int] | None:
    """Return the span that contains ``position``, or None."""
    at = bisect.bisect_left(spans, (position, 0)) - 1
    return spans[at] if at >= 0 and spans[at][0] < position < spans[at][1] else None


def _cut(
    text: str, spans: list[tuple[int, int]], piece: tuple[int, int], limit: int
) -> list[tuple[int, int]]:
    """Split a piece into parts of at most ``limit`` characters."""
    start, end = piece
    parts: list[tuple[int, int]] = []
    while end - start > limit:
        cut = _best_cut(text, start, start + limit)
        span = _inside(spans, cut)
        if span is not None:
            cut = span[0] if span[0] > start else span[1]
        parts.append((start, cut))
        start = cut
    if start < end:
        parts.append((start, end))
    return parts


def _best_cut(text: str, start: int, stop: int) -> int:
    """Return the best split position in (start, stop]: after a clause, word or character."""
    window = text[start:stop]
    clauses = [found.end() for found in _CLAUSE.finditer(window)]
    if clauses and clauses[-1] > len(window) // 2:
        return start + clauses[-1]
    for joints in _JOINTS:
        found = [joint.end() for joint in joints.finditer(window) if joint.end() > len(window) // 2]
        if found:
            return start + found[-1]
    for position in range(stop, start, -1):
        if text[position - 1].isspace():
            return position
    if clauses:
        return start + clauses[-1]
    # A combining mark stays with its letter, unless the marks never end.
    for position in range(stop, max(start, stop - 8), -1):
        if not unicodedata.combining(text[position]):
            return position
    return stop


def _join_silent(text: str, parts: list[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """Join parts without a letter or digit to the previous or next part if the limit allows."""
    joined: list[tuple[int, int]] = []
    has_speech: list[bool] = []
    for start, end in parts:
        voiced = any(char.isalnum() for char in text[start:end])
        if joined and not (voiced and has_speech[-1]) and end - joined[-1][0] <= limit:
            joined[-1] = (joined[-1][0], end)
            has_speech[-1] = has_speech[-1] or voiced
        else:
            joined.append((start, end))
            has_speech.append(voiced)
    return joined
