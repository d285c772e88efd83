"""A text as encoded sentences."""

import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vits.errors import TextError
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import ResolvedSpeaker
from vits.text import Encoding, Frontend
from vits.text.aligned import AlignedText
from vits.text.sentences import split_pieces
from vits.text.ssml.parser import PitchSpan

__all__ = [
    "LONGEST_TEXT",
    "Item",
    "Sentence",
    "SentenceText",
    "Silence",
    "SkippedSentenceWarning",
    "check_text",
    "encode_sentences",
    "read_sentences",
    "split_text",
]

LONGEST_TEXT = 100_000  # characters, about two hours of speech
LONGEST_GAP = 1000  # characters; the start of a long run of marks decides the pause as well


class SkippedSentenceWarning(UserWarning):
    """Sentences without anything the voice can speak were left out; the message counts them."""


class SentenceText(NamedTuple):
    """A sentence before it is encoded.

    Attributes:
        text: the sentence with the spaces that follow it.
        speaker: its speaker; None: the request's.
        settings: its settings; None: the request's.
        is_end: whether a sentence ends with it; otherwise it goes on in the next one.
        continues: whether it goes on with the sentence before it, without a pause.
    """

    text: AlignedText
    speaker: ResolvedSpeaker | None = None
    settings: Settings | None = None
    is_end: bool = True
    continues: bool = False


class Sentence(NamedTuple):
    """An encoded sentence, and the marks before it.

    Attributes:
        encoding: its symbols.
        gap: marks and spaces between the last letter or digit of the previous sentence and this
            one; they decide the pause. Empty for the first.
        speaker: its speaker; None: the request's.
        settings: its settings; None: the request's.
        continues: whether it follows the one before it without a pause.
        pitches: parts of the input with a pitch of their own; of nested ones the inner comes first.
    """

    encoding: Encoding
    gap: str
    speaker: ResolvedSpeaker | None = None
    settings: Settings | None = None
    continues: bool = False
    pitches: tuple[PitchSpan, ...] = ()


class Silence(NamedTuple):
    """A requested pause; it replaces the pause that the punctuation would give."""

    seconds: float


Item = Sentence | Silence
"""One element of a text."""


def read_sentences(frontend: Frontend, text: str | AlignedText) -> Iterator[Sentence]:
    """Split a text and encode its sentences one by one.

    Args:
        frontend: the voice's front end.
        text: a text that passed ``check_text``, or its visible text.

    Yields:
        At least one sentence.

    Warns:
        UnknownSymbolWarning: symbols of a sentence were dropped; it names and counts them.
        SkippedSentenceWarning: whole sentences were left out; issued at the end.

    Raises:
        TextError: the text has nothing that this voice can speak.
    """
    aligned = AlignedText(text) if isinstance(text, str) else text
    for item in encode_sentences(frontend, split_text(aligned, frontend.config.language)):
        if isinstance(item, Sentence):
            yield item


def split_text(text: AlignedText, language: str) -> Iterator[SentenceText]:
    """Yield the sentences of a text; one that is too long comes in pieces without a pause."""
    start, continues = 0, False
    for piece, is_end in split_pieces(text.text, language=language):
        end = start + len(piece)
        yield SentenceText(text.part(start, end), is_end=is_end, continues=continues)
        start, continues = end, not is_end


def encode_sentences(
    frontend: Frontend, sentences: Iterable[SentenceText | Silence]
) -> Iterator[Item]:
    """Encode sentences one by one, as ``read_sentences`` does; silences pass through."""
    n_encoded, n_skipped, gap = 0, 0, ""
    first_skipped: tuple[str, TextError] | None = None
    for sentence in sentences:
        if isinstance(sentence, Silence):
            yield sentence
            continue
        text = sentence.text.text
        if text.strip():
            ending = "sentence" if sentence.is_end else "clause"
            try:
                encoding = frontend.encode(sentence.text, unknown="drop", ending=ending)
            except TextError as error:
                if "[[" in text or "]]" in text:  # a mistake to correct, not an empty sentence
                    raise
                n_skipped += 1
                first_skipped = first_skipped or (text.strip(), error)
            else:
                before = gap if n_encoded else ""
                yield Sentence(
                    encoding, before, sentence.speaker, sentence.settings, sentence.continues
                )
                n_encoded += 1
                gap = ""
        gap = (gap + _tail(text))[:LONGEST_GAP]
    if not n_encoded:
        raise (
            first_skipped[1]
            if first_skipped
            else TextError("the text has nothing to speak; write a word")
        )
    if first_skipped is None:
        return
    warnings.warn(
        f"{n_skipped} of {n_skipped + n_encoded} sentences are not spoken, "
        f"first {first_skipped[0][:40]!r}: {first_skipped[1]}",
        SkippedSentenceWarning,
        stacklevel=4,
    )


def check_text(text: object, longest: int | None = LONGEST_TEXT) -> None:
    """Raise unless ``text`` is a text that can be spoken.

    Args:
        text: what the caller gave.
        longest: most characters; None: no limit.

    Raises:
        TextError: not a str, empty, or too long.
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


def _tail(text: str) -> str:
    """Return the characters after the last letter or digit."""
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    return text[end:]
