import json

import pytest

from vits.errors import VoiceError
from vits.interop.settings_reader import SettingsReader, names_by_id, speaker_names, write_json

VALUES = {"a": {"n": 3, "x": 0.5, "s": "text", "on": True, "list": [1, 2], "lists": [[1], [2]]}}


@pytest.fixture
def settings():
    return SettingsReader(VALUES, "x.json", defaults={"a.usual": 7})


def test_values_are_read_by_dotted_key(settings):
    assert settings.integer("a.n") == 3
    assert settings.number("a.n") == 3.0
    assert settings.string("a.s") == "text"
    assert settings.boolean("a.on") is True
    assert settings.integers("a.list") == (1, 2)
    assert settings.integer_lists("a.lists") == ((1,), (2,))
    assert settings.mapping("a") == VALUES["a"]


def test_a_missing_key_takes_the_default_of_the_call_or_of_the_file(settings):
    assert settings.integer("a.missing", 5) == 5
    assert settings.integer("a.usual") == 7
    assert settings.string("a.missing", None) == ""
    with pytest.raises(VoiceError, match=r"x\.json lacks the key a\.missing"):
        settings.get("a.missing")


@pytest.mark.parametrize(
    ("read", "key", "message"),
    [
        ("integer", "a.x", "must be an integer"),
        ("integer", "a.on", "must be an integer"),
        ("number", "a.s", "must be a number"),
        ("string", "a.n", "must be a string"),
        ("boolean", "a.n", "must be true or false"),
        ("integers", "a.lists", "must be a list of positive integers"),
        ("integer_lists", "a.list", "must be a list of lists"),
        ("mapping", "a.list", "must be a mapping"),
    ],
)
def test_a_value_of_another_type_is_named(settings, read, key, message):
    with pytest.raises(VoiceError, match=rf"x\.json: {key} .* {message}"):
        getattr(settings, read)(key)


def test_only_one_value_is_supported(settings):
    settings.require({"a.n": 3, "a.missing": "anything"})
    with pytest.raises(VoiceError, match=r"a\.n 3 cannot be converted; only 4 can"):
        settings.require({"a.n": 4})


def test_names_stand_in_the_order_of_their_ids():
    assert names_by_id({"b": 2, "a": 0}, 3, "x", "speaker") == ["a", "1", "b"]
    assert speaker_names(("a", "b"), 2, "x") == ["a", "b"]
    assert speaker_names({"a": 0, "b": 1}, 1, "x") == []


@pytest.mark.parametrize("ids", [{"a": 3}, {"a": -1}, {"a": True}, {"a": "0"}, {"a": 0, "b": 0}])
def test_ids_must_be_unique_and_in_range(ids):
    with pytest.raises(VoiceError, match="it must be unique and below 3"):
        names_by_id(ids, 3, "x", "language")


def test_infinity_is_not_written(tmp_path):
    write_json(tmp_path / "x.json", {"ä": 1})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"ä": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("inf")})
