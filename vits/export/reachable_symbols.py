"""The symbols of a table that texts can contain."""

from vits.text import Frontend

__all__ = ["reachable_symbols"]

STRESS = "ˈˌ"
UNUSED = "<row "  # prefix of unused symbols, see vits.interop.symbol_table


def reachable_symbols(frontend: Frontend) -> dict[str, int]:
    """Return symbol -> id for every symbol that the voice's texts can contain.

    Of a duplicate symbol, like the original's apostrophe, only the last id is used. A voice with
    lower-case letters only also gets upper-case ones with the same ids, because other engines do
    not lower-case texts.
    """
    table, config = frontend.symbols, frontend.config
    ids = {
        symbol: id
        for id, symbol in enumerate(table.symbols)
        if table.id(symbol) == id and not symbol.startswith(UNUSED)
    }
    if config.backend == "espeak" and not config.stress:
        ids = {symbol: id for symbol, id in ids.items() if symbol not in STRESS}
    letters = [symbol for symbol in ids if len(symbol) == 1]
    if config.backend == "graphemes" and not any(letter.isupper() for letter in letters):
        capitals = {s.upper(): ids[s] for s in letters if s.upper() not in ids}
        ids |= {capital: id for capital, id in capitals.items() if len(capital) == 1}
    return ids
