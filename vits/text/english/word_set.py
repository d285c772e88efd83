"""Sets of words, written as text."""

__all__ = ["word_set"]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text.

    >>> sorted(word_set("one two"))
    ['one', 'two']
    """
    return frozenset(text.split())
