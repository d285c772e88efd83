"""How long to be silent between two sentences."""

import re

from vits.synthesis.script.sentences import Item, Rest
from vits.synthesis.settings import Settings

__all__ = ["Pauses", "pause_seconds"]

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


class Pauses:
    """Counts the silence before each sentence of a text, in order.

    Args:
        how: the settings.
        sample_rate: samples per second (Hz).
    """

    def __init__(self, how: Settings, sample_rate: int) -> None:
        self._how, self._rate = how, sample_rate
        self._first, self._rested = True, False

    def before(self, item: Item) -> int:
        """Return the silent samples before the next sentence, or those of the next rest."""
        if isinstance(item, Rest):
            self._rested = True
            return round(item.seconds * self._rate)
        silent = self._first or self._rested
        self._first = self._rested = False
        return 0 if silent else round(pause_seconds(item.gap, self._how) * self._rate)


def pause_seconds(gap: str, how: Settings) -> float:
    r"""Return the pause that the marks between two sentences ask for (seconds).

    A blank line is a paragraph; else the last mark with a pause of its own decides.

    Args:
        gap: what stands between the last letter of one sentence and the next sentence.
        how: the settings.

    >>> how = Settings(paragraph_silence=0.8, punctuation_silence={"?": 0.5})
    >>> [pause_seconds(gap, how) for gap in (". ", "?) ", "? \n\n")]
    [0.2, 0.5, 0.8]
    """
    if how.paragraph_silence is not None and _BLANK_LINE.search(gap):
        return how.paragraph_silence
    for mark in reversed(gap):
        if mark in how.punctuation_silence:
            return how.punctuation_silence[mark]
    return how.sentence_silence
