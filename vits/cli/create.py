"""``vits create``: make a voice from recordings in one command."""

import argparse
import math
import shlex
from pathlib import Path

from vits.errors import Preempted

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Make a voice from recordings: prepare and check them, fine-tune a voice on them
until it stops improving or the time is up, evaluate it, and write the voice folder. Each
stage is the command of that name; its output, data and checkpoints are kept in DIR.work. The same
command continues after a stop or a kill, and does only what is left."""

_EXAMPLES = """examples:
  vits create recordings -o voices/me
  vits create recordings -o voices/me --minutes 45 --language nl
  vits create recordings -o voices/me --base runs/ada
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "create",
        help="make a voice from recordings: prepare, check, fine-tune, evaluate and bundle",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("source", type=Path, metavar="RECORDINGS", help="folder or table, as for `vits prepare`")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="voice folder to write")
    add(
        "--minutes",
        type=_minutes,
        default=60.0,
        metavar="N",
        help="time for everything, over all starts (default: %(default)g)",
    )
    add(
        "--base",
        default="kathleen",
        metavar="VOICE",
        help="voice to start from: a voice folder, a checkpoint or the folder of a run (default: "
        "%(default)s, the voice in the box)",
    )
    add(
        "--language",
        metavar="CODE",
        help="espeak-ng code of the texts (default: detected from the texts, or else the base's)",
    )
    add("--licence", "--license", default="", help="licence of the voice, e.g. CC0-1.0")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the stages that are not done yet, and print where the results are.

    Raises:
        Preempted: a signal stopped the training, which has saved a checkpoint.
        VitsError: the recordings, the base or the output cannot be used.
    """
    from vits.cli.creation.output import Progress
    from vits.cli.creation.page import advice, write_page
    from vits.cli.creation.stages import Creation, align, bundle, check, evaluate, prepare
    from vits.cli.creation.training import measure_pace, train

    creation = Creation(args.source, args.output, args.base, args.minutes, Progress())
    base = creation.begin()
    prepared = prepare(creation, base, args.language)
    checked = check(creation)
    align(creation, base)
    # a base of several speakers needs a name for the new one
    name = args.output.name if len(base.speakers) > 1 and not prepared["speakers"] else None
    pace = measure_pace(creation, base, name)
    try:
        checkpoint = train(creation, base, pace, name, checked["held_out"])
    except Preempted as stop:
        saved = str(stop).partition("; resume with: ")[0]
        raise Preempted(f"{saved}; continue with: {_again(args)}" if saved else "") from stop
    evaluate(creation, checkpoint, prepared["language"])
    bundle(creation, checkpoint, args.base, args.licence)
    trained = creation.journal.facts("train") or {}
    page = write_page(
        creation.work,
        args.output.name,
        creation.lines,
        trained,
        advised := advice(prepared, checked, trained),
    )
    for line in advised:
        print(f"advice    {line}")
    print(f"report    {page}")
    print(f"next      vits say 'Hello.' -o hello.wav --voice {shlex.quote(str(args.output))}")
    return 0


def _again(args: argparse.Namespace) -> str:
    """Return the command line."""
    words = ["vits", "create", str(args.source), "-o", str(args.output)]
    words += ["--minutes", f"{args.minutes:g}", "--base", args.base]
    words += ["--language", args.language] if args.language else []
    return shlex.join([*words, "--licence", args.licence] if args.licence else words)


def _minutes(text: str) -> float:
    """Parse a finite number of minutes greater than 0."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be a number greater than 0")
    return value
