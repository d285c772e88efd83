"""The flags of commands that speak: where a voice computes, and in what numbers."""

import argparse

from vits.synthesis.runtime.precision import PRECISIONS

__all__ = ["add_device", "add_precision"]


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device", default="cpu", help="where to compute, e.g. cpu or cuda (%(default)s)"
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Add ``--precision``, of one voice."""
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="of flow and decoder; bf16 is quicker where the processor has instructions for it, "
        "which auto looks for (%(default)s)",
    )
