"""The ``vits`` command: one module for each subcommand, each with ``add_parser``.

``add_parser(subparsers)`` adds the command's parser and sets its ``run`` default, a function of
the parsed arguments that returns an exit status or None for 0. A command that also sets the
default ``remaining`` gets the arguments its parser does not know in it; elsewhere they are errors.
Nothing here, and nothing at the top of those modules, imports torch.

Exit status: 0 done; 1 a bug; 2 something the user can mend; 75 stopped by a signal and saved, to be
gone on with; 130 interrupted; 141 the reader of the output went away.
"""

import argparse
import atexit
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

from vits.errors import Preempted, VitsError

__all__ = ["COMMANDS", "build_parser", "main"]

COMMANDS = (
    "prepare",
    "check",
    "align",
    "fit",
    "finetune",
    "bundle",
    "evaluate",
    "convert",
    "inspect",
    "export",
    "say",
    "revoice",
    "serve",
    "bench",
)
STOPPED = 75
PACKAGE = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        argv: the arguments; None takes them from ``sys.argv``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args, unknown = build_parser(_asked(arguments)).parse_known_args(arguments)
        if unknown and not hasattr(args, "remaining"):
            args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    except SystemExit as stop:
        return int(stop.code or 0)
    args.remaining = unknown
    status = _guarded(args)
    if argv is None and status == STOPPED:
        # this process is the command, and its machine may be about to go: all is saved and said,
        # and after the exit functions only the taking down of torch's modules is left, for seconds
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _asked(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the subcommand that is asked for; all, where it is not clear which.

    A command's module costs milliseconds to import, all of them as long as a short sentence.
    """
    first = next((word for word in arguments if not word.startswith("-")), "")
    return (first,) if first in COMMANDS else COMMANDS


def build_parser(commands: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser of the command.

    Args:
        commands: its subcommands; None: all.
    """
    parser = _Parser(
        prog="vits",
        description="End-to-end text-to-speech: train a voice, speak with it.",
        epilog="`vits COMMAND --help` tells more about one command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS if commands is None else commands:
        import_module(f"vits.cli.{name}").add_parser(subparsers)
        command = subparsers.choices[name]
        command.set_defaults(parser=command)
        # SUPPRESS: without the flag here, the value given before the subcommand stands.
        command.add_argument(
            "--debug",
            action="store_true",
            default=argparse.SUPPRESS,
            help="show the traceback of an error",
        )
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Name the error and the command that helps, and exit with status 2."""
        self.exit(2, f"vits: error: {_one_line(message)} (see `{self.prog} --help`)\n")


class _Version(argparse.Action):
    """``--version``; the version is looked up only when it is asked for."""

    def __init__(self, option_strings: list[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"vits {version('vits')}")
        parser.exit()


def _guarded(args: argparse.Namespace) -> int:
    """Run a parsed command; turn what it raises into one line and an exit status."""
    with warnings.catch_warnings():
        # What is not ours keeps Python's own format, so that its origin can be seen.
        warnings.showwarning = _show_warning
        try:
            status = args.run(args)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return _fail("interrupted", 130, args.debug)
        except BrokenPipeError:
            # The interpreter flushes once more at exit, into the closed pipe if nothing is done.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        except Preempted as stop:
            return _fail(str(stop), STOPPED, args.debug) if str(stop) else STOPPED
        except VitsError as error:
            return _fail(f"error: {error}", 2, args.debug)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            return _fail(f"error: {place}{error.strerror or error}", 2, args.debug)
        except Exception as error:
            if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
                return _fail(f"error: out of memory: {error}", 2, args.debug)
            kind = type(error).__name__
            hint = "a bug in vits; please report it with the traceback that --debug shows"
            return _fail(f"bug: {kind}: {error} ({hint})", 1, args.debug)
        return status or 0


def _fail(message: str, status: int, debug: bool) -> int:
    """Print ``message`` as one line, after the traceback with ``debug``; return ``status``."""
    if debug:
        traceback.print_exc()
    print(f"vits: {_one_line(message)}", file=sys.stderr)
    return status


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of ours as one line, any other as Python would."""
    if PACKAGE in Path(filename).resolve().parents or category.__module__.startswith("vits."):
        text = f"vits: warning: {_one_line(str(message))}\n"
    else:
        text = warnings.formatwarning(message, category, filename, lineno, line)
    print(text, end="", file=file or sys.stderr)


def _one_line(text: str) -> str:
    """Join the lines of ``text`` and escape what a terminal would act upon."""
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in joined)
