"""Translation of configuration keys that older files use."""

from collections.abc import Mapping
from typing import Any

__all__ = ["translate_keys"]

_RENAMED = {"FrontendConfig": {"bounds": "bos_eos"}}


def translate_keys(cls: type, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``values`` of the dataclass ``cls`` under the current names of their keys."""
    renamed = _RENAMED.get(cls.__name__)
    if not renamed:
        return values
    return {renamed.get(key, key): value for key, value in values.items()}
