"""How long to be silent between two sentences."""

import re

from vits.synthesis.settings import InferenceConfig

__all__ = ["pause_seconds"]

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


def pause_seconds(gap: str, how: InferenceConfig) -> float:
    r"""Return the pause that the marks between two sentences ask for (seconds).

    A blank line is a paragraph; else the last mark with a pause of its own decides.

    Args:
        gap: what stands between the last letter of one sentence and the next sentence.
        how: the settings.

    >>> how = InferenceConfig(paragraph_silence=0.8, punctuation_silence={"?": 0.5})
    >>> [pause_seconds(gap, how) for gap in (". ", "?) ", "? \n\n")]
    [0.2, 0.5, 0.8]
    """
    if how.paragraph_silence is not None and _BLANK_LINE.search(gap):
        return how.paragraph_silence
    for mark in reversed(gap):
        if mark in how.punctuation_silence:
            return how.punctuation_silence[mark]
    return how.sentence_silence
