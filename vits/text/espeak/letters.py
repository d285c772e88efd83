"""Letters that are spelled: how espeak-ng must be given them, so that it does not read words.

espeak-ng reads "F A Q" with an article in its middle and "FAQ" as a word; it spells "F.A.Q".
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vits.text.aligned import Span

__all__ = ["SpokenWord", "join_letters"]

_LAST_LETTER = re.compile("[A-Z](?:'?s)?")
# Words after which a lone A is the letter, and words that join two letters.
_BEFORE_LETTER = frozenset(
    [
        "an",
        "vitamin",
        "plan",
        "grade",
        "type",
        "class",
        "part",
        "exhibit",
        "group",
        "team",
        "hepatitis",
        "section",
        "letter",
        "option",
        "appendix",
        "schedule",
        "level",
        "series",
        "bus",
        "gate",
        "point",
        "unit",
        "block",
        "side",
        "wing",
        "room",
        "sharp",
        "flat",
    ]
)
_JOINTS = frozenset({"and", "or", "to", "through", "versus", "not"})


class SpokenWord(NamedTuple):
    """A word of the normalised text.

    Attributes:
        text: as normalised.
        source: the part of the input that it stands for.
        form: what espeak-ng is given; "" for ``text``.
    """

    text: str
    source: Span
    form: str = ""


def join_letters(words: Sequence[SpokenWord]) -> Iterator[SpokenWord]:
    """Join the letters of each acronym to one word, and mark a letter A that is no article."""
    index = 0
    while index < len(words):
        end = _acronym_end(words, index)
        word = words[index]
        if end > index + 1:
            letters = [item.text for item in words[index:end]]
            yield SpokenWord(" ".join(letters), word.source, _spelled(letters))
        elif word.text == "A" and _is_letter(words, index):
            yield word._replace(form="A-")
        elif len(word.text) == 2 and word.text[0].isupper() and word.text[1] == "s":
            yield word._replace(form=f"{word.text[0]}'s") if _from_rule(word) else word
        else:
            yield word
        index = end


def _from_rule(word: SpokenWord) -> bool:
    """Tell whether a word was written by a rule: it stands for more than its own letters."""
    return word.source.end - word.source.start > len(word.text)


def _acronym_end(words: Sequence[SpokenWord], start: int) -> int:
    """Return the index after the letters that begin at ``start`` and stand for one input word."""
    end = start + 1
    if not (
        len(words[start].text) == 1 and words[start].text.isupper() and _from_rule(words[start])
    ):
        return end
    while end < len(words) and words[end].source == words[start].source:
        if not _LAST_LETTER.fullmatch(words[end].text):
            break
        end += 1
        if len(words[end - 1].text) > 1:
            break
    return end


def _spelled(letters: Sequence[str]) -> str:
    last = letters[-1]
    if len(last) == 1:
        return ".".join(letters)
    if last[0] in "HSX":  # the ending is a syllable
        head = ".".join(letters[:-1])
        return f"{'A-' if head == 'A' else head} {last[0]}'s"
    # The stress is that of the letters without the ending.
    return f"{'.'.join([*letters[:-1], last[0]])}.'s"


def _is_letter(words: Sequence[SpokenWord], index: int) -> bool:
    """Tell the letter A from the article."""
    if _from_rule(words[index]):
        return True
    before = words[index - 1].text if index else ""
    after = [word.text for word in words[index + 1 : index + 3]]
    if before.lower() in _BEFORE_LETTER:
        return True
    if len(after) == 2 and after[0] in _JOINTS and len(after[1]) == 1 and after[1].isupper():
        return True
    # In the middle of a sentence an article is written small, except in a title.
    return bool(before) and bool(after) and before[0].islower() and after[0][0].islower()
