"""``vits export``: write a voice as an ONNX graph for another engine."""

import argparse
import re
from pathlib import Path

__all__ = ["add_parser", "run"]

TARGETS = ("onnx", "piper", "sherpa")
PRECISIONS = ("fp32", "fp16", "int8")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "export",
        help="write a voice for ONNX Runtime, Piper or sherpa-onnx",
        description="Write a voice as an ONNX graph for ONNX Runtime, Piper or sherpa-onnx, with "
        "the files the engine wants beside it. The graph is run in ONNX Runtime and compared with "
        "torch on the same ids and noise; if it is not the same voice, nothing is written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "voice",
        nargs="?",
        metavar="VOICE",
        help="a voice folder, a checkpoint or the folder of a run (the English voice in the box)",
    )
    parser.add_argument("--to", choices=TARGETS, required=True, help="the engine")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="how weights are stored; arithmetic is float32 (default: fp32)",
    )
    parser.add_argument(
        "--language", help="which of the voice's languages, for an engine that knows one of a voice"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="a new or empty folder (named after voice, engine and precision)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export a voice; tell error, size and speed beside torch's.

    Raises:
        VitsError: the voice cannot be read, the engine cannot speak it, or the result is not it.
    """
    from vits.cli.base_voice import read_bundle
    from vits.export.write import write
    from vits.synthesis.api import DEFAULT_VOICE

    bundle = read_bundle(args.voice or str(DEFAULT_VOICE))
    output = args.output or Path(_default_name(bundle.card.name, args.to, args.precision))
    done = write(bundle, output, args.to, args.precision, args.language)
    proof = done.proof
    print(f"{output}: written for {args.to}, {args.precision}: {done.graph.name}")
    print(
        f"proof: the wave of {proof.sentences} sentences differs from torch's by at most "
        f"{proof.difference:.2g} of its peak ({proof.decibels:.0f} dB); timings are equal"
    )
    print(f"size: {done.graph_bytes / 1e6:.1f} MB, torch {done.torch_bytes / 1e6:.1f} MB")
    print(
        f"real-time factor: {proof.graph_factor:.4f}, torch {proof.torch_factor:.4f} "
        f"(threads: {proof.threads}; {proof.seconds:.1f} s of speech)"
    )
    return 0


def _default_name(name: str, to: str, precision: str) -> str:
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "voice"
    return f"{stem}-{to}" + f"-{precision}" * (precision != "fp32")
