"""``vits inspect``: say what a voice of whatever project is."""

import argparse
from pathlib import Path

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "inspect",
        help="say what a voice of this or another project is",
        description="Read a voice as `vits convert` does, and say what it is. Nothing is written.",
        allow_abbrev=False,
    )
    parser.add_argument("path", type=Path, help="a voice's folder or checkpoint")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what the voice is.

    Raises:
        VitsError: it cannot be read.
    """
    from vits.interop.convert import describe
    from vits.interop.detect_format import read

    for key, value in describe(read(args.path)).items():
        print(f"{key}: {value}")
    return 0
