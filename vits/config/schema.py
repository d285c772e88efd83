"""Configurations to and from plain JSON values. An unknown key is an error that names it.

A union of dataclasses is told apart by the key ``kind``; without one it is the union's first.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

from vits.config.checks import require
from vits.errors import ConfigError, brief

__all__ = ["choose_member", "from_dict", "leaves", "members", "to_dict"]

T = TypeVar("T")


def to_dict(config: Any) -> dict[str, Any]:
    """Turn a configuration into plain JSON values (tuples become lists)."""
    return cast(dict[str, Any], _plain(dataclasses.asdict(config)))


def from_dict(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Build a configuration from plain JSON values.

    Args:
        cls: the dataclass to build, or a union of them told apart by ``kind``.
        values: its keys; a missing key takes its default.
        where: dotted key of ``values`` in a larger configuration, for messages.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or one that breaks a rule.
    """
    is_mapping = isinstance(cast(object, values), Mapping)  # files hold anything
    name = where or getattr(cls, "__name__", "configuration")
    require(is_mapping, f"{name} {brief(values)} must be a mapping of keys")
    if members(cls):
        return cast(T, from_dict(choose_member(cls, values, where), values, where))
    hints = _fields(cls)
    unknown = [f"{where}.{key}".lstrip(".")[:100] for key in values if key not in hints]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise ConfigError(
            f"unknown key {', '.join(unknown[:5])}{more} of {cls.__name__}; "
            f"known: {', '.join(hints)}"
        )
    built = {
        key: _convert(hints[key], value, f"{where}.{key}".lstrip("."))
        for key, value in values.items()
    }
    return cls(**built)


def members(hint: Any) -> dict[str, type[Any]]:
    """Return the dataclasses of a union by their ``kind``; empty if ``hint`` is no such union."""
    parts = typing.get_args(hint)
    if not parts or not all(dataclasses.is_dataclass(part) for part in parts):
        return {}
    return {part.kind: part for part in parts}


def choose_member(hint: Any, values: Mapping[str, Any], where: str = "") -> type[Any]:
    """Return the dataclass of a union that ``kind`` names.

    Args:
        hint: the union.
        values: keys; without ``kind`` the union's first dataclass is meant.
        where: dotted key of ``values`` in a larger configuration, for messages.

    Raises:
        ConfigError: an unknown kind, or a key that only other kinds have.
    """
    union = members(hint)
    kind = values.get("kind", next(iter(union)))
    require(
        isinstance(kind, str) and kind in union,
        f"{where}.kind {brief(kind)} must be one of {', '.join(map(repr, union))}".lstrip("."),
    )
    fields = _fields(union[kind])
    for key in values:
        owners = [repr(other) for other, cls in union.items() if key in _fields(cls)]
        require(
            key in fields or not owners,
            f"{where}.{key} has no effect with kind {kind!r}: it belongs to kind "
            f"{' and '.join(owners)}; leave it out".lstrip("."),
        )
    return union[kind]


def _fields(cls: type[Any]) -> dict[str, Any]:
    """Return the type hints of a dataclass's fields by name."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


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
    if dataclasses.is_dataclass(hint) or members(hint):
        return from_dict(cast(type[Any], hint), value, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # the latter where an option is a Literal
        if value is None:
            return None
        (inner,) = (a for a in args if a is not type(None))
        return _convert(inner, value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} {brief(value)} must be a list")
        items = cast(Sequence[Any], value)
        inner = args[:-1] * len(items) if args[-1] is Ellipsis else args
        if len(inner) != len(items):
            raise ConfigError(f"{where} {brief(items)} must have {len(inner)} entries")
        return tuple(_convert(h, v, where) for h, v in zip(inner, items, strict=True))
    if origin is dict:
        require(isinstance(value, Mapping), f"{where} {brief(value)} must be a mapping of names")
        items = cast(Mapping[str, Any], value).items()
        return {name: _convert(args[1], item, f"{where}.{name}") for name, item in items}
    if origin is Literal:
        named = ", ".join(map(repr, args))
        require(_is_one_of(value, args), f"{where} {brief(value)} must be one of {named}")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        require(abs(value) < 1 << 1000, f"{where} {brief(value)} is too large for a number")
        return float(value)
    expected = cast(type[Any], hint)
    fits = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
    if not fits:
        raise ConfigError(f"{where} {brief(value)} must be of type {expected.__name__}")
    if expected is int and cast(int, value).bit_length() > 63:
        raise ConfigError(f"{where} {brief(value)} is too large")
    return value


def _is_one_of(value: object, choices: Sequence[object]) -> bool:
    """Return whether a value is a choice; a list or a mapping is none."""
    return isinstance(value, (str, int, type(None))) and value in choices


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of every entry of nested mappings that is none itself.

    >>> list(leaves({"audio": {"n_fft": 1024}, "n_speakers": 2}))
    [('audio.n_fft', 1024), ('n_speakers', 2)]
    """
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(cast(Mapping[str, Any], value), f"{prefix}{key}.")
        else:
            yield prefix + key, value
