"""Strict JSON: what is not one object of moderate size, with each key once, is one line."""

import pytest

from vits.config import json_file
from vits.config.json_file import load_json_object
from vits.errors import ConfigError


def test_an_object_is_read_with_or_without_a_mark(tmp_path):
    path = tmp_path / "a.json"
    for start in ("", "\ufeff"):
        path.write_text(start + '{"a": [1, {"b": "ü"}]}', encoding="utf-8")
        assert load_json_object(path) == {"a": [1, {"b": "ü"}]}
    path.write_text('{"a": Infinity}')
    assert load_json_object(path, str) == {"a": "Infinity"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        ("[]", "must be a JSON object, not list"),
        ("{", "not valid JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"a": 1, "a": 1}', "the key 'a' occurs twice"),
        ('{"b": {"a": 1, "c": 2, "a": 3}}', "the key 'a' occurs twice"),
        ('{"b": [{"' + "x" * 500 + '": 1, "' + "x" * 500 + '": 1}]}', "occurs twice"),
        ('{"a": ' + "[" * 100_000, "not valid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
    ],
)
def test_anything_else_is_one_short_line(tmp_path, text, reason):
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=reason) as caught:
        load_json_object(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert "\n" not in line
    assert len(line) < 500


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "LARGEST_JSON", 10)
    (tmp_path / "a.json").write_text('{"a": 1234}')
    with pytest.raises(ConfigError, match="too large for settings"):
        load_json_object(tmp_path / "a.json")
