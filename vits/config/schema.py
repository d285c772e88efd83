"""Configurations to and from plain JSON values; an unknown key is an error that names it."""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

from vits.config.checks import require
from vits.config.legacy import translate_keys
from vits.errors import ConfigError

__all__ = ["from_dict", "to_dict"]

T = TypeVar("T")


def to_dict(config: Any) -> dict[str, Any]:
    """Turn a configuration into plain JSON values (tuples become lists)."""
    return cast(dict[str, Any], _plain(dataclasses.asdict(config)))


def from_dict(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Build a configuration from plain JSON values.

    Args:
        cls: the dataclass to build.
        values: its keys; a missing key takes its default.
        where: dotted place of ``values`` in a larger configuration, for messages.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or one that breaks a rule.
    """
    is_mapping = isinstance(cast(object, values), Mapping)  # files hold anything
    require(is_mapping, f"{where or cls.__name__} {values!r} must be a mapping of keys")
    values = translate_keys(cls, values)
    hints = typing.get_type_hints(cls)
    unknown = [f"{where}.{key}".lstrip(".") for key in values if key not in hints]
    if unknown:
        raise ConfigError(
            f"unknown key {', '.join(unknown)} of {cls.__name__}; known: {', '.join(hints)}"
        )
    built = {
        key: _convert(hints[key], value, f"{where}.{key}".lstrip("."))
        for key, value in values.items()
    }
    return cls(**built)


def _plain(value: object) -> object:
    """Turn mappings and tuples inside a value into dicts and lists."""
    if isinstance(value, Mapping):
        items = cast(Mapping[str, object], value).items()
        return {key: _plain(item) for key, item in items}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in cast(Sequence[object], value)]
    return value


def _convert(hint: Any, value: Any, where: str) -> Any:
    """Check ``value`` against a type hint of this module; lists become tuples."""
    if dataclasses.is_dataclass(hint):
        return from_dict(cast(type[Any], hint), value, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # the latter where an option is a Literal
        if value is None:
            return None
        (inner,) = (a for a in args if a is not type(None))
        return _convert(inner, value, where)
    if origin is tuple:
        require(isinstance(value, (list, tuple)), f"{where} {value!r} must be a list")
        inner = args[:-1] * len(value) if args[-1] is Ellipsis else args
        require(len(inner) == len(value), f"{where} {value!r} must have {len(inner)} entries")
        return tuple(_convert(h, v, where) for h, v in zip(inner, value, strict=True))
    if origin is dict:
        require(isinstance(value, Mapping), f"{where} {value!r} must be a mapping of names")
        items = cast(Mapping[str, Any], value).items()
        return {name: _convert(args[1], item, f"{where}.{name}") for name, item in items}
    if origin is Literal:
        require(value in args, f"{where} {value!r} must be one of {', '.join(map(repr, args))}")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = cast(type[Any], hint)
    fits = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
    require(fits, f"{where} {value!r} must be of type {expected.__name__}")
    return value
