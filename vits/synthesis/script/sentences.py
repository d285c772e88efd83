"""A text as the sentences a voice will speak, each encoded."""

import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vits.errors import TextError
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Who
from vits.text import Encoding, Frontend, split_sentences

__all__ = [
    "LONGEST_TEXT",
    "Item",
    "Part",
    "Rest",
    "Sentence",
    "SkippedSentenceWarning",
    "check_text",
    "read_parts",
    "read_sentences",
]

LONGEST_TEXT = 100_000  # characters, about two hours of speech
LONGEST_GAP = 1000  # characters; a wall of signs says no more about a pause than its start


class SkippedSentenceWarning(UserWarning):
    """Sentences with nothing that the voice can say were left out; the message counts them."""


class Part(NamedTuple):
    """What is spoken as one sentence, before it is encoded.

    Attributes:
        text: a sentence with the spaces that follow it.
        who: who says it; None: the request's speaker.
        how: its settings; None: the request's.
    """

    text: str
    who: Who | None = None
    how: Settings | None = None


class Sentence(NamedTuple):
    """A sentence to speak, and what stands before it.

    Attributes:
        encoding: its symbols.
        gap: the marks and spaces between the last letter or digit of the sentence before and this
            one, which decide the pause; empty for the first.
        who: who says it; None: the request's speaker.
        how: its settings; None: the request's.
    """

    encoding: Encoding
    gap: str
    who: Who | None = None
    how: Settings | None = None


class Rest(NamedTuple):
    """A pause that was asked for; it takes the place of the one that the marks ask for."""

    seconds: float


Item = Sentence | Rest
"""What a text consists of for a voice."""


def read_sentences(frontend: Frontend, text: str) -> Iterator[Sentence]:
    """Split a text and encode its sentences one by one; what cannot be said is counted.

    Args:
        frontend: the voice's front end.
        text: checked by ``check_text``; something in it should be speakable.

    Yields:
        At least one sentence.

    Warns:
        UnknownSymbolWarning: symbols of a sentence were dropped; it names and counts them.
        SkippedSentenceWarning: whole sentences were left out; at the end.

    Raises:
        TextError: the text has nothing that this voice can say.
    """
    for item in read_parts(frontend, map(Part, split_sentences(text))):
        if isinstance(item, Sentence):
            yield item


def read_parts(frontend: Frontend, parts: Iterable[Part | Rest]) -> Iterator[Item]:
    """Encode parts one by one, as ``read_sentences`` does; rests stay where they are."""
    n_spoken, n_skipped, gap = 0, 0, ""
    first: tuple[str, TextError] | None = None
    for part in parts:
        if isinstance(part, Rest):
            yield part
            continue
        if part.text.strip():
            try:
                encoding = frontend.encode(part.text, unknown="drop")
            except TextError as error:
                if "[[" in part.text or "]]" in part.text:  # to be mended, not a silent part
                    raise
                n_skipped += 1
                first = first or (part.text.strip(), error)
            else:
                yield Sentence(encoding, gap if n_spoken else "", part.who, part.how)
                n_spoken += 1
                gap = ""
        gap = (gap + _tail(part.text))[:LONGEST_GAP]
    if not n_spoken:
        raise first[1] if first else TextError("the text has nothing to speak; write a word")
    if first is None:
        return
    warnings.warn(
        f"{n_skipped} of {n_skipped + n_spoken} sentences are not spoken, "
        f"first {first[0][:40]!r}: {first[1]}",
        SkippedSentenceWarning,
        stacklevel=4,
    )


def check_text(text: object, longest: int | None = LONGEST_TEXT) -> None:
    """Raise unless ``text`` is a text of bearable length; any is where ``longest`` is None.

    Raises:
        TextError: no str, empty, or too long.
    """
    if not isinstance(text, str):
        raise TextError(f"the text must be a str, not {type(text).__name__}")
    if not text.strip():
        raise TextError("the text is empty; write at least one word")
    if longest is not None and len(text) > longest:
        raise TextError(
            f"the text has {len(text):,} characters, at most {longest:,} can be spoken "
            "at once; use Voice.stream, or split it, for example at its chapters"
        )


def _tail(piece: str) -> str:
    """Return what follows the last letter or digit."""
    end = len(piece)
    while end and not piece[end - 1].isalnum():
        end -= 1
    return piece[end:]
