"""Import packages of the extra ``onnx`` on first use."""

from importlib import import_module
from typing import Any

from vits.errors import MissingExtraError

__all__ = ["require"]


def require(name: str) -> Any:
    """Import a package of the extra ``onnx``.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("an export", error.name, "onnx") from error
