"""Exceptions and warnings of the library.

A message is one line with the wrong value, the rule it breaks and the remedy. The command line
prints this line and exits with status 2. Every class also derives from the built-in exception of
its kind, so ``except ValueError`` catches a ``ConfigError``.
"""

import contextlib
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    "brief",
    "name_file",
    "one_line",
]


class VitsError(Exception):
    """Base class of the library's exceptions."""


class ConfigError(VitsError, ValueError):
    """A configuration value is invalid, or a key is unknown."""


class TextError(VitsError, ValueError):
    """A text cannot be converted to symbols."""


class UnknownSymbolError(TextError):
    """A phoneme or character is not in the symbol table.

    Attributes:
        symbols: number of occurrences of each unknown symbol.
    """

    def __init__(self, message: str, symbols: dict[str, int]) -> None:
        super().__init__(message)
        self.symbols = symbols


class AudioError(VitsError, ValueError):
    """An audio file cannot be read or written, or its content is invalid."""


class DataError(VitsError, ValueError):
    """A corpus, manifest or prepared folder is invalid."""


class AlignmentError(VitsError, ValueError):
    """No monotonic alignment exists for these scores and lengths."""


class VoiceError(VitsError, ValueError):
    """A voice folder is damaged, or the voice does not support a request."""


class CheckpointError(VitsError, RuntimeError):
    """A training checkpoint is incomplete or cannot be read."""


class MissingFileError(VitsError, FileNotFoundError):
    """A file or folder does not exist."""


class MissingExtraError(VitsError, ImportError):
    """A package of an optional extra is not installed."""

    @classmethod
    def of(cls, feature: str, package: str | None, extra: str) -> "MissingExtraError":
        """Create the error for a feature.

        Args:
            feature: what needs the package.
            package: name of the missing package.
            extra: extra of this library that installs it; empty: the library itself does, and only
                an installation for speaking lacks it.
        """
        wanted = f"'vits[{extra}]'" if extra else "vits"
        return cls(
            f"{feature} needs the package {package}, which is not installed; "
            f"install it: pip install {wanted}"
        )


class Preempted(VitsError, RuntimeError):  # noqa: N818 - like KeyboardInterrupt, not an error
    """Training was stopped by a signal after saving a checkpoint.

    The command line exits with status 75. The message gives the command that resumes training; it
    is empty on all ranks but the first.
    """


class NumericsError(VitsError, ArithmeticError):
    """Training repeatedly produces values that are not finite."""


class TrainingWarning(UserWarning):
    """A problem during training that does not stop it, such as a skipped step."""


@contextlib.contextmanager
def name_file(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Make the system's errors name the file: those of a failed write name none.

    Args:
        path: the file.
        partial: temporary file that is written in its place.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(partial), partial):
            error.filename = str(path)
        raise


def brief(value: object) -> str:
    """Return a value for a message: its ``repr``, shortened inside, in bounded time and memory.

    Nested values may share their parts, so a file of a few hundred bytes can have a ``repr`` of
    gigabytes.

    >>> brief({"a": [1, 2]}), brief("x" * 300)[:12], brief(10**5000)
    ("{'a': [1, 2]}", "'xxxxxxxxxxx", 'an integer of 16610 bits')
    """
    text = _BRIEF.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def one_line(error: BaseException, longest: int | None = None) -> str:
    """Return the message of an error on one line, at most ``longest`` characters of it."""
    return " ".join(str(error).split())[:longest]


class _Brief(reprlib.Repr):
    """``repr`` with limits on depth, number and length."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother = 3, 100, 100
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 6

    def repr_int(self, x: int, level: int) -> str:
        """Return an integer; Python refuses to write the longest."""
        del level
        return repr(x) if x.bit_length() <= 256 else f"an integer of {x.bit_length()} bits"

    def repr_Tensor(self, x: Any, level: int) -> str:  # noqa: N802 - named after the type
        """Return the shape of a tensor, whose values may not exist."""
        del level
        return f"a tensor {tuple(x.shape)}"


_BRIEF = _Brief()
_LONGEST = 300
