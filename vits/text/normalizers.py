"""Registry of the languages whose written forms are expanded to words.

A normaliser takes a cleaned text (``AlignedText``) and an espeak-ng language code, and returns the
text with everything that is not a word or punctuation replaced by words. To add a language, write
a module with such a function and enter it here; it is imported on first use.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from vits.text.aligned import AlignedText

__all__ = ["Normalizer", "find_normalizer"]

Normalizer = Callable[[AlignedText, str], AlignedText]
# Language family -> (module, function).
_NORMALIZERS = {"en": ("vits.text.english.normalizer", "expand_english")}


@cache
def find_normalizer(language: str) -> Normalizer | None:
    """Return the normaliser of an espeak-ng language code, or None if there is none."""
    family = language.lower().partition("-")[0]
    if family not in _NORMALIZERS:
        return None
    module, function = _NORMALIZERS[family]
    return getattr(import_module(module), function)
