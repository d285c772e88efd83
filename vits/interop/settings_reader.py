"""Typed access to the settings files of other projects, by dotted key."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

from vits.errors import VoiceError, brief

__all__ = ["SettingsReader", "names_by_id", "shown", "speaker_names", "write_json"]

_NOT_GIVEN = object()


class SettingsReader:
    """Values of a settings file, checked for their type when they are read.

    Args:
        values: content of the file.
        source: file named in error messages.
        defaults: values by dotted key for keys that the file may leave out.

    Attributes:
        source: see Args.
    """

    def __init__(
        self, values: Mapping[str, Any], source: object, defaults: Mapping[str, Any] | None = None
    ) -> None:
        self._values = values
        self.source = source
        self._defaults = defaults or {}

    def get(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """Return the value of a dotted key.

        Raises:
            VoiceError: the key is missing and has no default.
        """
        value: Any = self._values
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                if default is not _NOT_GIVEN:
                    return default
                if key in self._defaults:
                    return self._defaults[key]
                raise VoiceError(f"{self.source} lacks the key {key}")
            value = cast(Mapping[str, Any], value)[part]
        return value

    def integer(self, key: str, default: Any = _NOT_GIVEN) -> int:
        """Return an integer."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 31:
            raise self._type_error(key, value, "an integer")
        return value

    def number(self, key: str, default: Any = _NOT_GIVEN) -> float:
        """Return a number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._type_error(key, value, "a number")
        try:
            return float(value)
        except OverflowError:
            raise self._type_error(key, value, "a smaller number") from None

    def string(self, key: str, default: Any = _NOT_GIVEN) -> str:
        """Return a string; null becomes the empty string."""
        value = self.get(key, default)
        if not isinstance(value, str) and value is not None:
            raise self._type_error(key, value, "a string")
        return value or ""

    def boolean(self, key: str, default: Any = _NOT_GIVEN) -> bool:
        """Return true or false; null becomes false."""
        value = self.get(key, default)
        if not isinstance(value, bool) and value is not None:
            raise self._type_error(key, value, "true or false")
        return bool(value)

    def integers(self, key: str, default: Any = _NOT_GIVEN) -> tuple[int, ...]:
        """Return a list of positive integers."""
        value = self.get(key, default)
        if not _are_positive_integers(value):
            raise self._type_error(key, value, "a list of positive integers")
        return tuple(value)

    def integer_lists(self, key: str, default: Any = _NOT_GIVEN) -> tuple[tuple[int, ...], ...]:
        """Return a list of lists of positive integers."""
        value = self.get(key, default)
        if not isinstance(value, (list, tuple)) or not all(map(_are_positive_integers, value)):
            raise self._type_error(key, value, "a list of lists of positive integers")
        return tuple(tuple(each) for each in value)

    def mapping(self, key: str, default: Any = _NOT_GIVEN) -> Mapping[str, Any]:
        """Return a mapping with string keys; null becomes an empty one."""
        value = self.get(key, default)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise self._type_error(key, value, "a mapping")
        return cast(Mapping[str, Any], value)

    def require(self, expected: Mapping[str, object]) -> None:
        """Require that each key is absent or has the only value that our models support.

        Raises:
            VoiceError: a key has another value.
        """
        for key, value in expected.items():
            actual = self.get(key, value)
            if actual != value:
                raise VoiceError(
                    f"{self.source}: {key} {shown(actual)} cannot be converted; only "
                    f"{shown(value)} can"
                )

    def _type_error(self, key: str, value: object, kind: str) -> VoiceError:
        return VoiceError(f"{self.source}: {key} {shown(value)} must be {kind}")


def speaker_names(ids: Mapping[str, object] | tuple[str, ...], n: int, source: object) -> list[str]:
    """Return the names of ``n`` speakers by id; a speaker without a name gets its id as name.

    Args:
        ids: name -> speaker id, or the names by id.
        n: size of the speaker embedding.
        source: file named in error messages.

    Raises:
        VoiceError: an id is out of range, or two names share it.
    """
    if n == 1:
        return list(ids) if len(ids) == 1 else []
    return names_by_id(ids, n, source, "speaker")


def names_by_id(
    ids: Mapping[str, object] | tuple[str, ...], n: int, source: object, what: str
) -> list[str]:
    """Return ``n`` names in the order of their ids; an id without a name is its own name.

    Args:
        ids: name -> id, or the names by id.
        n: size of the embedding.
        source: file named in error messages.
        what: ``speaker`` or ``language``.

    Raises:
        VoiceError: an id is out of range, or two names share it.
    """
    if not isinstance(ids, Mapping):
        ids = {name: id for id, name in enumerate(ids)}
    names: dict[int, str] = {}
    for name, id in ids.items():
        if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < n or id in names:
            raise VoiceError(
                f"{source}: {what} {name[:40]!r} has the id {shown(id)}; it must be unique "
                f"and below {n}"
            )
        names[id] = name
    return [names.get(id, str(id)) for id in range(n)]


def shown(value: object, length: int = 80) -> str:
    """Return a value as its file writes it, shortened for a message.

    >>> shown({"use_sdp": True, "bos": None})
    '{"use_sdp": true, "bos": null}'
    """
    if isinstance(value, str):
        return repr(value[:length])
    return json.dumps(_pruned(value, 3), ensure_ascii=False, default=brief)[:length]


def _pruned(value: Any, depth: int) -> Any:
    """Return the beginning of a value: its parts may be shared, and endless if written."""
    if isinstance(value, Mapping):
        items = islice(cast(Mapping[Any, Any], value).items(), 8 if depth else 0)
        return {str(key)[:40]: _pruned(item, depth - 1) for key, item in items}
    if isinstance(value, (list, tuple)):
        items = islice(cast(Sequence[Any], value), 8 if depth else 0)
        return [_pruned(item, depth - 1) for item in items]
    if isinstance(value, str):
        return value[:80]
    is_long = isinstance(value, int) and value.bit_length() > 256
    return brief(value) if is_long else value


def write_json(path: Path, values: object) -> None:
    """Write a settings file."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _are_positive_integers(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 < item < 1 << 20
        for item in value
    )
