"""The packages of the extra ``eval``, imported where they are used."""

from importlib import import_module
from types import ModuleType

from vits.errors import MissingExtraError

__all__ = ["require"]


def require(name: str) -> ModuleType:
    """Import a package of the extra ``eval``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("an evaluation", error.name, "eval") from error
