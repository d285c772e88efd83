import pytest

from vits.config import FrontendConfig
from vits.export.reachable_symbols import reachable_symbols
from vits.text import Frontend, SymbolTable


def test_of_a_duplicate_symbol_the_last_id_is_used_and_unused_ids_are_left_out():
    table = SymbolTable(("_", "'", "a", "'", "<row 4>"))
    assert reachable_symbols(Frontend(FrontendConfig(), table)) == {"_": 0, "a": 2, "'": 3}


@pytest.mark.parametrize(("stress", "expected"), [(True, {"a", "ˈ"}), (False, {"a"})])
def test_stress_marks_belong_to_voices_that_were_trained_with_them(stress, expected):
    table = SymbolTable(("a", "ˈ"))
    assert reachable_symbols(Frontend(FrontendConfig(stress=stress), table)).keys() == expected


def test_capitals_share_the_ids_of_small_letters_unless_the_table_has_capitals():
    config = FrontendConfig(backend="graphemes")
    assert reachable_symbols(Frontend(config, SymbolTable(("_", "a", "ß")))) == {
        **{"_": 0, "a": 1, "ß": 2},
        "A": 1,
    }
    assert reachable_symbols(Frontend(config, SymbolTable(("a", "B")))) == {"a": 0, "B": 1}
