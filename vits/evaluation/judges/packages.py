"""What an evaluation brings in: the packages of the extra ``eval``, and instruments by name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from vits.errors import ConfigError, MissingExtraError

__all__ = ["make", "require"]

Instrument = TypeVar("Instrument")


def require(name: str) -> ModuleType:
    """Import a package of the extra ``eval``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = (error.name or name).partition(".")[0]
        raise MissingExtraError.of("an evaluation", package, "eval") from error


def make(
    what: str,
    name: str,
    kind: type[Instrument],
    method: str,
    known: Mapping[str, Callable[[], Instrument]],
) -> Instrument | None:
    """Make an instrument: one that is known, none, or ``package.module:factory``.

    Args:
        what: what to call it in messages.
        name: which one; ``none``: None.
        kind: the protocol that it must have.
        method: the protocol's method, for messages.
        known: factories by their short names.

    Raises:
        ConfigError: the name is none of these, or what it names is not of the kind.
        MissingExtraError: a package that it needs is not installed.
    """
    if name == "none":
        return None
    if name in known:
        return known[name]()
    module, colon, factory = name.partition(":")
    if not colon:
        raise ConfigError(
            f"{what} {name!r} must be {', '.join(known)}, none or package.module:factory"
        )
    try:
        made = getattr(import_module(module), factory)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{what} {name} cannot be imported ({error}); check it") from error
    if not isinstance(made, kind):
        raise ConfigError(f"{what} {name} gives {type(made).__name__}; it lacks {method}()")
    return made
