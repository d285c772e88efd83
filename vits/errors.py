"""Every error the library raises on purpose.

Each message is one line: the value that was wrong, the rule it broke, what to do about it. The
command line prints exactly that line and exits with status 2. Each class is also the built-in
error a caller would expect, so ``except ValueError`` keeps working.
"""

__all__ = [
    "AlignmentError",
    "AudioError",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "MissingExtraError",
    "MissingFileError",
    "NumericsError",
    "Preempted",
    "TextError",
    "TrainingWarning",
    "UnknownSymbolError",
    "VitsError",
    "VoiceError",
]


class VitsError(Exception):
    """Base of all errors raised on purpose by this library."""


class ConfigError(VitsError, ValueError):
    """A configuration value breaks a rule, or a key is unknown."""


class TextError(VitsError, ValueError):
    """A text cannot be turned into symbols."""


class UnknownSymbolError(TextError):
    """A phoneme or character has no row in the symbol table.

    Attributes:
        symbols: each unknown symbol with the number of times it occurred.
    """

    def __init__(self, message: str, symbols: dict[str, int]) -> None:
        """Keep the message and the counted symbols."""
        super().__init__(message)
        self.symbols = symbols


class AudioError(VitsError, ValueError):
    """A recording cannot be read, or breaks a rule."""


class DataError(VitsError, ValueError):
    """A corpus, manifest or prepared folder breaks a rule."""


class AlignmentError(VitsError, ValueError):
    """No monotonic alignment exists for the given scores and lengths."""


class VoiceError(VitsError, ValueError):
    """A voice folder is damaged, or was asked for what it cannot do."""


class CheckpointError(VitsError, RuntimeError):
    """A training checkpoint is missing a part or cannot be read."""


class MissingFileError(VitsError, FileNotFoundError):
    """A file or folder that was named does not exist."""


class MissingExtraError(VitsError, ImportError):
    """A package that an optional part needs is not installed."""

    @classmethod
    def of(cls, what: str, package: str | None, extra: str) -> "MissingExtraError":
        """Say that ``what`` needs a package, and which extra brings it."""
        return cls(
            f"{what} needs the package {package}, which is not installed; "
            f"install it: pip install 'vits[{extra}]'"
        )


class Preempted(VitsError, RuntimeError):  # noqa: N818 - like KeyboardInterrupt, no error
    """A run was asked to stop and has saved itself; the command line exits with status 75.

    The message says how to go on; it is empty on all ranks but the first.
    """


class NumericsError(VitsError, ArithmeticError):
    """Training gives numbers that are not finite, again and again."""


class TrainingWarning(UserWarning):
    """What the person who waits for a training should know: a skipped step, a sign of illness."""
