import dataclasses

import pytest

from vits.errors import TextError, UnknownSymbolError
from vits.text import SymbolTable
from vits.text.symbols import describe_symbols


def test_the_default_table_is_the_originals():
    table = SymbolTable.default()
    assert len(table) == 178
    assert len(set(table.symbols)) == 177
    assert table.symbols[:17] == tuple('_;:,.!?¡¿—…"«»“” ')
    assert table.symbols[17:69] == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    assert table.symbols[69:72] == tuple("ɑɐɒ")
    assert table.symbols[-5:] == ("↘", "'", "\u0329", "'", "ᵻ")
    assert all(len(symbol) == 1 for symbol in table.symbols)


@pytest.mark.parametrize(
    ("symbol", "index"),
    [("_", 0), (" ", 16), ("a", 43), ("ɑ", 69), ("ə", 83), ("ˈ", 156), ("'", 176), ("ᵻ", 177)],
)
def test_ids_of_the_default_table(symbol, index):
    assert SymbolTable.default().id(symbol) == index


def test_the_id_of_a_repeated_symbol_is_the_last():
    table = SymbolTable.default()
    assert [i for i, symbol in enumerate(table.symbols) if table.id(symbol) != i] == [174]


def test_unknown_symbols_are_reported():
    table = SymbolTable.default()
    assert "\u0303" not in table
    with pytest.raises(UnknownSymbolError, match=r"U\+0303.*178 symbols") as caught:
        table.id("\u0303")
    assert caught.value.symbols == {"\u0303": 1}


def test_tables_from_texts_contain_every_character_once():
    table = SymbolTable.from_texts(["bab_", "é a"])
    assert table.symbols == ("_", " ", "a", "b", "é")
    assert SymbolTable.from_texts([]).symbols == ("_",)


def test_extending_keeps_existing_ids():
    table = SymbolTable.default()
    longer = table.extended(["5", "\u0303", "a"])
    assert longer.symbols == (*table.symbols, "5", "\u0303")
    assert longer.extended(["5"]) == longer


def test_list_round_trip():
    table = SymbolTable.default()
    again = SymbolTable.from_list(table.to_list())
    assert again == table
    assert hash(again) == hash(table)
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.symbols = ()


@pytest.mark.parametrize("symbols", [[], [""], ["_", 3], ["_", None]])
def test_invalid_symbols_are_rejected(symbols):
    with pytest.raises(TextError):
        SymbolTable.from_list(symbols)


def test_descriptions_are_counted_and_truncated():
    assert describe_symbols({"🙂": 1, "ø": 3}) == "'ø' (U+00F8) x3, '🙂' (U+1F642) x1"
    assert describe_symbols({"\u0303": 2}) == "'\\u0303' (U+0303) x2"
    assert describe_symbols(dict.fromkeys("abc", 1), limit=2).endswith("and 1 more")
