"""A text as the sentences a voice will speak, each encoded."""

import warnings

from vits.errors import TextError
from vits.text import Encoding, Frontend, split_sentences

__all__ = ["LONGEST_TEXT", "SkippedSentenceWarning", "encode_sentences"]

LONGEST_TEXT = 100_000  # characters, about two hours of speech


class SkippedSentenceWarning(UserWarning):
    """Sentences with nothing that the voice can say were left out; the message counts them."""


def encode_sentences(frontend: Frontend, text: str) -> list[Encoding]:
    """Split a text and encode its sentences; what the voice cannot say is dropped and counted.

    Args:
        frontend: the voice's front end.
        text: 1 to 100,000 characters with something speakable among them.

    Returns:
        At least one encoded sentence.

    Warns:
        UnknownSymbolWarning: symbols of a sentence were dropped; it names and counts them.
        SkippedSentenceWarning: whole sentences were left out.

    Raises:
        TextError: the text is empty, too long, or has nothing that this voice can say.
    """
    _check(text)
    encodings: list[Encoding] = []
    skipped: list[tuple[str, TextError]] = []
    for sentence in split_sentences(text):
        if not sentence.strip():
            continue
        try:
            encodings.append(frontend.encode(sentence, unknown="drop"))
        except TextError as error:
            if "[[" in sentence or "]]" in sentence:  # a mistake to be mended, not a silent part
                raise
            skipped.append((sentence.strip(), error))
    if not encodings:
        raise skipped[0][1]
    if skipped:
        sentence, error = skipped[0]
        warnings.warn(
            f"{len(skipped)} of {len(skipped) + len(encodings)} sentences are not spoken, "
            f"first {sentence[:40]!r}: {error}",
            SkippedSentenceWarning,
            stacklevel=3,
        )
    return encodings


def _check(text: object) -> None:
    """Raise unless ``text`` is a text of bearable length."""
    if not isinstance(text, str):
        raise TextError(f"the text must be a str, not {type(text).__name__}")
    if not text.strip():
        raise TextError("the text is empty; write at least one word")
    if len(text) > LONGEST_TEXT:
        raise TextError(
            f"the text has {len(text):,} characters, at most {LONGEST_TEXT:,} can be spoken "
            "at once; split it, for example at its chapters"
        )
