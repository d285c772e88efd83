"""Tables of words, written as text, and patterns made from them."""

import re
from collections.abc import Iterable

__all__ = ["alternatives", "first_words", "in_any_case", "pairs", "word_set"]

Tree = dict[str, "Tree"]


def pairs(text: str) -> dict[str, str]:
    """Return the entries of a table: "written: spoken" with semicolons between them.

    >>> pairs("z. B.: zum Beispiel; Nr.: Nummer")
    {'z. B.': 'zum Beispiel', 'Nr.': 'Nummer'}
    """
    entries = (entry.partition(": ") for entry in " ".join(text.split()).split("; "))
    return {written: spoken for written, _, spoken in entries}


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text.

    >>> sorted(word_set("one two"))
    ['one', 'two']
    """
    return frozenset(text.split())


_LETTERS = re.compile(r"[^\W\d_]+")


def first_words(phrases: Iterable[str]) -> frozenset[str]:
    """Return the letters that phrases begin with.

    >>> sorted(first_words(["Song of Songs", "w/o", "kg/m³"]))
    ['Song', 'kg', 'w']
    """
    return frozenset(found[0] for found in map(_LETTERS.match, phrases) if found is not None)


def in_any_case(words: Iterable[str]) -> frozenset[str]:
    """Return words as they are, in small letters, in capitals and capitalised.

    >>> sorted(in_any_case(["PhD"]))
    ['PHD', 'PhD', 'Phd', 'phd']
    """
    return frozenset(
        form for word in words for form in (word, word.lower(), word.upper(), word.capitalize())
    )


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, the longest that fits.

    Words with a common beginning share it, so that the time does not depend on their number.

    >>> alternatives(["km", "kg", "km/h", "m"])
    '(?:k(?:m(?:/h)?|g)|m)'
    """
    tree: Tree = {}
    for word in words:
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branches(tree)


def _branches(node: Tree) -> str:
    """Return the pattern for what may follow in a tree of characters."""
    ends = [char for char, below in node.items() if char and below.keys() == {""}]
    parts = [
        re.escape(char) + _branches(below)
        for char, below in node.items()
        if char and char not in ends
    ]
    if ends:
        chars = "".join(map(re.escape, ends))
        parts.append(chars if len(ends) == 1 else f"[{chars}]")
    pattern = "|".join(parts)
    if "" in node:
        return f"(?:{pattern})?" if pattern else ""
    return pattern if len(parts) == 1 else f"(?:{pattern})"
