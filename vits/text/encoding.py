"""What a text becomes: ids, symbols and words, and the policy for symbols without a row."""

import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from vits.errors import TextError, UnknownSymbolError
from vits.text.symbols import SymbolTable, describe_symbols

__all__ = [
    "BEGIN",
    "END",
    "Encoding",
    "Frame",
    "Span",
    "UnknownPolicy",
    "UnknownSymbolWarning",
    "Word",
    "encode_spans",
]

UnknownPolicy = Literal["raise", "drop"]
BEGIN, END = "^", "$"
T = TypeVar("T")


class UnknownSymbolWarning(UserWarning):
    """Symbols without a row in the table were dropped; the message names and counts them."""


@dataclass(frozen=True)
class Word:
    """A word of the normalised text and its place in ``Encoding.ids``.

    Attributes:
        text: the word as the normalised text has it; several words with spaces between them where
            espeak-ng says them as one.
        phonemes: its symbols, blanks left out.
        start: position of its first symbol.
        end: position after its last symbol. Blanks between its symbols are the word's; the blanks
            before its first and after its last symbol are nobody's, as spaces and punctuation are.
    """

    text: str
    phonemes: str
    start: int
    end: int


@dataclass(frozen=True)
class Encoding:
    """A text as a model reads it.

    Attributes:
        ids: rows of the symbol table; with blanks 2n + 1 of them for n symbols, 2 more with bounds.
        symbols: the symbol of each id, blanks and bounds included.
        words: in order.
        phonemes: all symbols, blanks left out.
        dropped: symbols that have no row, or no sound, and were left out, with their number.
    """

    ids: tuple[int, ...]
    symbols: tuple[str, ...]
    words: tuple[Word, ...]
    phonemes: str
    dropped: dict[str, int]


class Frame(NamedTuple):
    """What stands between and around the symbols of a text.

    Attributes:
        blanks: the blank stands before, between and after all symbols.
        blank: the blank's symbol; "" for the table's first.
        bounds: ``^`` and ``$`` stand around it all.
    """

    blanks: bool
    blank: str = ""
    bounds: bool = False


class Span(NamedTuple):
    """A stretch of phonemes: a word (``text`` is what it says) or what stands between words."""

    phonemes: str
    text: str | None = None


def encode_spans(
    spans: Iterable[Span],
    unspeakable: Counter[str],
    table: SymbolTable,
    *,
    frame: Frame,
    composed: bool,
    unknown: UnknownPolicy,
) -> Encoding:
    """Look every symbol up and keep account of the words.

    Args:
        spans: words and separators in order.
        unspeakable: characters already known to have no sound.
        table: the rows.
        frame: what stands between and around the symbols.
        composed: prefer a row for the composed character (``ü``) over rows for its parts.
        unknown: ``raise`` or ``drop`` what has no row.

    Raises:
        UnknownSymbolError: something has no row, and the policy is ``raise``.
        TextError: no word is left.
    """
    kept: list[str] = []
    places: list[tuple[str, int, int]] = []
    missing = Counter(unspeakable)
    for span in spans:
        start = len(kept)
        for symbol in split_symbols(span.phonemes, table, composed):
            if symbol not in table.rows:
                missing[symbol] += 1
            # What separated a silent or unknown word leaves no second space behind.
            elif symbol != " " or (kept and kept[-1] != " "):
                kept.append(symbol)
        if span.text is not None and len(kept) > start:
            places.append((span.text, start, len(kept)))
    if kept and kept[-1] == " ":
        kept.pop()
    if missing and unknown == "raise":
        raise UnknownSymbolError(
            f"{_lost(missing)}; the table has {len(table)} symbols; change the text, drop them "
            "with unknown='drop', or extend the table before training",
            dict(missing),
        )
    _require_speech(places, kept, missing)  # before the warning: one message tells it all
    if missing:
        # The warning points at the caller of Frontend.encode.
        warnings.warn(f"dropped {_lost(missing)}", UnknownSymbolWarning, stacklevel=3)
    return _assemble(kept, places, table, frame, dict(missing))


def split_symbols(phonemes: str, table: SymbolTable, composed: bool) -> list[str]:
    """Split a phoneme string into symbols, each one code point.

    An accented letter is one symbol or a letter and its combining marks, whichever the table
    has; where it has both, ``composed`` decides; where neither, it is the composed letter if
    ``composed``, else the parts, so that a nasal vowel is at least its vowel.
    """
    symbols: list[str] = []
    for char in unicodedata.normalize("NFC", phonemes):
        parts = _parts(char)
        if len(parts) == 1:
            symbols.append(char)
            continue
        has_parts = all(part in table for part in parts)
        whole = (char in table or not has_parts) if composed else (char in table and not has_parts)
        symbols += [char] if whole else parts
    return symbols


@lru_cache(maxsize=4096)
def _parts(char: str) -> tuple[str, ...]:
    """Take a letter and its marks apart."""
    return tuple(unicodedata.normalize("NFD", char))


def _lost(missing: Counter[str]) -> str:
    """Count and name the symbols that cannot be spoken."""
    many = "symbol" if missing.total() == 1 else "symbols"
    return f"{missing.total()} {many} without a row or a sound: {describe_symbols(missing)}"


def _require_speech(
    places: Sequence[tuple[str, int, int]], kept: Sequence[str], missing: Counter[str]
) -> None:
    """Require a letter or digit in some word; punctuation alone says nothing."""
    for _, start, end in places:
        if any(unicodedata.category(char)[0] in "LN" for char in kept[start:end]):
            return
    lost = f" (dropped: {describe_symbols(missing)})" if missing else ""
    raise TextError(f"the text has nothing to speak{lost}; give at least one word")


def _assemble(
    kept: Sequence[str],
    places: Sequence[tuple[str, int, int]],
    table: SymbolTable,
    frame: Frame,
    dropped: dict[str, int],
) -> Encoding:
    blanks, shift = frame.blanks, int(frame.bounds)
    words = tuple(
        Word(
            text=text,
            phonemes="".join(kept[start:end]),
            start=shift + (2 * start + 1 if blanks else start),
            end=shift + (2 * end if blanks else end),
        )
        for text, start, end in places
    )
    ids, symbols = [table.rows[symbol] for symbol in kept], list(kept)
    if blanks:
        blank = frame.blank or table.symbols[0]
        ids = _between(ids, table.id(blank) if frame.blank else 0)
        symbols = _between(symbols, blank)
    if frame.bounds:
        ids = [table.id(BEGIN), *ids, table.id(END)]
        symbols = [BEGIN, *symbols, END]
    return Encoding(tuple(ids), tuple(symbols), words, "".join(kept), dropped)


def _between(items: Sequence[T], blank: T) -> list[T]:
    """Put a blank before, between and after all items."""
    together = [blank] * (2 * len(items) + 1)
    together[1::2] = items
    return together
