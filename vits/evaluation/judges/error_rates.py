"""What was heard against what was to be said: word and character errors."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from vits.evaluation.judges.packages import require
from vits.text import clean, normalize

__all__ = ["ErrorCount", "count_errors", "plain_words"]


class ErrorCount(NamedTuple):
    """Substitutions, deletions and insertions, and what they are counted against.

    Attributes:
        word_errors: the least number of changes that make the words heard the words said.
        words: words said.
        character_errors: the same of characters, the spaces between words included.
        characters: characters said, the spaces between words included.
    """

    word_errors: int
    words: int
    character_errors: int
    characters: int


def plain_words(text: str, language: str = "en-us") -> list[str]:
    """Return the words of a text as a recogniser writes them: lower case, no punctuation.

    English numbers, dates and abbreviations become words and accents are dropped; in other
    languages the letters stay as they are. Apostrophes within a word belong to it.

    Args:
        text: any string.
        language: an espeak-ng language code.

    >>> plain_words("Don't pay $5, Zoë!")
    ["don't", 'pay', 'five', 'dollars', 'zoe']
    """
    if language.partition("-")[0].lower() == "en":
        spread = unicodedata.normalize("NFKD", normalize(text, language)).casefold()
        text = re.sub(r"[^a-z0-9']+", " ", re.sub(r"[\u0300-\u036f]", "", spread))
    else:
        text = re.sub(r"[^\w']+|_", " ", clean(text).casefold())
    return [word for word in (part.strip("'") for part in text.split()) if word]


def count_errors(said: Sequence[str], heard: Sequence[str]) -> ErrorCount:
    """Count the errors of one utterance, through jiwer.

    Args:
        said: plain words of the text, at least one.
        heard: plain words of the recogniser, possibly none.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    jiwer = require("jiwer")
    reference, hypothesis = " ".join(said), " ".join(heard)
    words = jiwer.process_words(reference, hypothesis)
    characters = jiwer.process_characters(reference, hypothesis)
    return ErrorCount(_errors(words), len(said), _errors(characters), len(reference))


def _errors(found: object) -> int:
    """Add up the three kinds of errors of a result of jiwer's."""
    return sum(getattr(found, kind) for kind in ("substitutions", "deletions", "insertions"))
