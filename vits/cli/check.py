"""``vits check``: find faulty utterances in a prepared corpus, and write it without them."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vits.data.audit.options import CheckConfig
    from vits.data.prepared.dataset import PreparedDataset
    from vits.evaluation.aligners.text_scores import VoiceScorer

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Check a prepared corpus for noise, clipping, silence, loudness, speaking rate,
duplicate recordings, wrong speakers, texts that do not match their audio, and symbols that never
occur. With -o, write a copy without the faulty utterances; each is listed with the reason."""

_EXAMPLES = """examples:
  vits check prepared/ada
  vits check prepared/ada --voice voices/ada -o prepared/ada-clean
  vits check prepared/ada -o prepared/ada-clean --exclude "same audio" noise
"""


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "check",
        help="find faulty utterances in a prepared corpus",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    from vits.data.audit.options import CheckConfig, Fault

    default = CheckConfig()
    parser.add_argument(
        "source", type=Path, metavar="MANIFEST", help="folder that `vits prepare` wrote"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="write the corpus without the faulty utterances to this folder",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all findings to this file")
    parser.add_argument(
        "--voice",
        metavar="VOICE",
        help="compare texts and audio with this voice (a voice folder, a checkpoint or the folder "
        "of a run) instead of a small model fitted to the corpus",
    )
    parser.add_argument(
        "--device",
        default="cpu",
        help="device of the voice, e.g. cpu or cuda (default: %(default)s)",
    )
    parser.add_argument(
        "--exclude",
        nargs="*",
        metavar="FAULT",
        choices=[fault.value for fault in Fault],
        default=[fault.value for fault in default.leave_out],
        help="faults for which an utterance is excluded, of: "
        + ", ".join(f.value for f in Fault)
        + f" (default: all but {', '.join(f.value for f in Fault if f not in default.leave_out)})",
    )
    _add_limits(parser, default)
    parser.set_defaults(run=run)


def _add_limits(parser: argparse.ArgumentParser, default: "CheckConfig") -> None:
    """Add a flag for each limit of ``CheckConfig``."""
    for flag, name, text in (
        ("--min-snr", "min_snr_db", "minimum signal-to-noise ratio (dB)"),
        ("--max-clipped", "max_clipped", "maximum fraction of clipped samples"),
        ("--max-silence", "max_silence_seconds", "maximum silence at either end (s)"),
        ("--max-loudness", "max_loudness_db", "maximum deviation from the median level (dB)"),
        ("--max-rate-deviation", "max_rate_deviation", "maximum deviation of the speaking rate"),
        (
            "--max-speaker-deviation",
            "max_speaker_deviation",
            "maximum deviation from the speaker's voiceprint",
        ),
    ):
        value = getattr(default, name)
        parser.add_argument(
            flag,
            dest=name,
            type=float,
            default=value,
            metavar="X",
            help=f"{text} (default: {value:g})",
        )


def run(args: argparse.Namespace) -> int:
    """Check a corpus, print the findings and write the outputs.

    Raises:
        MissingFileError: the corpus or the voice does not exist.
        DataError: the corpus is not prepared data, or the output folder is in use.
        ConfigError: a limit is out of range.
    """
    from vits.data.audit.clean import check_output, write_clean
    from vits.data.audit.examine import examine
    from vits.data.prepared.atomic_write import atomic_write
    from vits.data.prepared.dataset import PreparedDataset

    config = _config(args)
    if args.output is not None:
        check_output(args.output, args.source)
    dataset = PreparedDataset(args.source)
    scorer = None if args.voice is None else _scorer(args, dataset)
    report = examine(
        dataset, config, scorer, progress=_show_progress if sys.stderr.isatty() else None
    )
    print(report.text())
    if args.json is not None:
        text = json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n"
        with atomic_write(args.json) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    if args.output is not None:
        kept = write_clean(dataset, report, args.output)
        print(f"\n{args.output}: {kept} of {len(dataset)} utterances")
    return 0


def _config(args: argparse.Namespace) -> "CheckConfig":
    """Build the configuration of the check."""
    from vits.data.audit.options import CheckConfig, Fault

    names = (
        "min_snr_db",
        "max_clipped",
        "max_silence_seconds",
        "max_loudness_db",
        "max_rate_deviation",
        "max_speaker_deviation",
    )
    chosen = tuple(Fault(name) for name in args.exclude)
    return CheckConfig(leave_out=chosen, **{name: getattr(args, name) for name in names})


def _scorer(args: argparse.Namespace, dataset: "PreparedDataset") -> "VoiceScorer":
    """Load the voice that scores the texts."""
    from vits.cli.base_voice import read_bundle
    from vits.evaluation.aligners.text_scores import VoiceScorer

    return VoiceScorer(read_bundle(args.voice), dataset, args.device)


def _show_progress(stage: str, done: int, total: int) -> None:
    """Show the progress on one line of a terminal."""
    end = "\n" if done == total else ""
    print(f"\r{stage}: {done} of {total} utterances", end=end, file=sys.stderr, flush=True)
