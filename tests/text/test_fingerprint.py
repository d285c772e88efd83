import json

import pytest

from vits.config import FrontendConfig
from vits.text import Frontend, SymbolTable, describe_drift

BASE = FrontendConfig()


def fingerprint(config=BASE, table=None, lexicon=None):
    return Frontend(config, table or SymbolTable.default(), lexicon).fingerprint()


def test_it_is_json_and_repeats():
    first = fingerprint()
    assert json.loads(json.dumps(first)) == first
    assert describe_drift(first, fingerprint()) == []


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
def test_every_option_shows(changed):
    assert len(describe_drift(fingerprint(), fingerprint(**changed))) == 1


def test_the_usual_framing_does_not_show():
    assert not {"blank", "bounds"} & fingerprint().keys()


def test_the_order_and_case_of_a_lexicon_do_not_show():
    one, other = {"a": "x", "b": "y"}, {"B": "y", "A": "x"}
    assert fingerprint(lexicon=one) == fingerprint(lexicon=other)


def test_graphemes_have_no_espeak():
    taken = fingerprint(FrontendConfig(backend="graphemes"))
    assert taken["espeak"] is None
    assert taken["phonemizer"] is None
    assert fingerprint()["espeak"]


def test_drift_is_said_in_words():
    saved = {**fingerprint(), "espeak": "1.51.0", "lexicon": "f" * 64}
    del saved["blanks"]
    lines = describe_drift(saved, fingerprint())
    assert "espeak-ng version was 1.51.0, is 1.52.0" in lines
    assert any(line.startswith("lexicon (sha256) was ffffffffffff..., is") for line in lines)
    assert "blanks was not recorded, is True" in lines
