"""Import packages of the extras ``eval`` and ``judges``, and create evaluators by name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from vits.errors import ConfigError, MissingExtraError

__all__ = ["create", "require"]

Evaluator = TypeVar("Evaluator")


def require(name: str, extra: str = "eval") -> ModuleType:
    """Import a package of an extra.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = (error.name or name).partition(".")[0]
        raise MissingExtraError.of("an evaluation", package, extra) from error


def create(
    what: str,
    name: str,
    protocol: type[Evaluator],
    method: str,
    known: Mapping[str, Callable[[], Evaluator]],
) -> Evaluator | None:
    """Create an evaluator by a short name, ``none`` or ``package.module:factory``.

    Args:
        what: kind of evaluator, for messages.
        name: its name; ``none`` returns None.
        protocol: protocol that it must implement.
        method: the protocol's method, for messages.
        known: factories by short name.

    Raises:
        ConfigError: the name is unknown, or the factory's result lacks the method.
        MissingExtraError: a required package is not installed.
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
        evaluator = getattr(import_module(module), factory)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{what} {name} cannot be imported ({error}); check it") from error
    if not isinstance(evaluator, protocol):
        raise ConfigError(f"{what} {name} gives {type(evaluator).__name__}; it lacks {method}()")
    return evaluator
