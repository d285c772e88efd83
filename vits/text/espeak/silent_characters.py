"""Removes and counts the characters that espeak-ng does not speak."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from vits.text.aligned import AlignedText
from vits.text.espeak.phonemize import espeak_tokens

__all__ = ["PLACEHOLDER", "remove_silent"]

# A noncharacter replaces each [[...]] while the text around it is normalised.
PLACEHOLDER = "\ufdd0"
# Pictographs are not spoken, although espeak-ng has names for some. These signs are spoken.
_SPOKEN_SIGNS = frozenset("°©®™№℠")
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def remove_silent(text: AlignedText, language: str) -> tuple[AlignedText, Counter[str]]:
    """Replace the silent characters by spaces, and count them."""
    if text.text.isascii() and not re.search(r"[<>|]", text.text):
        return text, Counter()
    silent = {char for char in set(text.text) if char != PLACEHOLDER and _is_silent(char, language)}
    if not silent:
        return text, Counter()
    counts = Counter(char for char in text.text if char in silent)
    return text.sub(f"[{re.escape(''.join(silent))}]", " "), counts


@lru_cache(maxsize=65536)
def _is_silent(char: str, language: str) -> bool:
    """Tell whether a character is silent: pictographs, unassigned or skipped by espeak-ng."""
    category = unicodedata.category(char)
    if category in ("Sm", "Sc") or char in _SPOKEN_SIGNS:
        return not espeak_tokens(char, language)
    return category in ("So", "Cn", "Co", "Me") or ord(char) in _SKIN_TONES
