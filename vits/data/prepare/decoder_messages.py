"""Captures what decoders print on standard error, to report it with the recording."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["decoder_messages"]

_MOST = 300  # characters
_STDERR = 2


@contextmanager
def decoder_messages() -> Iterator[list[str]]:
    """Capture what C libraries print on standard error during the block.

    libsndfile's MP3 decoder prints there, past ``sys.stderr``. Standard error belongs to the whole
    process: use it where no other thread prints.

    Yields:
        A list; after the block it contains one string with the messages, or nothing.
    """
    said: list[str] = []
    try:
        saved = os.dup(_STDERR)
    except OSError:  # a process without standard error
        yield said
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), _STDERR)
        try:
            yield said
        finally:
            os.dup2(saved, _STDERR)
            os.close(saved)
            file.seek(0)
            text = " ".join(file.read(10 * _MOST).decode(errors="replace").split())
            if text:
                said.append(f"(decoder: {text[:_MOST]})")
