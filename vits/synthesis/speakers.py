"""Which row of the speaker embedding is meant."""

from difflib import get_close_matches
from numbers import Integral

from vits.errors import VoiceError

__all__ = ["find_speaker"]

SHOWN = 20  # names listed in a message


def find_speaker(names: tuple[str, ...], count: int, speaker: object) -> int:
    """Return the row of a speaker.

    Args:
        names: speakers by row; may be empty when there is one.
        count: speakers of the model.
        speaker: a name, a row in [0, count), or None for the first speaker.

    Raises:
        VoiceError: the voice has no such speaker; the message lists those it has.
    """
    if speaker is None:
        return 0
    if isinstance(speaker, str):
        if speaker in names:
            return names.index(speaker)
    elif not isinstance(speaker, bool) and isinstance(speaker, Integral):
        row = int(speaker)
        if 0 <= row < count:
            return row
    raise VoiceError(
        f"unknown speaker {speaker!r}; this voice has {_listed(names, count, speaker)}"
    )


def _listed(names: tuple[str, ...], count: int, speaker: object) -> str:
    """List the speakers, those that look like ``speaker`` first."""
    named = [name for name in names if name]
    if not named:
        return "one speaker without a name; leave the speaker out"
    near = get_close_matches(str(speaker), named, n=5)
    order = [*near, *(name for name in named if name not in near)]
    more = f", … ({len(order)} in all)" if len(order) > SHOWN else ""
    rows = f" or a number from 0 to {count - 1}" if count > 1 else ""
    return f"{', '.join(order[:SHOWN])}{more}{rows}"
