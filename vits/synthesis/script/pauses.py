"""Pauses between sentences."""

import re

from vits.synthesis.script.sentences import Item, Silence
from vits.synthesis.settings import Settings

__all__ = ["Pauses", "pause_seconds"]

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


class Pauses:
    """Computes the pause before each sentence of a text, in order.

    Args:
        settings: of the text.
        sample_rate: samples per second (Hz).
    """

    def __init__(self, settings: Settings, sample_rate: int) -> None:
        self._settings, self._rate = settings, sample_rate
        self._is_first, self._after_silence = True, False

    def before(self, item: Item) -> int:
        """Return the pause before the next sentence, or the length of a silence (samples)."""
        if isinstance(item, Silence):
            self._after_silence = True
            return round(item.seconds * self._rate)
        no_pause = self._is_first or self._after_silence or item.continues
        self._is_first = self._after_silence = False
        return 0 if no_pause else round(pause_seconds(item.gap, self._settings) * self._rate)


def pause_seconds(gap: str, settings: Settings) -> float:
    r"""Return the pause for the marks between two sentences (seconds).

    A blank line ends a paragraph; otherwise the last mark with a pause of its own decides.

    Args:
        gap: the text between the last letter of a sentence and the next sentence.
        settings: the silences.

    >>> settings = Settings(paragraph_silence=0.8, punctuation_silence={"?": 0.5})
    >>> [pause_seconds(gap, settings) for gap in (". ", "?) ", "? \n\n")]
    [0.2, 0.5, 0.8]
    """
    if settings.paragraph_silence is not None and _BLANK_LINE.search(gap):
        return settings.paragraph_silence
    for mark in reversed(gap):
        if mark in settings.punctuation_silence:
            return settings.punctuation_silence[mark]
    return settings.sentence_silence
