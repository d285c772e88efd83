"""The symbol table: which row of the embedding belongs to which symbol."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from vits.errors import TextError, UnknownSymbolError

__all__ = ["PAD", "SymbolTable", "describe_symbols"]

PAD = "_"
_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The apostrophe stands twice, around U+0329, as in the original: dropping one of them would shift
# every later row of a trained embedding.
_IPA = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃ"
    "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)


@dataclass(frozen=True)
class SymbolTable:
    """An immutable list of symbols; row i of the embedding is ``symbols[i]``.

    ``symbols[0]`` is the blank. A symbol may stand more than once; its id is then the last row,
    as in the original, and the earlier row is never used.

    Attributes:
        symbols: the rows, each a non-empty string.
        rows: symbol -> row.

    Raises:
        TextError: no rows, or a row that is not a non-empty string.
    """

    symbols: tuple[str, ...]
    rows: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the rows and index them."""
        if not self.symbols:
            raise TextError("a symbol table must have at least 1 row: the blank")
        for row, symbol in enumerate(cast(tuple[Any, ...], self.symbols)):
            if not isinstance(symbol, str) or not symbol:
                raise TextError(f"symbol {symbol!r} of row {row} must be a non-empty string")
        object.__setattr__(self, "rows", {symbol: i for i, symbol in enumerate(self.symbols)})

    @classmethod
    def default(cls) -> "SymbolTable":
        """Return the original's 178 rows: pad, punctuation, letters, IPA.

        Source: jaywalnut310/vits, text/symbols.py.

        >>> len(SymbolTable.default()), SymbolTable.default().id("'")
        (178, 176)
        """
        return cls((PAD, *_PUNCTUATION, *_LETTERS, *_IPA))

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "SymbolTable":
        """Return the pad and then every character of ``texts``, sorted by code point."""
        return cls((PAD, *sorted(set[str]().union(*texts) - {PAD})))

    @classmethod
    def from_list(cls, symbols: Iterable[str]) -> "SymbolTable":
        """Return the table with these rows, as ``to_list`` gave them."""
        return cls(tuple(symbols))

    def to_list(self) -> list[str]:
        """Return the rows as a plain JSON value."""
        return list(self.symbols)

    def extended(self, symbols: Iterable[str]) -> "SymbolTable":
        r"""Return a longer table: new symbols are appended, sorted; old rows keep their ids.

        >>> SymbolTable.default().extended({"\u0303"}).id("\u0303")
        178
        """
        return SymbolTable((*self.symbols, *sorted(set(symbols) - set(self.symbols))))

    def id(self, symbol: str) -> int:
        """Return the row of ``symbol``.

        Raises:
            UnknownSymbolError: the table has no such row.
        """
        if symbol not in self.rows:
            named = describe_symbols({symbol: 1})
            raise UnknownSymbolError(
                f"symbol {named} has no row in the table of {len(self)} symbols; "
                "use a symbol of the table, or extend the table before training",
                {symbol: 1},
            )
        return self.rows[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.rows

    def __len__(self) -> int:
        return len(self.symbols)


def describe_symbols(symbols: dict[str, int], limit: int = 10) -> str:
    """Name symbols with code points and counts, the most frequent first.

    >>> describe_symbols({"ø": 2})
    "'ø' (U+00F8) x2"
    """

    def one(symbol: str, count: int) -> str:
        points = " ".join(f"U+{ord(char):04X}" for char in symbol)
        # A lone combining mark would sit on the quote before it; repr escapes what cannot print.
        lone_mark = unicodedata.combining(symbol[0])
        shown = ascii(symbol) if lone_mark else repr(symbol)
        return f"{shown} ({points}) x{count}"

    ranked = sorted(symbols.items(), key=lambda item: (-item[1], item[0]))
    rest = len(ranked) - limit
    named = ", ".join(one(symbol, count) for symbol, count in ranked[:limit])
    return f"{named} and {rest} more" if rest > 0 else named
