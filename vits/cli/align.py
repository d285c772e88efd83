"""``vits align``: the durations that a voice finds in a corpus, kept with the corpus."""

import argparse
import sys
from pathlib import Path

__all__ = ["add_parser", "run"]

_ABOUT = """Align a prepared corpus with a trained voice: how many frames every symbol takes is
written into its manifest. Training with `alignment: data` takes these durations instead of
searching in every step, and so keeps the alignment of the voice it starts from.

A voice listens with its posterior encoder. Without one, or with one that a run of nothing but
spoken segments has left behind, it speaks: what it says is walked beside the recording."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "align",
        help="give a prepared corpus the durations that a voice finds",
        description=_ABOUT,
        epilog="example: vits align runs/ada prepared/ada",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "voice",
        metavar="VOICE",
        help="a voice folder, a checkpoint or the folder of a run, whose newest is taken",
    )
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER", help="what `vits prepare` wrote"
    )
    parser.add_argument(
        "--by",
        choices=("listening", "speaking"),
        help="how it finds them (listening, or speaking where the voice is compact)",
    )
    parser.add_argument("--device", default="cpu", help="where the voice computes (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find the durations of each corpus and write them into its manifest.

    Raises:
        MissingFileError: a corpus or the voice does not exist.
        DataError: it is not prepared data, or not for this voice.
        VoiceError: the voice is damaged, or shall listen and is compact.
    """
    from vits.cli.base_voice import read_bundle
    from vits.data.prepared.dataset import PreparedDataset
    from vits.data.prepared.stored_durations import write_durations
    from vits.evaluation.aligners.aligner import Listener
    from vits.evaluation.aligners.forced_alignment import find_durations
    from vits.synthesis.bundle.weights import is_compact

    corpora = [PreparedDataset(folder) for folder in args.folders]
    bundle = read_bundle(args.voice)
    by_speaking = args.by == "speaking" or (args.by is None and is_compact(bundle.generator))
    listeners = [
        Listener.to(corpus, bundle, args.device, may_be_compact=by_speaking) for corpus in corpora
    ]
    progress = _show if sys.stderr.isatty() else None
    for corpus, listener in zip(corpora, listeners, strict=True):
        found = find_durations(listener, corpus, progress, by_speaking=by_speaking)
        write_durations(corpus, found)
        print(
            f"{corpus.folder}: durations of {len(corpus)} utterances, {corpus.frames.sum()} frames"
        )
    return 0


def _show(done: int, total: int) -> None:
    """Show how far it is on one line of a terminal."""
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} utterances", end=end, file=sys.stderr, flush=True)
