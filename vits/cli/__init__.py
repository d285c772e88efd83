"""The ``vits`` command. Each subcommand has a module of its own with a function ``add_parser``.

``add_parser(subparsers)`` adds the subcommand's parser and sets its default ``run``, a function
of the parsed arguments that returns an exit status; None means 0. A subcommand that also sets the
default ``remaining`` receives unknown arguments there; for the others they are an error. Neither
this module nor the top level of a subcommand's module imports torch.

Exit status: 0 success; 1 a bug; 2 an error that the user can fix; 3 ``vits info`` found no GPU that
can train; 75 stopped by a signal after saving a checkpoint to resume from; 130 interrupted; 141 the
reader of the output was closed.
"""

import argparse
import atexit
import os
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

from vits.cli.colour import paint
from vits.errors import MissingExtraError, Preempted, VitsError, one_line

__all__ = ["COMMANDS", "build_parser", "main"]

COMMANDS = (
    "create",
    "prepare",
    "check",
    "align",
    "fit",
    "finetune",
    "bundle",
    "merge",
    "evaluate",
    "convert",
    "inspect",
    "export",
    "say",
    "revoice",
    "serve",
    "bench",
    "voices",
    "push",
    "info",
)
PREEMPTED = 75
FIRST_STEPS = """\
vits: text-to-speech. Five things to do first:

  vits say "Good morning."          speak; -o FILE writes a file
  vits say "Hi." --voice VOICE      another voice: a folder, a file, a name
  vits create RECORDINGS -o DIR     make a voice of your recordings
  vits serve                        speak for other programs, over HTTP
  vits info                         say what this machine can do

vits --help lists every command, vits COMMAND --help its options."""
# packages of vits that an installation for speaking (vits-speak) lacks
FULL = ("torch", "torchaudio", "scipy", "pytorch_lightning", "jsonargparse", "safetensors", "numba")
SHELLS = ("bash", "zsh", "tcsh")
LONGEST = 4000  # characters of an error message
PACKAGE = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        argv: arguments; None: those of ``sys.argv``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        print(FIRST_STEPS)
        return 0
    try:
        args, unknown = build_parser(_commands_to_load(arguments)).parse_known_args(arguments)
        if unknown and not hasattr(args, "remaining"):
            args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    except SystemExit as stop:
        return int(stop.code or 0)
    args.remaining = unknown
    status = _run(args)
    if argv is None and status == PREEMPTED:
        # The machine may be shut down at any moment and everything is saved. Skip the teardown of
        # torch's modules, which takes seconds.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _commands_to_load(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the subcommand of these arguments, or all subcommands if it is not clear which.

    One module takes milliseconds to import, all of them as long as synthesizing a short sentence.
    """
    first = next((word for word in arguments if not word.startswith("-")), "")
    return (first,) if first in COMMANDS else COMMANDS


def build_parser(commands: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the argument parser.

    Args:
        commands: subcommands to include; None: all.
    """
    parser = _Parser(
        prog="vits",
        description="End-to-end text-to-speech: train voices and synthesize speech.",
        epilog="See `vits COMMAND --help` for the options of a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    parser.add_argument("--debug", action="store_true", help="print the traceback of an error")
    parser.add_argument(
        "--print-completion",
        action=_Completion,
        choices=SHELLS,
        help="print a script that completes commands and options in this shell, and exit",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS if commands is None else commands:
        import_module(f"vits.cli.{name}").add_parser(subparsers)
        command = subparsers.choices[name]
        command.set_defaults(parser=command)
        # SUPPRESS keeps the value of a --debug before the subcommand.
        command.add_argument(
            "--debug",
            action="store_true",
            default=argparse.SUPPRESS,
            help="print the traceback of an error",
        )
    return parser


class _Parser(argparse.ArgumentParser):
    """Argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error and a hint to the help, and exit with status 2."""
        error = paint("vits: error:", "error", sys.stderr)
        self.exit(2, f"{error} {_one_line(message)} (see `{self.prog} --help`)\n")


class _Version(argparse.Action):
    """``--version``, which reads the package metadata only when used."""

    def __init__(self, option_strings: list[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import vits

        print(f"vits {vits.__version__}")
        parser.exit()


class _Completion(argparse.Action):
    """``--print-completion``, which reads all commands only when used."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        import shtab

        print(shtab.complete(build_parser(), str(values)))
        parser.exit()


def _run(args: argparse.Namespace) -> int:
    """Run a subcommand; convert an exception to one line and an exit status."""
    with warnings.catch_warnings():
        # Warnings of other packages keep Python's format, which shows their origin.
        warnings.showwarning = _show_warning
        try:
            status = args.run(args)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return _fail("interrupted", 130, args.debug)
        except BrokenPipeError:
            # Redirect stdout, because the interpreter flushes it again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        except Preempted as stop:
            return _fail(str(stop), PREEMPTED, args.debug) if str(stop) else PREEMPTED
        except VitsError as error:
            return _fail(f"error: {error}", 2, args.debug)
        except ModuleNotFoundError as error:
            if error.name not in FULL:
                return _fail_of_bug(error, args.debug)
            return _fail(f"error: {MissingExtraError.of('this', error.name, '')}", 2, args.debug)
        except OSError as error:
            path = f"{error.filename}: " if error.filename else ""
            return _fail(f"error: {path}{error.strerror or error}", 2, args.debug)
        except Exception as error:
            shortage = _memory_shortage(error)
            if shortage is not None:
                return _fail(f"error: out of memory: {shortage}", 2, args.debug)
            return _fail_of_bug(error, args.debug)
        return status or 0


def _fail_of_bug(error: Exception, debug: bool) -> int:
    hint = "a bug in vits; please report it with the traceback that --debug prints"
    return _fail(f"bug: {type(error).__name__}: {error} ({hint})", 1, debug)


def _memory_shortage(error: Exception) -> str | None:
    """Return what an error says about missing memory; None for another error.

    torch raises a RuntimeError with lines of its C++ source for a CPU, and a class of its own for
    an accelerator.
    """
    text = one_line(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return text or "a part of the work needs more than there is; use shorter texts or batches"
    asked = re.search(r"DefaultCPUAllocator: .*?allocate (\d+) bytes", text)
    if asked is None:
        return None
    size = int(asked[1]) / 2**30
    return f"{size:.1f} GiB are not available; use smaller batches, sizes or texts"


def _fail(message: str, status: int, debug: bool) -> int:
    """Print ``message`` as one line, with ``debug`` after the traceback; return ``status``."""
    if debug:
        traceback.print_exc()
    line = _one_line(message)
    line = f"vits: {line[:LONGEST]}{' …' if len(line) > LONGEST else ''}"
    if kind := re.match(r"vits: (error|bug):", line):
        line = paint(kind[0], "error", sys.stderr) + line[kind.end() :]
    print(line, file=sys.stderr)
    return status


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of this package as one line, any other in Python's format."""
    if PACKAGE in Path(filename).resolve().parents or category.__module__.startswith("vits."):
        start = paint("vits: warning:", "warning", file or sys.stderr)
        text = f"{start} {_one_line(str(message))}\n"
    else:
        text = warnings.formatwarning(message, category, filename, lineno, line)
    print(text, end="", file=file or sys.stderr)


def _one_line(text: str) -> str:
    """Join the lines of ``text`` and escape control characters."""
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in joined)
