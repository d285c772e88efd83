"""Tables of words, written as text."""

__all__ = ["pairs", "word_set"]


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
