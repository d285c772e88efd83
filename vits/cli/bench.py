"""``vits bench``: measure the synthesis speed of voices."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vits.cli.output_paths import require_folder
from vits.errors import ConfigError, name_file
from vits.synthesis.runtime.precision import PRECISIONS

if TYPE_CHECKING:
    from vits.benchmarking.compare import SpeedResult

__all__ = ["add_parser", "run"]

LENGTHS = ("short", "medium", "long")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "bench",
        help="measure the synthesis speed of voices",
        description="Measure the speed of voices: time, memory, and the time of each part. Each "
        "voice runs in a process of its own; several are measured in turns and compared with the "
        "first.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "voices",
        nargs="*",
        type=Path,
        metavar="VOICE",
        help="voice folders, or folders written by vits export --to onnx (the included English "
        "voice)",
    )
    add = parser.add_argument
    add("--threads", type=int, nargs="+", default=[1], metavar="N", help="numbers of threads (1)")
    add("--texts", nargs="+", choices=LENGTHS, default=list(LENGTHS), help="lengths of text (all)")
    add("--rounds", type=int, default=5, help="how often each text is spoken (%(default)s)")
    add(
        "--precision",
        nargs="+",
        choices=PRECISIONS,
        default=["fp32"],
        help="precisions of each voice folder, e.g. plain fp32 bf16 (fp32)",
    )
    add("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, and print a table for each number of threads.

    Raises:
        VitsError: a voice cannot be loaded, or an invalid option.
    """
    from vits.benchmarking.compare import benchmark
    from vits.synthesis.api import DEFAULT_VOICE

    if args.rounds < 1 or min(args.threads) < 1:
        raise ConfigError("--rounds and --threads must be at least 1")
    if args.json:
        require_folder(args.json)
    texts = [text for text in LENGTHS if text in args.texts]
    voices, precisions = args.voices or [DEFAULT_VOICE], list(dict.fromkeys(args.precision))
    results = benchmark(voices, args.threads, texts, args.rounds, precisions)
    for threads in args.threads:
        _print([result for result in results if result.threads == threads])
    if args.json:
        values = json.dumps([asdict(result) for result in results], indent=2)
        with name_file(args.json):
            args.json.write_text(values + "\n", encoding="utf-8")
    return 0


def _print(rows: "list[SpeedResult]") -> None:
    """Print the results of one number of threads."""
    voices = list(dict.fromkeys((row.voice, row.precision) for row in rows))
    print(f"threads: {rows[0].threads}; rounds: {rows[0].rounds}; times are medians")
    for number, (voice, precision) in enumerate(voices, 1):
        first = next(row for row in rows if (row.voice, row.precision) == (voice, precision))
        print(
            f"[{number}] {voice}, {precision}: loaded in {first.load_seconds:.2f} s "
            f"(CPU {first.load_cpu_seconds:.2f} s); "
            f"CPU from start to first speech {first.start_cpu_seconds:.2f} s"
        )
    print(
        f"{'text':8}{'voice':>6}{'speech':>10}{'real-time':>11}{'CPU':>11}"
        f"{'ratio':>8}{'CPU':>8}{'1st chunk':>11}{'peak':>9}{'SNR':>10}"
    )
    for row in rows:
        number = voices.index((row.voice, row.precision)) + 1
        snr = "-" if row.snr is None else f"{row.snr:.1f} dB"
        print(
            f"{row.text:8}{number:>6}{row.seconds:>8.2f} s{row.factor:>11.4f}"
            f"{row.cpu_factor:>11.4f}{row.ratio:>8.2f}{row.cpu_ratio:>8.2f}"
            f"{row.first_chunk:>9.3f} s{row.peak_bytes / 1e6:>6.0f} MB{snr:>10}"
        )
    print("time of each part:")
    for row in rows:
        total = sum(row.parts.values()) or 1.0
        shares = ", ".join(f"{name} {value / total:.0%}" for name, value in row.parts.items())
        number = voices.index((row.voice, row.precision)) + 1
        print(f"{row.text:8}{number:>6}  {shares}")
