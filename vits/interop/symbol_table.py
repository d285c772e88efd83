"""Convert symbol tables: unused ids, duplicate symbols, and the id of the blank."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.interop.settings_reader import shown
from vits.text import Frontend, SymbolTable

__all__ = [
    "EMBEDDING",
    "move_blank_first",
    "placeholder",
    "table_from_ids",
    "unique_symbol_ids",
    "unused_symbol",
]

EMBEDDING = "text_encoder.embedding.weight"
MOST = 1 << 20  # symbols: more would only exhaust the memory


def table_from_ids(ids: Mapping[str, int], source: object) -> SymbolTable:
    """Return the symbol table in which every symbol has the given id.

    An id without a symbol gets a name of several characters, which no text contains. If the ids
    match the original's 178 symbols, whose apostrophe occurs twice, the result is that table.

    Args:
        ids: symbol -> id.
        source: file named in error messages.

    Raises:
        VoiceError: an id is invalid, or two symbols share it.
    """
    symbols: dict[int, str] = {}
    for symbol, id in ids.items():
        if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < MOST:
            raise VoiceError(
                f"{source}: symbol {symbol[:20]!r} has the id {shown(id)}; it must be below {MOST}"
            )
        if not symbol:
            raise VoiceError(f"{source}: id {id} has an empty symbol")
        if id in symbols:
            raise VoiceError(f"{source}: {symbols[id][:20]!r} and {symbol[:20]!r} have the same id")
        symbols[id] = symbol
    if not symbols:
        raise VoiceError(f"{source} names no symbols")
    filled = tuple(symbols.get(id, unused_symbol(id)) for id in range(max(symbols) + 1))
    default = SymbolTable.default()
    is_default = len(filled) == len(default) and all(
        symbol == original or symbol == unused_symbol(id)
        for id, (symbol, original) in enumerate(zip(filled, default.symbols, strict=True))
    )
    return default if is_default else SymbolTable(filled)


def unique_symbol_ids(table: SymbolTable) -> dict[str, int]:
    """Return symbol -> id for all ids; of duplicate symbols, all but the last get other names."""
    return {
        symbol if table.id(symbol) == id else unused_symbol(id): id
        for id, symbol in enumerate(table.symbols)
    }


def unused_symbol(id: int) -> str:
    """Return the symbol of an id that no text uses; existing voices contain it in this form."""
    return f"<row {id}>"


def placeholder(id: int) -> str:
    """Return the private character that stands for a symbol where a format has only characters."""
    return chr(0xF0000 + id)


def move_blank_first(
    frontend: Frontend, weights: Mapping[str, Tensor]
) -> tuple[Frontend, dict[str, Tensor], list[int]]:
    """Swap the blank with the first symbol, for formats whose blank has id 0.

    Returns:
        Front end, tensors, and for each new symbol id the old one.
    """
    order = list(range(len(weights[EMBEDDING])))
    blank = frontend.config.blank
    blank_id = frontend.symbols.id(blank) if blank else 0
    order[0], order[blank_id] = blank_id, 0
    symbols = [frontend.symbols.symbols[id] for id in order[: len(frontend.symbols)]]
    moved = {**weights, EMBEDDING: weights[EMBEDDING][torch.tensor(order)]}
    config = replace(frontend.config, blank="")
    return Frontend(config, SymbolTable(tuple(symbols)), frontend.lexicon), moved, order
