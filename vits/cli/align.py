"""``vits align``: write the durations that a voice finds into a prepared corpus."""

import argparse
import sys
from pathlib import Path

__all__ = ["add_parser", "run"]

_ABOUT = """Align a prepared corpus with a trained voice: the frames of every symbol are written
into its manifest. Training with durations from the data uses them instead of searching in every
step, and so keeps the alignment of the voice it starts from.

`--method posterior` aligns with the posterior encoder. `--method dtw` synthesises each text and
aligns the speech with the recording by dynamic time warping; it suits compact voices and voices
whose posterior encoder is out of date."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "align",
        help="write the durations that a voice finds into a prepared corpus",
        description=_ABOUT,
        epilog="example: vits align runs/ada prepared/ada",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "voice",
        metavar="VOICE",
        help="voice folder, checkpoint, or folder of a run (its newest checkpoint)",
    )
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER", help="folder written by `vits prepare`"
    )
    parser.add_argument(
        "--method",
        choices=("posterior", "dtw"),
        help="method (posterior, or dtw for a compact voice)",
    )
    parser.add_argument("--device", default="cpu", help="where to compute (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find the durations of each corpus and write them into its manifest.

    Raises:
        MissingFileError: a corpus or the voice does not exist.
        DataError: a folder is not prepared data, or not for this voice.
        VoiceError: the voice is damaged, or compact with `--method posterior`.
    """
    from vits.cli.base_voice import read_bundle
    from vits.data.prepared.dataset import PreparedDataset
    from vits.data.prepared.stored_durations import write_durations
    from vits.evaluation.aligners.aligner import Aligner
    from vits.evaluation.aligners.forced_alignment import find_durations
    from vits.synthesis.bundle.weights import is_compact

    corpora = [PreparedDataset(folder) for folder in args.folders]
    bundle = read_bundle(args.voice)
    by_synthesis = args.method == "dtw" or (args.method is None and is_compact(bundle.generator))
    aligners = [
        Aligner.for_dataset(corpus, bundle, args.device, may_be_compact=by_synthesis)
        for corpus in corpora
    ]
    progress = _show if sys.stderr.isatty() else None
    for corpus, aligner in zip(corpora, aligners, strict=True):
        found = find_durations(aligner, corpus, progress, by_synthesis=by_synthesis)
        write_durations(corpus, found)
        print(
            f"{corpus.folder}: durations of {len(corpus)} utterances, {corpus.frames.sum()} frames"
        )
    return 0


def _show(done: int, total: int) -> None:
    """Show the progress on one line of a terminal."""
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} utterances", end=end, file=sys.stderr, flush=True)
