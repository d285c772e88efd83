"""Text normalisation: cleaning for all languages, written forms to words for English.

Cleaning never removes anything that is spoken: it drops control, format and zero-width characters
and maps variants of a character to one. Unknown characters stay in the text and fall under the
front end's policy for unknown symbols.
"""

import re
import unicodedata
from functools import lru_cache

from vits.text.english.written_forms import expand_english

__all__ = ["NORMALIZER_VERSION", "clean", "normalize", "tidy"]

# Part of the fingerprint of a voice: increment it whenever the output for any text changes.
NORMALIZER_VERSION = 1

_FOLDS = str.maketrans(
    {
        **dict.fromkeys("“”„‟″＂«»「」『』《》〈〉‹›〝〞", '"'),
        **dict.fromkeys("‘’‚‛′`´＇｀", "'"),
        **dict.fromkeys("‐‑−﹣－", "-"),
        **dict.fromkeys("—―⸺⸻", "—"),
        **dict.fromkeys("…⋯", "..."),
        **dict.fromkeys("•‣◦|¦｜", ", "),
        **dict.fromkeys("、，،﹐︐", ", "),
        **dict.fromkeys("。．｡।॥۔።", ". "),
        **dict.fromkeys("！﹗", "! "),
        **dict.fromkeys("？؟﹖", "? "),
        **dict.fromkeys("：﹕", ": "),
        **dict.fromkeys("；؛﹔", "; "),
        **dict.fromkeys("【〔（", "("),
        **dict.fromkeys("】〕）", ")"),
        "℃": "°C",
        "℉": "°F",
        "ـ": "",  # the Arabic tatweel only elongates a line
    }
)
_ASCII = re.compile(r"[ -~]*")
_INVISIBLE = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Full-width letters and ligatures.
_VARIANT = re.compile("[\uff01-\uff5e\ufb00-\ufb06]")
_SPACES = "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85"


def clean(text: str) -> str:
    r"""Return ``text`` in NFC on one line, with variants of a character mapped to one.

    Removed, since they are silent: control and format characters (NUL, zero-width, soft hyphen,
    byte order mark, direction marks), variation selectors, repeated spaces. Mapped: quotes to
    ``"`` and ``'``, dashes to ``—`` or ``-``, ``…`` to ``...``, brackets, bars and bullets to
    commas, punctuation of other scripts to Latin punctuation, all decimal digits to 0-9. A lone
    surrogate becomes U+FFFD, which no table contains and which is reported as unknown.

    >>> clean("“Well…” \u200b(she  said)")
    '"Well...", she said'
    """
    return tidy(_brackets(_characters(text)))


def normalize(text: str, language: str) -> str:
    """Return cleaned text; English text consists of words and punctuation only.

    Args:
        text: any string.
        language: an espeak-ng language code. ``en`` and ``en-...`` expand numbers, ordinals,
            years, currency, dates, times, units and abbreviations to words; ``en-gb...`` reads
            3/4 as the third of April. Other languages are only cleaned; espeak-ng reads their
            numbers.

    >>> normalize("Dr. Smith paid $3.50 on 3/4/2020.", "en-us")
    'Doctor Smith paid three dollars and fifty cents on March fourth, twenty twenty.'
    """
    text = _characters(text)
    family, _, region = language.lower().partition("-")
    if family == "en":
        text = expand_english(text, british=region.startswith("gb"))
    return unicodedata.normalize("NFC", tidy(_brackets(text)))


def tidy(text: str) -> str:
    """Remove surplus spaces, repeated commas and commas next to a stronger mark."""
    text = re.sub(r" {2,}", " ", text)
    text = _close_up(text)
    text = re.sub(r",(?: ?,)+", ",", text)
    text = re.sub(r"(?<=[.;:!?—]),(?![0-9])", "", text)
    text = re.sub(r",(?= ?—)|, ?(?=[;:!?]|\.(?![0-9]))", "", text)
    text = re.sub(r",(?=[^\W\d_])", ", ", _close_up(text))
    return re.sub(r"\.{4,}", "...", text).strip()


def _close_up(text: str) -> str:
    return re.sub(r"(?<=[^ ,]) (?=[,;:!?]|\.(?!\w))", "", text)


def _characters(text: str) -> str:
    """Map or drop single characters; only plain spaces are left."""
    text = unicodedata.normalize("NFC", text)
    if not _ASCII.fullmatch(text):
        text = _VARIANT.sub(
            lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_FOLDS)
        )
        text = _INVISIBLE.sub("", "".join(map(_fold, text)))
        text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<=[0-9])[‒–](?=[0-9])", "-", text)
    text = re.sub(r"[‒–]|-{2,}|(?<= )-(?= )", "—", text)
    text = re.sub(r"·(?!\w)|(?<!\w)·", ", ", text)
    return re.sub(r" {2,}", " ", text).strip()


@lru_cache(maxsize=65536)
def _fold(char: str) -> str:
    """Return the replacement of a character that ``_FOLDS`` does not map."""
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") or char in _SPACES:
        return " "
    if category in ("Cc", "Cf"):
        return ""
    if category == "Cs":
        return "\ufffd"
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return char


def _brackets(text: str) -> str:
    """Replace brackets by commas, which are read as a pause; "book(s)" loses its brackets."""
    text = re.sub(r"(?<=\w)\((s|es|n|en|e|r)\)", r"\1", text)
    return re.sub(r"[\[({\])}]", ", ", text.strip(" [](){}"))
