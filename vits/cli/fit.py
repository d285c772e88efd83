"""``vits fit``: train a voice with Lightning's command line."""

import argparse

from vits.cli.signals import training_signals

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; Lightning's parser provides its options and help."""
    parser = subparsers.add_parser(
        "fit", help="train a voice on prepared data (Lightning CLI)", add_help=False
    )
    parser.set_defaults(run=run, remaining=[])


def run(args: argparse.Namespace) -> int:
    """Pass all arguments to Lightning's command line."""
    with training_signals():
        from vits.training.command import fit

        return fit(args.remaining)
