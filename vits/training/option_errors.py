"""Errors of the parser, of Lightning and of torch, as errors of this library."""

import re
import traceback
from pathlib import Path

from jsonargparse import ArgumentError
from lightning_fabric.utilities.exceptions import MisconfigurationException

from vits.errors import ConfigError, MissingFileError, VitsError, one_line
from vits.training.yaml_limits import ALLOWED

__all__ = ["library_error"]

PACKAGE = str(Path(__file__).resolve().parents[1])
LONGEST = 500
# what only hands the options of the command line to Lightning
_COMMANDS = ("vits.training.command", "vits.training.finetuning.command")
_FUNCTIONS = ("choose_devices",)


def library_error(error: Exception, command: list[str], *, started: bool) -> VitsError | None:
    """Return the error of this library for an exception of a training command.

    Lightning checks most options of its trainer, loggers and callbacks only when it uses them. An
    exception from there, before the first step, is an error of the command line; one that arises
    below this library's own code is a bug.

    Args:
        error: what the command raised.
        command: the command line, e.g. ``["vits", "fit", "-c", "a.yaml"]``.
        started: whether a step was trained.

    Returns:
        None for a bug, and for errors that are clear already.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, VitsError):
            return _from_worker(cause)
        cause = cause.__cause__ or cause.__context__
    line = _one_line(error)
    if isinstance(error, FileNotFoundError):
        return MissingFileError(line)
    if isinstance(error, OSError):
        return None
    denied = re.search(r"Importing '([^']*)' is not allowed", str(error))
    if denied is not None:
        return ConfigError(
            f"class {denied[1]!r} is not of a package that a configuration may name "
            f"({', '.join(ALLOWED)}); to import it all the same, add --allow-imports"
        )
    missing = re.search(r"Requirement '[^']+' not met|No module named '[^']+'", str(error))
    if missing is not None:
        given = _trainer_options(command)
        options = f"; the command line has {given}" if given else ""
        return ConfigError(f"trainer: {missing[0]}: install it, or choose something else{options}")
    if isinstance(error, ArgumentError):
        return ConfigError(f"{line} (see `vits {command[1]} --help`)")
    if isinstance(error, MisconfigurationException) or (not started and _is_of_options(error)):
        given = _trainer_options(command)
        options = f"; the command line has {given}" if given else ""
        return ConfigError(f"trainer: {line}{options} (see `vits {command[1]} --help`)")
    return None


def _from_worker(error: VitsError) -> VitsError:
    """Return an error that a loader process raised without its traceback."""
    text = str(error)
    if not text.startswith("Caught "):
        return error
    last = text.rstrip().rsplit("\n", 1)[-1]
    return type(error)(last.partition(": ")[2] or last)


def _is_of_options(error: Exception) -> bool:
    """Return whether an error arose in another package, called with the options as they are."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if frame.f_code.co_filename.startswith(PACKAGE)]
    if not own or own[-1] is frames[-1]:
        return False
    last = own[-1]
    return last.f_globals.get("__name__") in _COMMANDS or last.f_code.co_name in _FUNCTIONS


def _trainer_options(command: list[str]) -> str:
    """Return the trainer's options on a command line."""
    words: list[str] = []
    for word, value in zip(command, [*command[1:], ""], strict=True):
        if word.startswith("--trainer."):
            takes_next = "=" not in word and value and not value.startswith("--")
            words.append(f"{word} {value}" if takes_next else word)
    return " ".join(words)[:LONGEST]


def _one_line(error: Exception) -> str:
    """Return the message of an exception on one line, or its type."""
    line = one_line(error) or type(error).__name__
    if len(line) <= LONGEST:
        return line
    return f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"  # the given value is at the end
