"""``vits export``: export a voice as an ONNX graph for another engine."""

import argparse
import re
from pathlib import Path

from vits.errors import VoiceError

__all__ = ["add_parser", "run"]

TARGETS = ("onnx", "piper", "sherpa")
PRECISIONS = ("fp32", "fp16", "int8")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "export",
        help="export a voice for ONNX Runtime, Piper or sherpa-onnx",
        description="Export a voice as an ONNX graph for ONNX Runtime, Piper or sherpa-onnx, with "
        "the files that the engine needs. The graph is run in ONNX Runtime and compared with "
        "torch on the same ids and noise; if the two differ, nothing is written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "voice",
        nargs="?",
        metavar="VOICE",
        help="a voice folder, a checkpoint or the folder of a run (default: the bundled "
        "English voice)",
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", choices=TARGETS, help="target engine")
    target.add_argument(
        "--in-place",
        action="store_true",
        help="add small graphs to the voice folder itself: they use its weights, and with them it "
        "speaks in ONNX Runtime, with torch or without",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="precision of the stored weights; arithmetic is float32 (default: %(default)s)",
    )
    parser.add_argument(
        "--language", help="language to export, for an engine that supports one language per voice"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="a new or empty folder (default: named after voice, engine and precision)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export a voice, and print its error, size and speed compared with torch.

    Raises:
        VitsError: the voice cannot be read, the engine does not support it, or the exported graph
            differs from it.
    """
    if args.in_place:
        return _add_graphs(args)
    from vits.cli.base_voice import read_bundle
    from vits.export.write import write
    from vits.synthesis.api import DEFAULT_VOICE

    bundle = read_bundle(args.voice or str(DEFAULT_VOICE))
    output = args.output or Path(_default_name(bundle.card.name, args.to, args.precision))
    done = write(bundle, output, args.to, args.precision, args.language)
    check = done.verification
    print(f"{output}: written for {args.to}, {args.precision}: {done.graph.name}")
    print(
        f"verification: the wave of {check.sentences} sentences differs from torch's by at most "
        f"{check.difference:.2g} of its peak ({check.decibels:.0f} dB); durations are equal"
    )
    print(f"size: {done.graph_bytes / 1e6:.1f} MB, torch {done.torch_bytes / 1e6:.1f} MB")
    print(
        f"real-time factor: {check.graph_factor:.4f}, torch {check.torch_factor:.4f} "
        f"(threads: {check.threads}; {check.seconds:.1f} s of speech)"
    )
    return 0


def _add_graphs(args: argparse.Namespace) -> int:
    """Add graphs to a voice folder, and print their error and size."""
    from vits.export.voice_graphs import add_graphs

    given = {"VOICE": args.voice is not None, "--output": args.output is None}
    given |= {"--precision": args.precision == "fp32", "--language": args.language is None}
    for name, fits in given.items():
        if not fits:
            rule = "must name a folder" if name == "VOICE" else "must be left out"
            raise VoiceError(f"{name} {rule} with --in-place, which changes the voice itself")
    done = add_graphs(Path(args.voice))
    print(f"{args.voice}: speaks in ONNX Runtime, {done.graph_bytes / 1e6:.1f} MB of graphs added")
    print(
        f"verification: the wave differs from torch's by at most {done.difference:.2g} of its peak "
        f"({done.decibels:.0f} dB); durations are equal"
    )
    return 0


def _default_name(name: str, to: str, precision: str) -> str:
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "voice"
    return f"{stem}-{to}" + f"-{precision}" * (precision != "fp32")
