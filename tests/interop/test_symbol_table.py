import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop.symbol_table import (
    EMBEDDING,
    move_blank_first,
    table_from_ids,
    unique_symbol_ids,
    unused_symbol,
)
from vits.text import Frontend, SymbolTable


def test_ids_without_a_symbol_are_filled():
    table = table_from_ids({"a": 0, "b": 2}, "x")
    assert table.symbols == ("a", "<row 1>", "b")
    assert unique_symbol_ids(table) == {"a": 0, unused_symbol(1): 1, "b": 2}


def test_the_originals_duplicate_apostrophe_survives():
    default = SymbolTable.default()
    ids = unique_symbol_ids(default)
    assert len(ids) == len(default)
    assert table_from_ids(ids, "x").symbols == default.symbols


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ({}, "names no symbols"),
        ({"a": 1, "b": 1}, "have the same id"),
        ({"a": -1}, "has the id -1; it must be below"),
        ({"a": True}, "has the id true"),
        ({"": 0}, "id 0 has an empty symbol"),
    ],
)
def test_invalid_ids_are_named(ids, message):
    with pytest.raises(VoiceError, match=message):
        table_from_ids(ids, "x")


def test_the_blank_is_swapped_with_the_first_symbol():
    config = FrontendConfig(backend="graphemes", normalize=False, blank="#")
    frontend = Frontend(config, SymbolTable((*"ab#",)))
    weights = {EMBEDDING: torch.arange(4.0)[:, None]}
    moved, tensors, order = move_blank_first(frontend, weights)
    assert moved.symbols.symbols == ("#", "b", "a")
    assert order == [2, 1, 0, 3]
    assert tensors[EMBEDDING].flatten().tolist() == [2, 1, 0, 3]
    one, other = (
        values[EMBEDDING][list(each.encode("abba").ids)]
        for each, values in ((frontend, weights), (moved, tensors))
    )
    assert torch.equal(one, other)
