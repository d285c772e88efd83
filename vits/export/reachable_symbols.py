"""Which symbols of a table a text can ask for, and by which characters."""

from vits.text import Frontend

__all__ = ["spoken_symbols"]

STRESS = "ˈˌ"
UNUSED = "<row "  # begins the names that rows without a symbol get when voices are converted


def spoken_symbols(frontend: Frontend) -> dict[str, int]:
    """Return symbol -> row, each symbol once, without what the voice's texts never had.

    Of a symbol with two rows, as the original's apostrophe, only the second is ever looked up. A
    voice of small letters only gets the row of each for its capital too, because other engines do
    not make texts small.
    """
    table, config = frontend.symbols, frontend.config
    rows = {
        symbol: row
        for row, symbol in enumerate(table.symbols)
        if table.id(symbol) == row and not symbol.startswith(UNUSED)
    }
    if config.backend == "espeak" and not config.stress:
        rows = {symbol: row for symbol, row in rows.items() if symbol not in STRESS}
    letters = [symbol for symbol in rows if len(symbol) == 1]
    if config.backend == "graphemes" and not any(letter.isupper() for letter in letters):
        capitals = {s.upper(): rows[s] for s in letters if s.upper() not in rows}
        rows |= {capital: row for capital, row in capitals.items() if len(capital) == 1}
    return rows
