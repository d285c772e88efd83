"""Reading of closed-schema JSON: an unknown key is an error that names it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from vits.errors import VitsError, VoiceError

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
            f"{path}: format {values.get('format')!r} must be {version}; "
            "a newer voice needs a newer vits"
        )
    unknown, missing = values.keys() - set(keys), set(keys) - values.keys()
    if unknown or missing:
        fault = f"unknown key {min(unknown)}" if unknown else f"key {min(missing)} is missing"
        raise VoiceError(f"{path}: {fault}; known: {', '.join(keys)}")
    return values


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object; NaN and Infinity are not valid JSON."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise VoiceError(f"{path} is not valid JSON: {error}; copy it again") from error
    if not isinstance(values, dict):
        raise VoiceError(f"{path} must be a JSON object, not {type(values).__name__}")
    return cast(dict[str, Any], values)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


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
