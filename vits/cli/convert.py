"""``vits convert``: carry a voice from one VITS project to another."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import ConfigError, VoiceError

if TYPE_CHECKING:
    from vits.interop.full_voice import FullVoice

__all__ = ["add_parser", "run"]

FORMATS = ("vits", "original", "transformers", "coqui", "piper")
# Two orders of summation differ by this much of the loudest sample, and large latents by more.
TOLERANCE = 1e-3


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "convert",
        help="carry a voice to or from another VITS project",
        description="Read a voice of this project, the original, transformers (MMS included), "
        "Coqui or Piper, and write it in the format of one of them. The source's format is "
        "recognised. A part that the other format cannot hold is an error that names it.",
        epilog="Then, with --to vits: vits say 'Hello.' -o hello.wav --voice DST",
        allow_abbrev=False,
    )
    parser.add_argument("source", type=Path, metavar="SRC", help="a voice's folder or checkpoint")
    parser.add_argument("target", type=Path, metavar="DST", help="a new or empty folder")
    parser.add_argument(
        "--to", choices=FORMATS, default="vits", help="the format to write (default: vits)"
    )
    parser.add_argument(
        "--drop",
        default="",
        metavar="PART,...",
        help="parts that may be lost where the format has no place for them, as the error names "
        "them, e.g. discriminators,lexicon",
    )
    parser.add_argument(
        "--no-verify",
        action="store_true",
        help="do not compare the waves of both voices at the end",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert a voice and verify that the result is equivalent.

    Raises:
        VitsError: it cannot be read, or not without a loss.
    """
    from vits.interop.convert import DROPPABLE, describe, write
    from vits.interop.detect_format import read

    drop = [part.strip() for part in args.drop.split(",") if part.strip()]
    unknown = [part for part in drop if part not in DROPPABLE]
    if unknown:
        raise ConfigError(f"--drop {unknown[0]}: known parts are {', '.join(DROPPABLE)}")
    voice = read(args.source)
    for key, value in describe(voice).items():
        print(f"{key}: {value}")
    write(voice, args.target, args.to, drop)
    print(f"{args.target}: written as {args.to}")
    if not args.no_verify:
        _verify(args, voice, drop)
    return 0


def _verify(args: argparse.Namespace, voice: "FullVoice", drop: list[str]) -> None:
    """Read the result back, compare ids and waves, and print the differences.

    Raises:
        VoiceError: they are not those of the same voice.
    """
    from vits.interop.detect_format import FORMATS
    from vits.interop.equivalence import compare_ids, compare_voices, verify_with_transformers

    again = FORMATS[args.to].read(args.target)
    if not compare_ids(voice.bundle.frontend, again.bundle.frontend) and not drop:
        raise VoiceError(
            f"{args.target}: a text has other ids than in {args.source}; do not use it"
        )
    # theirs, if one of the two is: what is compared must be what lies there
    theirs = {args.to: args.target, voice.format: args.source}.get("transformers")
    theirs = theirs.parent if theirs is not None and theirs.is_file() else theirs
    results = {
        "read back": compare_voices(voice.bundle, again.bundle),
        "transformers": verify_with_transformers(again, theirs),
    }
    for name, result in results.items():
        if isinstance(result, str):
            print(f"verification, {name}: not possible ({result})")
            continue
        print(
            f"verification, {name}: largest difference {result.difference:.3g} "
            f"of {result.peak:.3g} in {result.samples} samples"
        )
        if not drop and not result.difference <= TOLERANCE * max(result.peak, 1e-3):
            raise VoiceError(f"{args.target} speaks differently from {args.source}; do not use it")
