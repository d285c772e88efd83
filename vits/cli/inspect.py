"""``vits inspect``: describe a voice of this or another VITS project."""

import argparse
from pathlib import Path

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "inspect",
        help="describe a voice of this or another project",
        description="Read a voice as `vits convert` does and describe it. Writes nothing.",
        allow_abbrev=False,
    )
    parser.add_argument("path", type=Path, help="folder, checkpoint or name of a voice")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the properties of the voice.

    Raises:
        VitsError: the voice cannot be read.
    """
    from vits.interop.convert import describe
    from vits.interop.detect_format import read
    from vits.interop.named import find_or_download

    for key, value in describe(read(find_or_download(args.path))).items():
        print(f"{key}: {value}")
    return 0
