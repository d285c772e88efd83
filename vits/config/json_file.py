"""Strict reading of JSON files that may come from anywhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, cast

from vits.errors import ConfigError, brief, one_line

__all__ = ["LARGEST_JSON", "load_json_object"]

LARGEST_JSON = 32 << 20  # bytes


def load_json_object(
    path: Path, parse_constant: Callable[[str], object] | None = None
) -> dict[str, Any]:
    """Read a file with one JSON object.

    Args:
        path: the file, UTF-8 with or without a byte order mark.
        parse_constant: returns the value of ``NaN``, ``Infinity`` and ``-Infinity``, which are not
            JSON; None: they are refused.

    Raises:
        ConfigError: the file is larger than 32 MiB, is not JSON, names a key twice, or is not an
            object.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST_JSON + 1)
    if len(data) > LARGEST_JSON:
        raise ConfigError(f"{path} is larger than {LARGEST_JSON >> 20} MiB, too large for settings")
    try:
        values = json.loads(
            data.decode("utf-8-sig"),
            parse_constant=parse_constant or _refuse_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        reason = one_line(error, 200)
        raise ConfigError(f"{path} is not valid JSON: {reason}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must be a JSON object, not {type(values).__name__}")
    return cast(dict[str, Any], values)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object whose keys all differ."""
    values = dict(pairs)
    if len(values) != len(pairs):
        seen = set[str]()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {brief(key)} occurs twice")
            seen.add(key)
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
