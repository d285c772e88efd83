"""Reads the command line of a training run before its parser is built.

jsonargparse guesses which dataclass of a union is meant: it merges keys of several files into the
wrong one, accepts a key of another kind, and names no key in its errors. So this module looks up
the kinds first (``model.config.decoder.kind``, ``model.config.duration_predictor.kind``), and the
parser is built with exactly one dataclass for each. Files, dotted overrides, ``--help`` and errors
then work as for any other key.

Files with keys of earlier versions are translated here too (``vits.config.legacy``).
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from vits.config import DecoderConfig, DurationPredictorConfig, TrainingConfig, VitsConfig
from vits.config.legacy import RENAMED, current_settings
from vits.config.schema import choose_member
from vits.errors import ConfigError
from vits.training.dataset_info import DatasetInfo
from vits.training.module import VitsModule
from vits.training.yaml_limits import load_yaml

__all__ = ["Arguments", "module_class", "read_arguments"]

UNIONS = {"duration_predictor": DurationPredictorConfig, "decoder": DecoderConfig}
FILE_FLAGS = ("-c", "--config")
ALLOW_IMPORTS = "--allow-imports"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """A command line, and what it says.

    Attributes:
        words: the command line; files with old keys are replaced by their translated content.
        given: nested values of all files and flags; a later one wins over an earlier one.
        renamed: one line for each file with old keys.
        allow_imports: whether ``--allow-imports`` was among the words.
    """

    words: list[str]
    given: dict[str, Any]
    renamed: list[str]
    allow_imports: bool = False

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a dotted key, ``default`` if it is not given."""
        value: Any = self.given
        for name in key.split("."):
            if not isinstance(value, Mapping) or name not in value:
                return default
            value = cast(Mapping[str, Any], value)[name]
        return value


def read_arguments(words: list[str]) -> Arguments:
    """Read a command line.

    What is wrong with files and values is left to the parser, which names it.

    Raises:
        ConfigError: a flag has the name of an earlier version, or a file names a key twice or is
            too large.
    """
    allow_imports = ALLOW_IMPORTS in words
    words = [word for word in words if word != ALLOW_IMPORTS]
    translated, given, renamed = [], dict[str, Any](), []
    for flag, value, word in _flags(words):
        values = {}
        if flag in FILE_FLAGS and value is not None:
            values, old = _read_file(value)
            if old:
                renamed.append(_renamed_line(value, old))
                word = [flag, json.dumps(values)]
        elif value is not None and flag.startswith("--"):
            key = flag.removeprefix("--")
            _require_current(key, value)
            values = _nested(key, _load(value))
        _merge(given, values)
        translated += word
    return Arguments(words=translated, given=given, renamed=renamed, allow_imports=allow_imports)


def module_class(arguments: Arguments, base: VitsConfig | None = None) -> type[VitsModule]:
    """Return ``VitsModule`` with the chosen kinds in its signature, for the parser to read.

    Args:
        arguments: name the kinds.
        base: has the kinds that they do not name; None: the original's.

    Raises:
        ConfigError: a kind is unknown, or a key belongs to another kind.
    """
    kinds = {name: _chosen(name, union, arguments, base) for name, union in UNIONS.items()}
    config_class = dataclasses.make_dataclass(
        "VitsConfig",
        [(name, cls, dataclasses.field(default_factory=cls)) for name, cls in kinds.items()],
        bases=(VitsConfig,),
        frozen=True,
        kw_only=True,
    )
    config_class.__doc__ = VitsConfig.__doc__

    class SelectedModule(VitsModule):
        __doc__ = VitsModule.__doc__

        def __init__(
            self, config: Any, training: TrainingConfig, dataset_info: DatasetInfo
        ) -> None:
            super().__init__(VitsConfig(**vars(config)), training, dataset_info)

    SelectedModule.__init__.__annotations__["config"] = config_class
    return SelectedModule


def _chosen(name: str, union: Any, arguments: Arguments, base: VitsConfig | None) -> type[Any]:
    """Return the dataclass of a union that the arguments name, or the base's."""
    given = arguments.get(f"model.config.{name}", {})
    values = cast(dict[str, Any], given if isinstance(given, Mapping) else {})
    if base is not None:
        values = {"kind": getattr(base, name).kind, **values}
    return choose_member(union, values, f"model.config.{name}")


def _flags(words: list[str]) -> Iterator[tuple[str, str | None, list[str]]]:
    """Split a command line into flags, their values, and the words they are written in."""
    i = 0
    while i < len(words):
        flag, equals, value = words[i].partition("=")
        if equals or not flag.startswith("-"):
            yield flag, value if equals else None, [words[i]]
        elif i + 1 < len(words) and not words[i + 1].startswith("--"):
            yield flag, words[i + 1], words[i : i + 2]
            i += 1
        else:
            yield flag, None, [words[i]]
        i += 1


def _read_file(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a file's content with current keys, and its old keys with their new names."""
    try:
        text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else path
        values = load_yaml(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}, {}
    return current_settings(values) if isinstance(values, dict) else ({}, {})


def _renamed_line(path: str, old: Mapping[str, str]) -> str:
    """Name the old keys of a file and the new ones, without what they have in common."""
    prefix = "model.training."
    pairs = (
        f"{key.removeprefix(prefix)} is {new.removeprefix(prefix)}" for key, new in old.items()
    )
    name = path if len(path) < 200 and "\n" not in path else "the configuration"
    return f"{name} has old keys of model.training; rename them: {', '.join(pairs)}"


def _require_current(key: str, value: str) -> None:
    """Refuse a flag with an old name, and tell the new one."""
    prefix, _, name = key.rpartition(".")
    if prefix == "model.training" and name in RENAMED:
        if name == "alignment" and isinstance(_load(value), Mapping):
            return
        raise ConfigError(f"--{key} is now --{prefix}.{RENAMED[name]}")


def _nested(key: str, value: Any) -> dict[str, Any]:
    """Return ``{"a": {"b": value}}`` for the key ``a.b``."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return cast(dict[str, Any], value)


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Write nested values over others."""
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], cast(Mapping[str, Any], value))
        else:
            into[key] = dict(cast(Any, value)) if isinstance(value, Mapping) else value


def _load(text: str) -> Any:
    """Read a value of the command line; numbers such as 1e-3 are numbers, unlike in YAML 1.1."""
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)", text):
        return float(text)
    try:
        return load_yaml(text)
    except yaml.YAMLError:
        return text
