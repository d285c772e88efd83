"""Text normalisation: cleaning for all languages, written forms to words where we have rules.

Cleaning never removes anything that is spoken: it drops control, format and zero-width characters
and maps variants of a character to one. Unknown characters stay in the text and fall under the
front end's policy for unknown symbols.
"""

import html
import re
import unicodedata
from functools import lru_cache

from vits.text.aligned import AlignedText
from vits.text.normalizers import find_normalizer

__all__ = [
    "NORMALIZER_VERSION",
    "clean",
    "clean_aligned",
    "clean_characters",
    "normalize",
    "normalize_aligned",
    "tidy",
]

# Part of the fingerprint of a voice: increment it whenever the output for any text changes.
NORMALIZER_VERSION = 2

_FOLDS = {
    **dict.fromkeys("“”„‟″＂«»「」『』《》〈〉‹›〝〞", '"'),
    **dict.fromkeys("‘’‚‛′`´＇｀", "'"),
    **dict.fromkeys("‐‑﹣－", "-"),
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
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
    "℃": "°C",
    "℉": "°F",
    "ـ": "",  # the Arabic tatweel only elongates a line
}
_FOLDED = re.compile(f"[{re.escape(''.join(_FOLDS))}]")
# A character reference of HTML.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
# A bar and a back-tick have folds, too.
_ASCII = re.compile(r"[ -_a-{}~]*")
_UNUSUAL = re.compile(r"[^ -~]")
# A letter and what may compose with it.
_COMPOSING = re.compile(r".?[^\x00-\u02ff]+", re.DOTALL)
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
    return clean_aligned(AlignedText(text)).text


def clean_aligned(text: AlignedText) -> AlignedText:
    """Clean a text; see ``clean``."""
    return tidy(_dashes(_brackets(clean_characters(text))))


def normalize(text: str, language: str) -> str:
    """Return cleaned text with written forms replaced by words.

    Args:
        text: any string.
        language: an espeak-ng language code. English, German, French, Spanish, Italian and Dutch
            expand numbers, ordinals, years, currency, dates, times, units and abbreviations to
            words; ``en-gb...`` reads 3/4 as the third of April. In other languages espeak-ng
            reads the numbers; a minus before them and their units become words.

    >>> normalize("Dr. Smith paid $3.50 on 3/4/2020.", "en-us")
    'Doctor Smith paid three dollars and fifty cents on March fourth, twenty twenty.'
    """
    return normalize_aligned(AlignedText(text), language).text


def normalize_aligned(text: AlignedText, language: str) -> AlignedText:
    """Normalise a text that keeps track of the input.

    >>> words = normalize_aligned(AlignedText("It cost $5."), "en-us")
    >>> words.text, words.span(8, 20)
    ('It cost five dollars.', Span(start=8, end=10))
    """
    expand = find_normalizer(language)
    text = clean_characters(text)
    first = expand(text, language)
    unread = _UNREAD if first is text else _UNREAD_AFTER_WORDS
    text = _finish(first)
    for _ in range(_MAX_REREADS if unread.search(text.text) else 0):
        again = _finish(expand(text, language))
        if again.text == text.text:
            break
        text = again
    return text


# An abbreviation or sign that nothing has read, perhaps for a mark after it that is gone now.
_LEFT = r"(?<!\w)[^\W\d_]{1,4}\. |[%<>=+×÷≤≥≈≠±]"
_UNREAD = re.compile(_LEFT)
# Or, if a form was read, a Roman numeral after its words.
_UNREAD_AFTER_WORDS = re.compile(rf"{_LEFT}|(?<!\w)[IVXL]{{2,}}(?!\w)")
_MAX_REREADS = 3


def _finish(text: AlignedText) -> AlignedText:
    return _compose(tidy(_dashes(_brackets(text))))


def tidy(text: AlignedText) -> AlignedText:
    """Remove surplus spaces, repeated commas and commas next to a stronger mark."""
    text = _close_up(text.sub(_SPACE_RUN, " "))
    if "," in text.text:
        text = text.sub(_COMMAS, ",").sub(_COMMA_AFTER_MARK, "").sub(_COMMA_BEFORE_MARK, "")
        text = _close_up(text).sub(_COMMA_BEFORE_LETTER, ", ")
    return text.sub(_DOTS, "...").strip(" ")


_SPACE_BEFORE_MARK = re.compile(r" (?=[,;:!?]|\.(?!\w))(?<=[^ ,] )")
_COMMAS = re.compile(",(?: ?,)+")
_COMMA_AFTER_MARK = re.compile(r",(?![0-9])(?<=[.;:!?—],)")
_COMMA_BEFORE_MARK = re.compile(r",(?= ?—)|, ?(?=[;:!?]|\.(?![0-9]))")
_COMMA_BEFORE_LETTER = re.compile(r",(?=[^\W\d_])")
_DOTS = re.compile(r"\.{4,}")


def _close_up(text: AlignedText) -> AlignedText:
    return text.sub(_SPACE_BEFORE_MARK, "")


def clean_characters(text: AlignedText) -> AlignedText:
    """Map or drop single characters; only plain spaces are left."""
    if "&" in text.text:
        text = text.sub(_REFERENCE, lambda found: html.unescape(found[0]))
    if not _ASCII.fullmatch(text.text):
        text = _compose(text)
        text = text.sub(_FOLDED, lambda found: _FOLDS[found[0]])
        text = text.sub(_VARIANT, lambda found: unicodedata.normalize("NFKC", found[0]))
        text = text.sub(_INVISIBLE, "").sub(_UNUSUAL, lambda found: _fold(found[0]))
        text = _compose(text)
        text = text.sub(r"(?<=[0-9])[‒–](?=[0-9])", "-").sub(r"[‒–]", "—")
        text = text.sub(r"·(?!\w)|(?<!\w)·", ", ")
    return text.sub(_BACK_TICK, "'").sub(_HYPHENS, "—").sub(_SPACE_RUN, " ").strip(" ")


# A back-tick between letters is an apostrophe.
_BACK_TICK = re.compile(r"`(?=\w)(?<=\w`)")
_HYPHENS = re.compile("-{2,}")
_SPACE_RUN = re.compile(" {2,}")


def _compose(text: AlignedText) -> AlignedText:
    """Return the text in NFC."""
    if unicodedata.is_normalized("NFC", text.text):
        return text
    composed = text.sub(_COMPOSING, lambda found: unicodedata.normalize("NFC", found[0]))
    whole = unicodedata.normalize("NFC", text.text)
    return composed if composed.text == whole else text.sub(r"(?s).+", whole)


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


_LONE_HYPHEN = re.compile("-(?= )(?<= -)")
_MINUS = re.compile("−")
_ENDING = re.compile(r"(?<=\w)\((s|es|n|en|e|r)\)")
_BRACKET = re.compile(r"[\[({\])}]")


def _dashes(text: AlignedText) -> AlignedText:
    """Read a hyphen between spaces as a dash, and a minus sign as a hyphen."""
    return text.sub(_LONE_HYPHEN, "—").sub(_MINUS, "-")


def _brackets(text: AlignedText) -> AlignedText:
    """Replace brackets by commas, which are read as a pause; "book(s)" loses its brackets."""
    if "(" in text.text:
        text = text.sub(_ENDING, lambda found: found[1])
    return text.strip(" [](){}").sub(_BRACKET, ", ")
