"""Colour on a terminal, and nowhere else."""

import os
from typing import TextIO

__all__ = ["paint"]

CODES = {"error": "1;31", "warning": "33"}


def paint(text: str, kind: str, stream: TextIO) -> str:
    """Return a text in the colour of an error or a warning if its stream is a terminal.

    The variable NO_COLOR turns colour off, see https://no-color.org, as does a terminal without it.

    Args:
        text: one line or a part of it.
        kind: a key of ``CODES``.
        stream: where the text is written.
    """
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or not stream.isatty():
        return text
    return f"\033[{CODES[kind]}m{text}\033[0m"
