"""The checks configurations share; each failure is one clear line."""

from vits.errors import ConfigError

__all__ = ["require", "require_dropout", "require_odd", "require_positive"]


def require(condition: bool, message: str) -> None:
    """Raise ``ConfigError`` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConfigError(message)


def require_positive(owner: object, *names: str) -> None:
    """Require that each named attribute of ``owner`` is greater than 0."""
    for name in names:
        value = getattr(owner, name)
        require(value > 0, f"{name} {value} must be greater than 0")


def require_dropout(value: float) -> None:
    """Require that a dropout probability lies in [0, 1)."""
    require(0.0 <= value < 1.0, f"dropout {value} must be in [0, 1)")


def require_odd(name: str, value: int) -> None:
    """Require that a kernel size is positive and odd."""
    require(value > 0 and value % 2 == 1, f"{name} {value} must be a positive odd number")
