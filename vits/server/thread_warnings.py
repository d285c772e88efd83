"""Warnings of a synthesis thread, collected for the request that it works on."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from vits.synthesis import SkippedSentenceWarning
from vits.text import UnknownSymbolWarning

__all__ = ["capture_thread_warnings", "collect_warnings"]

_CATEGORIES = (UnknownSymbolWarning, SkippedSentenceWarning)
_THREAD = threading.local()


@contextmanager
def capture_thread_warnings() -> Generator[None]:
    """Enable ``collect_warnings`` in all threads while the context is open.

    Warnings about skipped text are not printed, because their messages quote the client's text.
    The filter "always" also keeps Python from storing every message in its warning registry.
    """
    with warnings.catch_warnings():
        for category in _CATEGORIES:
            warnings.simplefilter("always", category)
        previous = warnings.showwarning

        def capture(
            message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any
        ) -> None:
            messages: list[str] | None = getattr(_THREAD, "messages", None)
            if messages is not None and issubclass(category, _CATEGORIES):
                messages.append(str(message))
            else:
                previous(message, category, *args, **kwargs)

        warnings.showwarning = capture
        yield


@contextmanager
def collect_warnings() -> Generator[list[str]]:
    """Collect the messages of the current thread's warnings about skipped text."""
    _THREAD.messages = messages = []
    try:
        yield messages
    finally:
        _THREAD.messages = None
