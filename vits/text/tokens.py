"""Words and the punctuation between them.

The marks are those of the original's symbol table. They are kept as symbols and never shown to
espeak-ng, which would swallow them. A mark inside a number, an acronym or an address (``3,5``,
``12:30``, ``U.S``, ``example.com``) is part of the word.
"""

import re
from itertools import zip_longest

__all__ = ["split_inline", "split_tokens", "split_words"]

_MARK = (
    r"[;!?¡¿—…\"«»“”\s]"
    r"|[,:](?![0-9])|(?<![0-9])[,:]"
    r"|\.(?!\w)|(?<!\w)\."
    # Two letters, a dot and a capital are a forgotten space: "the end.Then".
    r"|(?<=[a-z][a-z])\.(?=[A-Z])"
)
_MARKS = re.compile(f"((?:{_MARK})+)")


def split_tokens(text: str) -> list[tuple[str, str]]:
    """Split a text into (word, the marks and spaces after it); the parts join to ``text``.

    Only the first word can be empty (a text that starts with a mark).

    >>> split_tokens('"Well, 3.5 km!"')
    [('', '"'), ('Well', ', '), ('3.5', ' '), ('km', '!"')]
    """
    parts = _MARKS.split(text)
    pairs = zip_longest(parts[::2], parts[1::2], fillvalue="")
    return [pair for pair in pairs if pair != ("", "")]


def split_words(text: str) -> list[str]:
    """Return only the words of a text."""
    return [word for word, _ in split_tokens(text) if word]


def split_inline(text: str) -> list[tuple[str, bool]]:
    """Split a text at ``[[phonemes]]``; unmatched brackets stay in the text parts.

    Returns:
        (part, whether it is the inside of a pair of double brackets), in order.

    >>> split_inline("say [[ə]]!")
    [('say ', False), ('ə', True), ('!', False)]
    """
    parts: list[tuple[str, bool]] = []
    position = 0
    while True:
        start = text.find("[[", position)
        end = text.find("]]", start + 2) if start >= 0 else -1
        if end < 0:
            break
        parts += [(text[position:start], False), (text[start + 2 : end], True)]
        position = end + 2
    parts.append((text[position:], False))
    return [part for part in parts if part != ("", False)]
