import json

import pytest

from vits.config import FrontendConfig
from vits.text import Frontend, SymbolTable, describe_mismatch

BASE = FrontendConfig()


def fingerprint(config=BASE, table=None, lexicon=None):
    return Frontend(config, table or SymbolTable.default(), lexicon).fingerprint()


def test_fingerprint_is_json_and_deterministic():
    first = fingerprint()
    assert json.loads(json.dumps(first)) == first
    assert describe_mismatch(first, fingerprint()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"config": FrontendConfig(language="de")},
        {"config": FrontendConfig(stress=False)},
        {"config": FrontendConfig(normalize=False)},
        {"config": FrontendConfig(blanks=False)},
        {"config": FrontendConfig(blank=" ")},
        {"table": SymbolTable.default().extended("5")},
        {"lexicon": {"a": "ə"}},
    ],
)
def test_every_option_changes_the_fingerprint(changed):
    assert len(describe_mismatch(fingerprint(), fingerprint(**changed))) == 1


def test_default_symbol_layout_is_omitted():
    assert not {"blank", "bos_eos"} & fingerprint().keys()


def test_order_and_case_of_a_lexicon_are_ignored():
    one, other = {"a": "x", "b": "y"}, {"B": "y", "A": "x"}
    assert fingerprint(lexicon=one) == fingerprint(lexicon=other)


def test_graphemes_have_no_espeak_version():
    graphemes = fingerprint(FrontendConfig(backend="graphemes"))
    assert graphemes["espeak"] is None
    assert graphemes["phonemizer"] is None
    assert fingerprint()["espeak"]


def test_mismatch_is_described_in_words():
    saved = {**fingerprint(), "espeak": "1.51.0", "lexicon": "f" * 64}
    del saved["blanks"]
    lines = describe_mismatch(saved, fingerprint())
    assert "espeak-ng version was 1.51.0, is 1.52.0" in lines
    assert any(line.startswith("lexicon (sha256) was ffffffffffff..., is") for line in lines)
    assert "blanks was not recorded, is True" in lines


def test_older_keys_are_translated():
    table = SymbolTable.default().extended("^$")
    current = fingerprint(FrontendConfig(bos_eos=True), table)
    saved = {**current, "bounds": current["bos_eos"]}
    del saved["bos_eos"]
    assert describe_mismatch(saved, current) == []
