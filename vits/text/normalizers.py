"""Registry of the languages whose written forms are expanded to words.

A normaliser takes a cleaned text (``AlignedText``) and an espeak-ng language code, and returns the
text with everything that is not a word or punctuation replaced by words. To add a language, write
a module with such a function and enter it here; it is imported on first use.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from vits.text.aligned import AlignedText
from vits.text.languages.expand import LANGUAGES

__all__ = ["Normalizer", "find_normalizer"]

Normalizer = Callable[[AlignedText, str], AlignedText]
# Language family -> (module, function).
_NORMALIZERS = {
    "en": ("vits.text.english.normalizer", "expand_english"),
    **dict.fromkeys(LANGUAGES, ("vits.text.languages.expand", "expand")),
}
_OTHER = ("vits.text.languages.other", "expand_other")


@cache
def find_normalizer(language: str) -> Normalizer:
    """Return the normaliser of an espeak-ng language code."""
    family = language.lower().partition("-")[0]
    module, function = _NORMALIZERS.get(family, _OTHER)
    return getattr(import_module(module), function)
