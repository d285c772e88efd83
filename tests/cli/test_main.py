"""The `vits` command: arguments, exit status, errors and warnings."""

import argparse
import os
import re
import subprocess
import sys
import types
import warnings

import pytest

import vits.cli
from vits.errors import MissingFileError, TextError

HELPFUL = "(see `vits"


@pytest.fixture
def command(monkeypatch):
    """Make ``vits fake`` run a function; with ``remaining`` it accepts unknown arguments."""

    def install(run, remaining=None):
        def add_parser(subparsers):
            parser = subparsers.add_parser("fake", allow_abbrev=False, add_help=remaining is None)
            parser.add_argument("--times", type=int, default=1)
            parser.set_defaults(run=run)
            if remaining is not None:
                parser.set_defaults(remaining=remaining)

        module = types.ModuleType("vits.cli.fake")
        module.add_parser = add_parser
        monkeypatch.setitem(sys.modules, "vits.cli.fake", module)
        monkeypatch.setattr(vits.cli, "COMMANDS", ("fake",))

    return install


def raising(error):
    def run(args):
        raise error

    return run


def run_python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **options
    )


def test_help_lists_every_command_in_order(capsys):
    assert vits.cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    places = [text.index(f"\n    {name}") for name in vits.cli.COMMANDS]
    assert places == sorted(places)


def test_help_imports_nothing_heavy():
    heavy = ("torch", "numpy", "pytorch_lightning", "lightning", "transformers", "phonemizer")
    done = run_python(
        "import sys, vits.cli; status = vits.cli.main(['--help']); "
        f"loaded = [name for name in {heavy!r} if name in sys.modules]; "
        "sys.exit(f'{status} {loaded}' if status or loaded else 0)"
    )
    assert done.returncode == 0, done.stderr


def test_import_vits_imports_neither_torch_nor_lightning():
    done = run_python(
        "import sys, vits; sys.exit(([n for n in ('torch', 'pytorch_lightning', 'lightning')"
        " if n in sys.modules] or 0))"
    )
    assert done.returncode == 0, done.stderr


def test_python_m_vits_is_vits():
    done = subprocess.run(
        [sys.executable, "-m", "vits", "--version"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout == f"vits {vits.__version__}\n"


@pytest.mark.parametrize("name", ["prepare", "bundle", "evaluate", "say", "serve", "bench"])
def test_each_command_has_its_own_help(name, capsys):
    assert vits.cli.main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: vits {name}")
    assert "--debug" in out


@pytest.mark.parametrize(
    "arguments",
    [["sing"], ["--loud"], ["say", "--loud"], ["fake"], ["prepare", "--", "\x1b[31m\n"]],
)
def test_wrong_arguments_are_one_line_with_a_hint(arguments, capsys):
    assert vits.cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vits: error: ")
    assert HELPFUL in err
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_a_command_gets_its_arguments_and_returns_its_status(command):
    command(lambda args: args.times)
    assert vits.cli.main(["fake", "--times", "5"]) == 5


def test_no_status_means_success(command):
    command(lambda args: None)
    assert vits.cli.main(["fake"]) == 0


def test_only_a_command_that_accepts_unknown_arguments_gets_them(command, capsys):
    received = []
    unknown = ["-c", "a.yaml", "--model.learning_rate", "-1e-4", "--help", "extra"]
    command(lambda args: received.extend(args.remaining), remaining=[])
    assert vits.cli.main(["fake", *unknown, "--debug", "--times", "2"]) == 0
    assert received == unknown
    command(lambda args: None)
    assert vits.cli.main(["fake", "-c", "a.yaml"]) == 2
    assert "unrecognized arguments: -c a.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (TextError("text '' is empty; give some"), 2, "vits: error: text '' is empty; give some"),
        (MissingFileError("no voice at x"), 2, "vits: error: no voice at x"),
        (TextError("two\nlines \x00 \x1b[31m"), 2, r"vits: error: two lines \x00 \x1b[31m"),
        (
            PermissionError(13, "Permission denied", "out.wav"),
            2,
            "vits: error: out.wav: Permission denied",
        ),
        (OSError(28, "No space left on device"), 2, "vits: error: No space left on device"),
        (OSError("odd"), 2, "vits: error: odd"),
        (MemoryError("big"), 2, "vits: error: out of memory: big"),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate "
                "memory: you tried to allocate 8589934592 bytes. Error code 12"
            ),
            2,
            "vits: error: out of memory: 8.0 GiB are not available; use smaller batches, sizes or "
            "texts",
        ),
        (KeyboardInterrupt(), 130, "vits: interrupted"),
    ],
)
def test_an_error_is_one_line_and_a_status(command, capsys, error, status, line):
    command(raising(error))
    assert vits.cli.main(["fake"]) == status
    assert capsys.readouterr().err == line + "\n"


def test_a_bug_is_reported_as_one(command, capsys):
    command(raising(KeyError("hop")))
    assert vits.cli.main(["fake"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("vits: bug: KeyError: 'hop' (")
    assert "--debug" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--debug", "fake"], ["fake", "--debug"]])
@pytest.mark.parametrize(("error", "status"), [(TextError("bad"), 2), (KeyError("bad"), 1)])
def test_debug_prints_the_traceback_before_or_after_the_command(
    command, capsys, arguments, error, status
):
    command(raising(error))
    assert vits.cli.main(arguments) == status
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-1].startswith("vits: ")


def test_a_warning_of_this_package_is_one_line(command, capsys):
    def run(args):
        warnings.simplefilter("always")
        # Level 2 is the caller, in vits/cli: where a warning of the library points.
        warnings.warn("dropped 'x'\n2 times", UserWarning, stacklevel=2)

    command(run)
    before = warnings.showwarning
    assert vits.cli.main(["fake"]) == 0
    assert capsys.readouterr().err == "vits: warning: dropped 'x' 2 times\n"
    assert warnings.showwarning is before


def test_a_warning_of_another_package_shows_its_origin(command, capsys):
    def run(args):
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    command(run)
    vits.cli.main(["fake"])
    err = capsys.readouterr().err
    assert "test_main.py" in err
    assert "DeprecationWarning: old" in err


@pytest.mark.skipif(os.name == "nt", reason="pipes break with another error there")
def test_a_closed_pipe_is_quiet():
    code = """
import sys, types, vits.cli
def add_parser(subparsers):
    subparsers.add_parser("fake").set_defaults(run=lambda args: print("x" * 1_000_000))
sys.modules["vits.cli.fake"] = types.SimpleNamespace(add_parser=add_parser)
vits.cli.COMMANDS = ("fake",)
sys.exit(vits.cli.main(["fake"]))
"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 141


def test_the_parser_is_an_argparse_parser():
    assert isinstance(vits.cli.build_parser(), argparse.ArgumentParser)


def test_alone_it_names_what_one_does_first(capsys):
    assert vits.cli.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    commands = [line.split()[1] for line in lines if line.startswith("  vits ")]
    assert len(commands) == 5
    assert set(commands) <= set(vits.cli.COMMANDS)
    assert max(map(len, lines)) <= 79


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_every_command_and_its_options(shell, capsys):
    assert vits.cli.main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in vits.cli.COMMANDS)
    assert "--speaker-audio" in script or "speaker-audio" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("torch", 2, "this needs the package torch, which is not installed; .* pip install vits"),
        ("colour", 1, "bug: ModuleNotFoundError"),
    ],
)
def test_an_installation_for_speaking_says_what_it_lacks(command, capsys, name, status, said):
    command(raising(ModuleNotFoundError(f"No module named {name!r}", name=name)))
    assert vits.cli.main(["fake"]) == status
    assert re.search(said, capsys.readouterr().err)
