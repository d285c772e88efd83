"""Symbol tables of other projects: rows nobody uses, symbols that stand twice, the blank's row."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.text import Frontend, SymbolTable

__all__ = ["EMBEDDING", "fill_rows", "first_row_blank", "row_names", "unused_row"]

EMBEDDING = "text_encoder.embedding.weight"


def fill_rows(rows: Mapping[str, int], where: object) -> SymbolTable:
    """Return the table in which every symbol has the row that a mapping names.

    A row without a symbol gets a name of several characters, which no text has. If what is named
    agrees with the original's 178 rows, whose apostrophe stands twice, the table is the original's.

    Raises:
        VoiceError: a row is no row, or two symbols have the same one.
    """
    named: dict[int, str] = {}
    for symbol, row in rows.items():
        if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < 1 << 20:
            raise VoiceError(f"{where}: symbol {symbol[:20]!r} has the row {str(row)[:40]!r}")
        if not symbol:
            raise VoiceError(f"{where}: row {row} has an empty symbol")
        if row in named:
            raise VoiceError(f"{where}: {named[row][:20]!r} and {symbol[:20]!r} have the same row")
        named[row] = symbol
    if not named:
        raise VoiceError(f"{where} names no symbols")
    filled = tuple(named.get(row, unused_row(row)) for row in range(max(named) + 1))
    default = SymbolTable.default()
    alike = len(filled) == len(default) and all(
        mine == theirs or mine == unused_row(row)
        for row, (mine, theirs) in enumerate(zip(filled, default.symbols, strict=True))
    )
    return default if alike else SymbolTable(filled)


def row_names(table: SymbolTable) -> dict[str, int]:
    """Return symbol -> row with every row named once; an earlier twin gets a name of its own."""
    return {
        symbol if table.id(symbol) == row else unused_row(row): row
        for row, symbol in enumerate(table.symbols)
    }


def unused_row(row: int) -> str:
    """Return what stands for a row that no text uses."""
    return f"<row {row}>"


def first_row_blank(
    frontend: Frontend, weights: Mapping[str, Tensor]
) -> tuple[Frontend, dict[str, Tensor], list[int]]:
    """Exchange two rows where the blank is not the first, for formats whose blank must be.

    Returns:
        Front end, tensors, and for each of their rows the row it was.
    """
    order = list(range(len(weights[EMBEDDING])))
    blank = frontend.config.blank
    row = frontend.symbols.id(blank) if blank else 0
    order[0], order[row] = row, 0
    symbols = [frontend.symbols.symbols[r] for r in order[: len(frontend.symbols)]]
    moved = {**weights, EMBEDDING: weights[EMBEDDING][torch.tensor(order)]}
    config = replace(frontend.config, blank="")
    return Frontend(config, SymbolTable(tuple(symbols)), frontend.lexicon), moved, order
