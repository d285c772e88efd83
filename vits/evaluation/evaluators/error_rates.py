"""Word and character errors between a reference text and a recognised one."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from vits.evaluation.evaluators.packages import require
from vits.text import clean, normalize

__all__ = ["ErrorCount", "count_errors", "plain_words"]


class ErrorCount(NamedTuple):
    """Substitutions, deletions and insertions, and the length of the reference.

    Attributes:
        word_errors: word edits between reference and hypothesis.
        words: words of the reference.
        character_errors: character edits, including the spaces between words.
        characters: characters of the reference, including the spaces between words.
    """

    word_errors: int
    words: int
    character_errors: int
    characters: int


def plain_words(text: str, language: str = "en-us") -> list[str]:
    """Return the words of a text as a recogniser writes them: lower case, no punctuation.

    English numbers, dates and abbreviations are spelt out and accents are dropped; other languages
    keep their letters. Apostrophes within a word belong to it.

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


def count_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCount:
    """Count the errors of one utterance with jiwer.

    Args:
        reference: plain words of the text, at least one.
        hypothesis: plain words of the recogniser, possibly none.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    jiwer = require("jiwer")
    texts = " ".join(reference), " ".join(hypothesis)
    words, characters = jiwer.process_words(*texts), jiwer.process_characters(*texts)
    return ErrorCount(_errors(words), len(reference), _errors(characters), len(texts[0]))


def _errors(result: object) -> int:
    """Return the sum of the three kinds of errors in a result of jiwer."""
    return sum(getattr(result, kind) for kind in ("substitutions", "deletions", "insertions"))
