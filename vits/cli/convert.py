"""``vits convert``: convert a voice between VITS projects."""

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import ConfigError, VitsError, VoiceError

if TYPE_CHECKING:
    from vits.interop.full_voice import FullVoice

__all__ = ["add_parser", "run"]

FORMATS = ("vits", "original", "transformers", "coqui", "piper")
# Relative to the peak. Another order of summation alone gives differences of this size.
TOLERANCE = 1e-3
# Parts without which a text has other ids. No part that can be dropped changes a waveform.
TEXT_PARTS = frozenset({"lexicon", "bos-eos", "phonemizer", "romanisation", "underscore", "letter"})


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "convert",
        help="convert a voice to or from another VITS project",
        description="Convert a voice between the formats of this project, the original code, "
        "transformers (including MMS), Coqui and Piper. The source format is detected. A part "
        "that the target format cannot store is an error, unless --drop names it.",
        epilog="After --to vits: vits say 'Hello.' -o hello.wav --voice DST",
        allow_abbrev=False,
    )
    parser.add_argument(
        "source", type=Path, metavar="SRC", help="folder, checkpoint or name of a voice"
    )
    parser.add_argument("target", type=Path, metavar="DST", help="a new or empty folder")
    parser.add_argument(
        "--to", choices=FORMATS, default="vits", help="target format (default: %(default)s)"
    )
    parser.add_argument(
        "--drop",
        default="",
        metavar="PART,...",
        help="parts to leave out if the target format cannot store them, as named in the error, "
        "e.g. discriminators,lexicon",
    )
    parser.add_argument(
        "--no-verify",
        action="store_true",
        help="do not compare the waveforms of the two voices",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert a voice and verify that the result is equivalent.

    Raises:
        VitsError: the voice cannot be read, or the target format cannot store all of it.
    """
    from vits.interop.convert import DROPPABLE, describe, write
    from vits.interop.detect_format import read
    from vits.interop.named import find_or_download

    args.source = find_or_download(args.source)
    drop = [part.strip() for part in args.drop.split(",") if part.strip()]
    unknown = [part for part in drop if part not in DROPPABLE]
    if unknown:
        raise ConfigError(f"--drop {unknown[0]}: known parts are {', '.join(DROPPABLE)}")
    voice = read(args.source)
    for key, value in describe(voice).items():
        print(f"{key}: {value}")
    write(voice, args.target, args.to, drop)
    if not args.no_verify:
        try:
            _verify(args, voice, drop)
        except VitsError:
            shutil.rmtree(args.target)  # it was new or empty
            raise
    print(f"{args.target}: written as {args.to}")
    return 0


def _verify(args: argparse.Namespace, voice: "FullVoice", drop: list[str]) -> None:
    """Read the result back, compare ids and waveforms, and print the differences.

    Raises:
        VoiceError: ids or waveforms differ.
    """
    from vits.interop.detect_format import FORMATS
    from vits.interop.equivalence import compare_ids, compare_voices, verify_with_transformers

    converted = FORMATS[args.to].read(args.target)
    kept = not TEXT_PARTS.intersection(drop)
    if kept and not compare_ids(voice.bundle.frontend, converted.bundle.frontend):
        raise VoiceError(
            f"{args.target} would map a text to other ids than {args.source}; nothing is written"
        )
    # compare with the transformers model on disk, if one of the two voices is one
    reference = {args.to: args.target, voice.format: args.source}.get("transformers")
    if reference is not None and reference.is_file():
        reference = reference.parent
    results = {
        "read back": compare_voices(voice.bundle, converted.bundle),
        "transformers": verify_with_transformers(converted, reference),
    }
    for name, result in results.items():
        if isinstance(result, str):
            print(f"verification, {name}: not possible ({result})")
            continue
        print(
            f"verification, {name}: largest difference {result.difference:.3g} "
            f"of {result.peak:.3g} in {result.samples} samples"
        )
        if not result.difference <= TOLERANCE * max(result.peak, 1e-3):
            raise VoiceError(
                f"the waveforms of {args.target} and {args.source} differ; nothing is written"
            )
