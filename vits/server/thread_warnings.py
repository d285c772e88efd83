"""Warnings of a voice that speaks in a thread, brought to whoever asked for the speech."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from vits.synthesis import SkippedSentenceWarning
from vits.text import UnknownSymbolWarning

__all__ = ["collect", "collecting"]

_KINDS = (UnknownSymbolWarning, SkippedSentenceWarning)
_HEARD = threading.local()


@contextmanager
def collecting() -> Generator[None]:
    """While this lasts, ``collect`` hears the warnings of its own thread.

    ``always`` also keeps Python from remembering every message for ever. What the clients wrote
    is in the messages: so they are not printed.
    """
    with warnings.catch_warnings():
        for kind in _KINDS:
            warnings.simplefilter("always", kind)
        before = warnings.showwarning

        def hear(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            heard: list[str] | None = getattr(_HEARD, "messages", None)
            if heard is not None and issubclass(category, _KINDS):
                heard.append(str(message))
            else:
                before(message, category, *place, **more)

        warnings.showwarning = hear
        yield


@contextmanager
def collect() -> Generator[list[str]]:
    """Collect what this thread is warned of."""
    _HEARD.messages = messages = []
    try:
        yield messages
    finally:
        _HEARD.messages = None
