"""Checks shared by the configurations. Each failure is one line that names the key."""

import dataclasses
from typing import cast

from vits.errors import ConfigError, brief

__all__ = [
    "key_of",
    "require",
    "require_choice",
    "require_dropout",
    "require_effect",
    "require_kind",
    "require_not_negative",
    "require_odd",
    "require_positive",
    "require_sizes",
]

LARGEST_SIZE = 1 << 20
"""Largest size of any part of a model; a larger one would only exhaust the memory."""


def require(condition: bool, message: str) -> None:
    """Raise ``ConfigError`` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConfigError(message)


def key_of(owner: object, name: str) -> str:
    """Return the dotted name of a key: that of the group (its ``GROUP``) and its own."""
    return f"{getattr(owner, 'GROUP', '')}.{name}".lstrip(".")


def require_positive(owner: object, *names: str) -> None:
    """Require that each named attribute of ``owner`` is greater than 0."""
    for name in names:
        value = getattr(owner, name)
        require(value > 0, f"{key_of(owner, name)} {value} must be greater than 0")


def require_not_negative(owner: object, *names: str) -> None:
    """Require that each named attribute of ``owner`` is 0 or greater."""
    for name in names:
        value = getattr(owner, name)
        require(value >= 0, f"{key_of(owner, name)} {value} must not be negative")


def require_dropout(owner: object) -> None:
    """Require that ``owner.dropout`` is a probability in [0, 1)."""
    value: float = getattr(owner, "dropout")  # noqa: B009  # any configuration that has one
    require(0.0 <= value < 1.0, f"{key_of(owner, 'dropout')} {value} must be in [0, 1)")


def require_odd(owner: object, name: str, *values: int) -> None:
    """Require that kernel sizes are positive and odd: ``values``, or the named attribute."""
    for value in values or (getattr(owner, name),):
        key = key_of(owner, name)
        require(value > 0 and value % 2 == 1, f"{key} {value} must be a positive odd number")


def require_choice(owner: object, name: str, *choices: str) -> None:
    """Require that the named attribute of ``owner`` is one of two or more choices."""
    value, known = getattr(owner, name), " or ".join(map(repr, choices))
    require(value in choices, f"{key_of(owner, name)} {value!r} must be {known}")


def require_kind(owner: object, kind: str) -> None:
    """Require that the tag of a configuration is that of its class."""
    value: str = getattr(owner, "kind")  # noqa: B009  # any configuration that has one
    key = key_of(owner, "kind")
    require(value == kind, f"{key} {value!r} must be {kind!r} in a {type(owner).__name__}")


def require_effect(owner: object, name: str, *, when: bool, reason: str) -> None:
    """Require that a key has its default where it has no effect.

    Args:
        owner: has the key, and a default for it.
        name: of the key.
        when: whether the key has an effect.
        reason: why it has none, and what gives it one.
    """
    value, default = getattr(owner, name), getattr(type(owner), name)
    require(
        when or value == default,
        f"{key_of(owner, name)} {value} has no effect: {reason}, or leave it at {default}",
    )


def require_sizes(config: object, where: str = "") -> None:
    """Require that all whole numbers of a configuration, nested ones too, have a sensible size."""
    if dataclasses.is_dataclass(config):
        for name, value in vars(config).items():
            require_sizes(value, f"{where}.{name}".lstrip("."))
    elif isinstance(config, tuple):
        for value in cast(tuple[object, ...], config):
            require_sizes(value, where)
    elif isinstance(config, int) and abs(config) > LARGEST_SIZE:
        raise ConfigError(f"{where} {brief(config)} must be at most {LARGEST_SIZE:,}")
