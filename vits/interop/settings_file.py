"""Settings files of other projects: values by dotted key, each of the type it must have."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from vits.errors import VoiceError

__all__ = ["SettingsFile", "row_names_of", "speaker_names", "write_json"]

_NOT_GIVEN = object()


class SettingsFile:
    """Values of a settings file.

    Args:
        values: what the file holds.
        where: the file, to blame in messages; also an attribute.
        defaults: values by dotted key of what the file need not say.
    """

    def __init__(
        self, values: Mapping[str, Any], where: object, defaults: Mapping[str, Any] | None = None
    ) -> None:
        self._values = values
        self.where = where
        self._defaults = defaults or {}

    def get(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """Return what stands under a dotted key.

        Raises:
            VoiceError: nothing does, and there is no default.
        """
        value: Any = self._values
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                if default is not _NOT_GIVEN:
                    return default
                if key in self._defaults:
                    return self._defaults[key]
                raise VoiceError(f"{self.where} lacks the key {key}")
            value = cast(Mapping[str, Any], value)[part]
        return value

    def whole(self, key: str, default: Any = _NOT_GIVEN) -> int:
        """Return a whole number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 31:
            raise self._wrong(key, value, "a whole number")
        return value

    def number(self, key: str, default: Any = _NOT_GIVEN) -> float:
        """Return a number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(key, value, "a number")
        return float(value)

    def text(self, key: str, default: Any = _NOT_GIVEN) -> str:
        """Return a string; null is an empty one."""
        value = self.get(key, default)
        if not isinstance(value, str) and value is not None:
            raise self._wrong(key, value, "a string")
        return value or ""

    def flag(self, key: str, default: Any = _NOT_GIVEN) -> bool:
        """Return true or false; null is false."""
        value = self.get(key, default)
        if not isinstance(value, bool) and value is not None:
            raise self._wrong(key, value, "true or false")
        return bool(value)

    def wholes(self, key: str, default: Any = _NOT_GIVEN) -> tuple[int, ...]:
        """Return a list of positive whole numbers."""
        value = self.get(key, default)
        if not _are_wholes(value):
            raise self._wrong(key, value, "a list of positive whole numbers")
        return tuple(value)

    def lists(self, key: str, default: Any = _NOT_GIVEN) -> tuple[tuple[int, ...], ...]:
        """Return a list of lists of positive whole numbers."""
        value = self.get(key, default)
        if not isinstance(value, (list, tuple)) or not all(_are_wholes(each) for each in value):
            raise self._wrong(key, value, "a list of lists of positive whole numbers")
        return tuple(tuple(each) for each in value)

    def mapping(self, key: str, default: Any = _NOT_GIVEN) -> Mapping[str, Any]:
        """Return a mapping with names as keys; null is an empty one."""
        value = self.get(key, default)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise self._wrong(key, value, "a mapping")
        return cast(Mapping[str, Any], value)

    def require(self, expected: Mapping[str, object]) -> None:
        """Require of every key that it has the one value that our models have, or is absent.

        Raises:
            VoiceError: one has another.
        """
        for key, value in expected.items():
            found = self.get(key, value)
            if found != value:
                raise VoiceError(
                    f"{self.where}: {key} {repr(found)[:80]} cannot be carried over; only "
                    f"{value!r} can"
                )

    def _wrong(self, key: str, value: object, kind: str) -> VoiceError:
        return VoiceError(f"{self.where}: {key} {str(value)[:80]!r} must be {kind}")


def speaker_names(rows: Mapping[str, object] | tuple[str, ...], n: int, where: object) -> list[str]:
    """Return the names of ``n`` speakers by row; speakers without a name get their number.

    Raises:
        VoiceError: a name has no row of the embedding, or two have the same.
    """
    if n == 1:
        return list(rows) if len(rows) == 1 else []
    return row_names_of(rows, n, where, "speaker")


def row_names_of(
    rows: Mapping[str, object] | tuple[str, ...], n: int, where: object, what: str
) -> list[str]:
    """Return the names of ``n`` rows; a row without a name gets its number.

    Args:
        rows: name -> row, or the names by row.
        n: rows of the embedding.
        where: what to blame in messages.
        what: ``speaker`` or ``language``.

    Raises:
        VoiceError: a name has no row of the embedding, or two have the same.
    """
    if not isinstance(rows, Mapping):
        rows = {name: row for row, name in enumerate(rows)}
    names: dict[int, str] = {}
    for name, row in rows.items():
        if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < n or row in names:
            raise VoiceError(
                f"{where}: {what} {name[:40]!r} has the row {str(row)[:40]!r}, but must have one "
                f"of {n} for itself"
            )
        names[row] = name
    return [names.get(row, str(row)) for row in range(n)]


def write_json(path: Path, values: object) -> None:
    """Write a settings file."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _are_wholes(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 < item < 1 << 20
        for item in value
    )
