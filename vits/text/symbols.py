"""Symbol table: the mapping between symbols and embedding ids."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from vits.errors import TextError, UnknownSymbolError, brief

__all__ = ["PAD", "SymbolTable", "describe_symbols"]

PAD = "_"
_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The apostrophe appears twice, around U+0329, as in the original. Removing one would shift all
# later ids of a trained embedding.
_IPA = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃ"
    "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)


@dataclass(frozen=True)
class SymbolTable:
    """An immutable list of symbols; id i of the text embedding is ``symbols[i]``.

    ``symbols[0]`` is the blank. A symbol may occur more than once; its id is then the last
    position, as in the original, and the earlier ids are unused.

    Attributes:
        symbols: non-empty strings in the order of their ids.
        ids: symbol -> id.

    Raises:
        TextError: the list is empty, or an entry is not a non-empty string.
    """

    symbols: tuple[str, ...]
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the symbols and index them."""
        if not self.symbols:
            raise TextError("a symbol table must have at least 1 symbol, the blank")
        for index, symbol in enumerate(cast(tuple[Any, ...], self.symbols)):
            if not isinstance(symbol, str) or not symbol:
                raise TextError(
                    f"symbol {brief(symbol)} with id {index} must be a non-empty string"
                )
        object.__setattr__(self, "ids", {symbol: i for i, symbol in enumerate(self.symbols)})

    @classmethod
    def default(cls) -> "SymbolTable":
        """Return the original's 178 symbols: pad, punctuation, letters, IPA.

        Source: jaywalnut310/vits, text/symbols.py.

        >>> len(SymbolTable.default()), SymbolTable.default().id("'")
        (178, 176)
        """
        return cls((PAD, *_PUNCTUATION, *_LETTERS, *_IPA))

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "SymbolTable":
        """Return the pad followed by every character of ``texts``, sorted by code point."""
        return cls((PAD, *sorted(set[str]().union(*texts) - {PAD})))

    @classmethod
    def from_list(cls, symbols: Iterable[str]) -> "SymbolTable":
        """Build a table from the output of ``to_list``."""
        return cls(tuple(symbols))

    def to_list(self) -> list[str]:
        """Return the symbols as a plain JSON value."""
        return list(self.symbols)

    def extended(self, symbols: Iterable[str]) -> "SymbolTable":
        r"""Return a table with new symbols appended in sorted order; existing ids do not change.

        >>> SymbolTable.default().extended({"\u0303"}).id("\u0303")
        178
        """
        return SymbolTable((*self.symbols, *sorted(set(symbols) - set(self.symbols))))

    def id(self, symbol: str) -> int:
        """Return the id of ``symbol``.

        Raises:
            UnknownSymbolError: the symbol is not in the table.
        """
        if symbol not in self.ids:
            description = describe_symbols({symbol: 1})
            raise UnknownSymbolError(
                f"symbol {description} is not in the table of {len(self)} symbols; "
                "use a symbol of the table, or extend the table before training",
                {symbol: 1},
            )
        return self.ids[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.ids

    def __len__(self) -> int:
        return len(self.symbols)


def describe_symbols(symbols: dict[str, int], limit: int = 10) -> str:
    """List symbols with code points and counts, most frequent first.

    >>> describe_symbols({"ø": 2})
    "'ø' (U+00F8) x2"
    """

    def describe(symbol: str, count: int) -> str:
        points = " ".join(f"U+{ord(char):04X}" for char in symbol)
        # A lone combining mark would attach to the quote; repr escapes unprintable characters.
        lone_mark = unicodedata.combining(symbol[0])
        shown = ascii(symbol) if lone_mark else repr(symbol)
        return f"{shown} ({points}) x{count}"

    ranked = sorted(symbols.items(), key=lambda item: (-item[1], item[0]))
    rest = len(ranked) - limit
    listed = ", ".join(describe(symbol, count) for symbol, count in ranked[:limit])
    return f"{listed} and {rest} more" if rest > 0 else listed
