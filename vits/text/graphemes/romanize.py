"""Romanisation: text of any script in Latin letters, with uroman (extra ``uroman``).

Source: Hermjakob, May & Knight, "Out-of-the-box Universal Romanization Tool uroman", ACL 2018.
"""

import functools
from importlib import import_module
from typing import Any

from vits.errors import MissingExtraError
from vits.text.aligned import AlignedText, Edit

__all__ = ["romanize"]


def romanize(text: AlignedText) -> AlignedText:
    """Return a text in Latin letters, as uroman writes it if it is not told the language.

    Raises:
        MissingExtraError: uroman is not installed.
    """
    module, uroman = _uroman()
    edges: list[Any] = uroman.romanize_string(text.text, rom_format=module.RomFormat.EDGES)
    found = (Edit(edge.start, edge.end, edge.txt) for edge in edges)
    return text.edit(e for e in found if e.text != text.text[e.start : e.end])


@functools.cache
def _uroman() -> tuple[Any, Any]:
    """Load uroman's tables, which takes seconds, once."""
    try:
        module = import_module("uroman")
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("romanised text", error.name, "uroman") from error
    return module, module.Uroman()
