"""Configurations that would expand to gigabytes are refused, at once and in one line."""

import pytest

from vits.errors import ConfigError
from vits.training import yaml_limits
from vits.training.arguments import read_arguments
from vits.training.yaml_limits import load_yaml


def laughs(levels=9, width=9):
    lines = [f"a0: &a0 [{', '.join(['lol'] * width)}]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join(lines)


def mappings(levels=30):
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} {{x: *a{level - 1}, y: *a{level - 1}}}")
    return "\n".join(lines)


BOMBS = {
    "laughs": (laughs(), "expand to more than"),
    "mappings": (mappings(), "expand to more than"),
    "a cycle": ("a: &a [*a]", "expand to more than"),
    "depth": ("[" * 100_000, "nested deeper than 50"),
    "length": ("a: " + "x" * (1 << 21), "must have at most"),
    "numbers": (f"a: [{'1, ' * 100_000}]", "must have at most"),
}


def read_file(path):
    return read_arguments(["-c", path])


def read_flag(text):
    return read_arguments(["--model.config", text])


@pytest.mark.parametrize("named", BOMBS)
@pytest.mark.parametrize("way", ["file", "flag", "text"])
def test_a_bomb_is_one_line(tmp_path, named, way):
    text, reason = BOMBS[named]
    path = tmp_path / "a.yaml"
    path.write_text(text)
    ways = {"text": load_yaml, "file": read_file, "flag": read_flag}
    with pytest.raises(ConfigError, match=reason) as caught:
        ways[way](str(path) if way == "file" else text)
    assert len(str(caught.value)) < 300


def test_anchors_of_ordinary_size_are_fine(monkeypatch):
    text = "a: &a {b: [1, 2]}\nc: [*a, *a]"
    assert load_yaml(text) == {"a": {"b": [1, 2]}, "c": [{"b": [1, 2]}] * 2}
    monkeypatch.setattr(yaml_limits, "MOST_VALUES", 14)
    load_yaml(text)
    monkeypatch.setattr(yaml_limits, "MOST_VALUES", 13)
    with pytest.raises(ConfigError, match="expand to more than 13"):
        load_yaml(text)
