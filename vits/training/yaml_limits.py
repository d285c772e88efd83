"""Limits on what a configuration file may expand to, and on what it may import."""

from collections.abc import Mapping
from typing import Any

import yaml
from jsonargparse import get_loader, set_loader, set_parsing_settings

from vits.errors import ConfigError

__all__ = ["ALLOWED", "load_yaml", "protect_parser"]

ALLOWED = (
    "pytorch_lightning",
    "lightning",
    "lightning_fabric",
    "torch.distributed",
    "torch.nn",
    "torch.optim",
    "vits",
)
"""Packages whose classes a configuration may name."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LARGEST_FILE = 1 << 18  # characters; an ordinary configuration has a few thousand
MOST_VALUES = 100_000
DEEPEST = 50


def protect_parser(*, allow_imports: bool) -> None:
    """Let the parser read files within the limits, and import only what is allowed.

    The settings are those of the process.

    Args:
        allow_imports: allow classes of any package, except those that run commands.
    """
    load = get_loader("yaml")
    if not isinstance(load, _BoundedLoader):
        set_loader("yaml", _BoundedLoader(load), exceptions=(yaml.YAMLError,))
    if not allow_imports:
        set_parsing_settings(import_path_denylist=["*"], import_path_allowlist=list(ALLOWED))


def load_yaml(text: str) -> Any:
    """Load YAML of moderate size.

    Raises:
        ConfigError: the text is too long, nested too deeply, or its aliases expand to too much.
        yaml.YAMLError: it is not YAML.
    """
    return _BoundedLoader(lambda text: yaml.load(text, Loader=_LOADER))(text)


class _BoundedLoader:
    """Calls a loader, and refuses what is too large."""

    def __init__(self, load: Any) -> None:
        self._load = load

    def __call__(self, text: str) -> Any:
        """Load a text."""
        if len(text) > LARGEST_FILE:
            raise ConfigError(
                f"a configuration of {len(text):,} characters must have at most {LARGEST_FILE:,}"
            )
        _check_depth(text)
        value = self._load(text)
        count = _count(value, {})
        if count > MOST_VALUES:
            raise ConfigError(
                f"the aliases of the configuration expand to more than {MOST_VALUES:,} values; "
                "write it without anchors"
            )
        return value


def _check_depth(text: str) -> None:
    """Require moderate nesting: libyaml's composer overflows the stack, which ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ConfigError(f"the configuration is nested deeper than {DEEPEST} levels")


def _count(value: Any, counts: dict[int, float]) -> float:
    """Count the values that a nested value would have without sharing; infinite for a cycle."""
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    else:
        return 1
    if id(value) not in counts:
        counts[id(value)] = float("inf")  # until it is known: only a cycle reads it
        counts[id(value)] = 1 + sum(_count(part, counts) for part in parts)
    return counts[id(value)]
