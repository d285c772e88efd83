"""Split text into words and the punctuation between them.

The punctuation marks are those of the original's symbol table. They become symbols and are never
passed to espeak-ng, which drops them. A mark inside a number, an acronym or an address (``3,5``,
``12:30``, ``U.S``, ``example.com``) belongs to the word.
"""

import re
from itertools import zip_longest

__all__ = ["split_inline_phonemes", "split_tokens", "split_words"]

_MARK = (
    r"[;!?¡¿—…\"«»“”\s]"
    r"|[,:](?![0-9])|(?<![0-9])[,:]"
    # The dot of an ordinal before a small letter ("den 3. oktober") belongs to the number.
    r"|(?<![0-9])\.(?!\w)|(?<=[0-9])\.(?!\w| [a-zß-öø-ÿāčėěģķļłņőřśšűźž])|(?<!\w)\."
    # Two letters, a dot and a capital: the space is missing, as in "the end.Then".
    r"|(?<=[a-z][a-z])\.(?=[A-Z])"
)
_MARKS = re.compile(f"((?:{_MARK})+)")


def split_tokens(text: str) -> list[tuple[str, str]]:
    """Split text into (word, marks and spaces after it) pairs that concatenate to ``text``.

    Only the first word can be empty, if the text starts with a mark.

    >>> split_tokens('"Well, 3.5 km!"')
    [('', '"'), ('Well', ', '), ('3.5', ' '), ('km', '!"')]
    """
    parts = _MARKS.split(text)
    pairs = zip_longest(parts[::2], parts[1::2], fillvalue="")
    return [pair for pair in pairs if pair != ("", "")]


def split_words(text: str) -> list[str]:
    """Return the words of a text without the marks between them."""
    return [word for word, _ in split_tokens(text) if word]


def split_inline_phonemes(text: str) -> list[tuple[str, bool]]:
    """Split text at ``[[phonemes]]``; unmatched brackets stay in the text parts.

    Returns:
        (part, is_phonemes) pairs in order, brackets removed.

    >>> split_inline_phonemes("say [[ə]]!")
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
