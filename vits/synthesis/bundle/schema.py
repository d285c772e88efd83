"""Reading of closed-schema JSON: an unknown key is an error that names it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from vits.config.json_file import load_json_object
from vits.errors import ConfigError, VitsError, VoiceError, brief

__all__ = ["checked", "mapping", "names", "read_json", "read_keys"]

T = TypeVar("T")


def read_keys(path: Path, keys: tuple[str, ...], version: int) -> dict[str, Any]:
    """Read a JSON object with exactly these keys, and check its ``format``.

    Raises:
        VoiceError: invalid JSON, another format, or an unknown or missing key.
    """
    values = read_json(path)
    if values.get("format") != version:
        raise VoiceError(
            f"{path}: format {brief(values.get('format'))} must be {version}; "
            "a newer voice needs a newer vits"
        )
    unknown, missing = values.keys() - set(keys), set(keys) - values.keys()
    if unknown or missing:
        fault = (
            f"unknown key {brief(min(unknown))}" if unknown else f"key {min(missing)} is missing"
        )
        raise VoiceError(f"{path}: {fault}; known: {', '.join(keys)}")
    return values


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object; NaN and Infinity are not valid JSON."""
    try:
        return load_json_object(path)
    except ConfigError as error:
        raise VoiceError(f"{error}; copy it again") from error


def checked(path: Path, build: Callable[[], T]) -> T:
    """Build a part of a voice; the error of an invalid value names the file."""
    try:
        return build()
    except VitsError as error:
        where = "" if str(path) in str(error) else f"{path}: "
        raise VoiceError(f"{where}{error}") from error


def mapping(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the mapping under a key.

    Raises:
        VoiceError: it is not a mapping.
    """
    if not isinstance(values[key], dict):
        raise VoiceError(f"{key} must be a mapping, not {type(values[key]).__name__}")
    return cast(dict[str, Any], values[key])


def names(values: object) -> tuple[str, ...]:
    """Return the names of speakers.

    Raises:
        VoiceError: not a list.
    """
    if not isinstance(values, list):
        raise VoiceError(f"speakers must be a list, not {type(values).__name__}")
    return tuple(cast(list[str], values))
