"""Encoding of phonemes as symbol ids, and the policy for unknown symbols."""

import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from vits.errors import TextError, UnknownSymbolError
from vits.text.aligned import Span
from vits.text.symbols import SymbolTable, describe_symbols

__all__ = [
    "BOS",
    "EOS",
    "Encoding",
    "Ending",
    "PhonemeChunk",
    "Spelling",
    "SymbolLayout",
    "UnknownPolicy",
    "UnknownSymbolWarning",
    "Word",
    "encode_chunks",
]

UnknownPolicy = Literal["raise", "drop"]
Ending = Literal["sentence", "clause"]
"""What a text ends for the model: a sentence, or a part of one that goes on."""
BOS, EOS = "^", "$"
_CLOSERS = '"”»“« '
_STOPS = ".!?…"
_LONGEST_TAIL = 100
_FINAL = _STOPS + ",;—"
# The marks that are added to a text without a final one, the best first.
_ADDED: dict[Ending, str] = {"sentence": ".…!?;,—", "clause": ",;—.…!?"}
_NOWHERE = Span(0, 0)
T = TypeVar("T")


class UnknownSymbolWarning(UserWarning):
    """Unknown symbols were dropped; the message lists and counts them."""


@dataclass(frozen=True)
class Word:
    """A word of the normalised text and its position in ``Encoding.ids``.

    Attributes:
        text: the word as it appears in the normalised text. Words that espeak-ng merges into one
            token are joined by spaces.
        phonemes: its symbols without blanks.
        start: index of its first symbol.
        end: index after its last symbol. The range includes the blanks between its symbols, but
            not those before the first and after the last.
        source: the characters [start, end) of the text given to the front end that it stands for;
            several words share those of "$100".
    """

    text: str
    phonemes: str
    start: int
    end: int
    source: Span = _NOWHERE


@dataclass(frozen=True)
class Encoding:
    """The model input for one text.

    Attributes:
        ids: symbol ids. With blanks, n symbols give 2n + 1 ids; ``bos_eos`` adds 2.
        symbols: the symbol of each id, including blanks, ``^`` and ``$``.
        words: words in order.
        phonemes: all symbols of the text, without blanks.
        dropped: dropped symbol -> count: symbols that are not in the table or have no sound.
        added: index in ``ids`` of a final mark that is not in the text; -1: none.
    """

    ids: tuple[int, ...]
    symbols: tuple[str, ...]
    words: tuple[Word, ...]
    phonemes: str
    dropped: dict[str, int]
    added: int = -1


class SymbolLayout(NamedTuple):
    """The symbols that are inserted between and around the symbols of a text.

    Attributes:
        blanks: insert the blank before, between and after all symbols.
        blank: the blank symbol; "" selects the first of the table.
        bos_eos: put ``^`` first and ``$`` last.
    """

    blanks: bool
    blank: str = ""
    bos_eos: bool = False


class Spelling(NamedTuple):
    """How phonemes are split into symbols.

    Attributes:
        composed: prefer a composed character (``ü``) over its parts.
        exact: take every character as it is; ``composed`` then has no effect.
        clusters: symbols of several phonemes that are looked up as one.
    """

    composed: bool = False
    exact: bool = False
    clusters: tuple[str, ...] = ()


class PhonemeChunk(NamedTuple):
    """Phonemes of a word, or of the separator between two words (``text`` is None).

    ``source`` is the part of the input that the word stands for.
    """

    phonemes: str
    text: str | None = None
    source: Span = Span(0, 0)


class _Position(NamedTuple):
    """A word and the indices [start, end) of its symbols."""

    text: str
    start: int
    end: int
    source: Span


def encode_chunks(
    chunks: Iterable[PhonemeChunk],
    silent: Counter[str],
    table: SymbolTable,
    *,
    layout: SymbolLayout,
    spelling: Spelling,
    unknown: UnknownPolicy,
    ending: Ending | None = None,
) -> Encoding:
    """Look up all symbols and record the position of each word.

    Args:
        chunks: words and separators in order.
        silent: characters already known to have no sound, with counts.
        table: the symbol table.
        layout: symbols between and around those of the text.
        spelling: how phonemes are split into symbols.
        unknown: ``raise`` or ``drop`` for symbols that are not in the table.
        ending: add a final mark if the text has none; None: never.

    Raises:
        UnknownSymbolError: a symbol is unknown and the policy is ``raise``.
        TextError: no word is left.
    """
    kept: list[str] = []
    positions: list[_Position] = []
    missing = Counter(silent)
    for chunk in chunks:
        start = len(kept)
        for symbol in split_symbols(chunk.phonemes, table, spelling):
            if symbol not in table.ids:
                missing[symbol] += 1
            # A silent or unknown word must not leave two spaces.
            elif symbol != " " or (kept and kept[-1] != " "):
                kept.append(symbol)
        if chunk.text is not None and len(kept) > start:
            positions.append(_Position(chunk.text, start, len(kept), chunk.source))
    if kept and kept[-1] == " ":
        kept.pop()
    if missing and unknown == "raise":
        raise UnknownSymbolError(
            f"{_describe_missing(missing)}; the table has {len(table)} symbols; change the text, "
            "drop them with unknown='drop', or extend the table before training",
            dict(missing),
        )
    _require_speech(positions, kept, missing)  # before the warning, so that only one is reported
    if missing:
        # The warning points at the caller of Frontend.encode.
        warnings.warn(f"dropped {_describe_missing(missing)}", UnknownSymbolWarning, stacklevel=3)
    mark = "" if ending is None else _missing_mark(kept, table, ending)
    return _assemble(kept, mark, positions, table, layout, dict(missing))


def _missing_mark(kept: Sequence[str], table: SymbolTable, ending: Ending) -> str:
    """Return the mark that symbols lack at their end; "" if they have one or the table has none.

    A colon and a closing quote are no ends: models speak them at full level up to the last sample.
    """
    text = "".join(kept[-_LONGEST_TAIL:])
    if text[-1] in _FINAL or text.rstrip(_CLOSERS)[-1:] in tuple(_STOPS):
        return ""
    marks = _ADDED["clause" if text.endswith(":") else ending]
    return next((mark for mark in marks if mark in table), "")


def split_symbols(phonemes: str, table: SymbolTable, spelling: Spelling) -> list[str]:
    """Split a phoneme string into symbols of one code point each, or clusters of several.

    An accented letter is one symbol or a letter and its combining marks, depending on the table.
    If the table has both, ``spelling.composed`` decides. If it has neither, the result is the
    composed letter if ``composed``, else the parts, so that a nasal vowel keeps at least its vowel.
    """
    if spelling.exact:
        return list(phonemes)
    composed = spelling.composed
    symbols: list[str] = []
    for char in unicodedata.normalize("NFC", phonemes):
        parts = _decompose(char)
        if len(parts) == 1:
            symbols.append(char)
            continue
        has_parts = all(part in table for part in parts)
        whole = (char in table or not has_parts) if composed else (char in table and not has_parts)
        symbols += [char] if whole else parts
    return _join_clusters(symbols, spelling.clusters) if spelling.clusters else symbols


def _join_clusters(symbols: list[str], clusters: tuple[str, ...]) -> list[str]:
    """Join the symbols of a cluster, the longest first."""
    longest, joined, at = max(map(len, clusters)), list[str](), 0
    while at < len(symbols):
        sizes = range(min(longest, len(symbols) - at), 1, -1)
        size = next((n for n in sizes if "".join(symbols[at : at + n]) in clusters), 1)
        joined.append("".join(symbols[at : at + size]))
        at += size
    return joined


@lru_cache(maxsize=4096)
def _decompose(char: str) -> tuple[str, ...]:
    """Return a letter and its combining marks."""
    return tuple(unicodedata.normalize("NFD", char))


def _describe_missing(missing: Counter[str]) -> str:
    """Count and list the unknown symbols."""
    noun = "symbol" if missing.total() == 1 else "symbols"
    return (
        f"{missing.total()} {noun} that the table lacks or that have no sound: "
        f"{describe_symbols(missing)}"
    )


def _require_speech(
    positions: Sequence[_Position], kept: Sequence[str], missing: Counter[str]
) -> None:
    """Require a letter or digit in at least one word; punctuation alone is not speech."""
    for word in positions:
        if any(unicodedata.category(char)[0] in "LN" for char in kept[word.start : word.end]):
            return
    dropped = f" (dropped: {describe_symbols(missing)})" if missing else ""
    raise TextError(f"the text has nothing to speak{dropped}; give at least one word")


def _assemble(
    kept: Sequence[str],
    mark: str,
    positions: Sequence[_Position],
    table: SymbolTable,
    layout: SymbolLayout,
    dropped: dict[str, int],
) -> Encoding:
    blanks, shift = layout.blanks, int(layout.bos_eos)
    words = tuple(
        Word(
            text=text,
            phonemes="".join(kept[start:end]),
            start=shift + (2 * start + 1 if blanks else start),
            end=shift + (2 * end if blanks else end),
            source=source,
        )
        for text, start, end, source in positions
    )
    symbols = [*kept, mark] if mark else list(kept)
    ids = [table.ids[symbol] for symbol in symbols]
    added = shift + (2 * len(kept) + 1 if blanks else len(kept)) if mark else -1
    if blanks:
        blank = layout.blank or table.symbols[0]
        ids = _intersperse(ids, table.id(blank) if layout.blank else 0)
        symbols = _intersperse(symbols, blank)
    if layout.bos_eos:
        ids = [table.id(BOS), *ids, table.id(EOS)]
        symbols = [BOS, *symbols, EOS]
    return Encoding(tuple(ids), tuple(symbols), words, "".join(kept), dropped, added)


def _intersperse(items: Sequence[T], blank: T) -> list[T]:
    """Put a blank before, between and after all items."""
    result = [blank] * (2 * len(items) + 1)
    result[1::2] = items
    return result
