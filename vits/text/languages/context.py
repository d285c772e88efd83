"""The words around a written form."""

import re

__all__ = ["at_end", "next_word", "previous_word", "previous_words"]

_NEXT = re.compile(r"[ -]([^\W\d_][\w'-]*)")
_END = re.compile(r"[\"')\]]*\s*$")
_WINDOW = 48


def previous_words(text: str, position: int, count: int) -> list[str]:
    """Return up to ``count`` words of the sentence before ``position``, the nearest first."""
    start = max(0, position - _WINDOW)
    window = text[start:position].split()
    if start and not text[start - 1].isspace():
        window = window[1:]
    words: list[str] = []
    for token in reversed(window):
        word = token.strip(",:;(\"'")
        if word:
            words.append(word)
        if len(words) == count or (token[-1:] in "!?" or (token.endswith(".") and len(token) > 5)):
            break
    return words


def previous_word(text: str, position: int) -> str:
    """Return the word before ``position``, or an empty string."""
    return next(iter(previous_words(text, position, 1)), "")


def next_word(text: str, position: int) -> str:
    """Return the word after ``position`` and one space, or an empty string."""
    found = _NEXT.match(text, position)
    return found[1] if found else ""


def at_end(text: str, position: int) -> bool:
    """Tell whether only closing marks follow."""
    return _END.match(text, position) is not None
