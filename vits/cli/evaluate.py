"""``vits evaluate``: measure voices against recordings and texts."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.errors import ConfigError, MissingFileError

if TYPE_CHECKING:
    from vits.evaluation import Item, Recogniser
    from vits.evaluation.comparison import Contest, Contestant
    from vits.evaluation.evaluate import Instruments, Measured
    from vits.evaluation.judges.language_model import Model
    from vits.synthesis import Voice

__all__ = ["add_parser", "run"]

_ABOUT = """Let a voice say texts, and measure what comes out: word and character errors of an
offline recogniser (beside those of the recordings), naturalness as a network predicts it,
mel-cepstral distortion, pitch, durations and speed. Needs the extra eval: pip install
'vits[eval]'."""

_EXAMPLES = """MANIFEST is a folder that `vits prepare` wrote, a corpus that it could read, or a
.txt file with a sentence on each line (nothing is then compared with recordings).

examples:
  vits evaluate voices/ada prepared/held_out -o report
  vits evaluate voices/ada prepared/held_out --against voices/old -o report
  vits evaluate runs/ada prepared/held_out --checkpoints
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure a voice, with a report",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("voice", metavar="VOICE", help="a voice folder, a checkpoint, or the folder of a run")
    add("manifest", type=Path, metavar="MANIFEST", help="what to say; see below")
    add("-o", "--output", type=Path, metavar="DIR", help="write a report with players")
    add("--against", action="append", default=[], metavar="VOICE", help="another voice; repeatable")
    add("--checkpoints", action="store_true", help="each checkpoint below the folder VOICE")
    add("--limit", type=_count, metavar="N", help="only the first N texts")
    add("--seed", type=int, default=1, help="of the first text; then it counts up (%(default)s)")
    add("--language", help="of the texts, for a voice of several languages")
    add("--speaker", help="who of the voice's speakers (the text's own, or the first)")
    add(
        "--recogniser",
        default="pocketsphinx",
        metavar="NAME",
        help="pocketsphinx, none, or package.module:factory (%(default)s)",
    )
    add(
        "--naturalness",
        default="dnsmos",
        metavar="NAME",
        help="who predicts it: dnsmos, none, or package.module:factory (%(default)s)",
    )
    add(
        "--language-model",
        choices=("own", "bigram"),
        default="own",
        help="pocketsphinx's own, or bigrams of --sentences (%(default)s)",
    )
    add("--sentences", type=Path, metavar="FILE", help="a sentence on each line, for the bigrams")
    add("--f-min", type=float, metavar="HZ", help="lowest pitch to look for (65)")
    add("--f-max", type=float, metavar="HZ", help="highest pitch to look for (400)")
    add("--pictures", type=int, default=12, metavar="N", help="texts to draw (%(default)s)")
    add("--json", action="store_true", help="print the figures as JSON, not as a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate, write the report and print the figures.

    Raises:
        VitsError: a voice, the manifest, an option or a missing package is at fault.
    """
    from vits.evaluation import read_material
    from vits.evaluation.report.report import check_folder, write_report
    from vits.evaluation.report.tables import table, to_figures

    _check_flags(args)
    if args.output is not None:
        check_folder(args.output)
    items = read_material(args.manifest, args.limit)
    contest = _contest(args, items)
    if args.output is not None:
        write_report(args.output, contest, args.pictures)
    if args.json:
        print(json.dumps(to_figures(contest), indent=1, ensure_ascii=False, allow_nan=False))
        return 0
    rows = table(contest)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for head, *cells in rows:
        line = [head.ljust(widths[0])]
        line += [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        print("  ".join(line))
    if len(contest.voices) > 1 and contest.best is not None:
        print(f"\nbest: {contest.best.name} ({contest.best.source})")
    if args.output is not None:
        print(f"\nreport: {args.output / 'report.html'}")
    return 0


def _check_flags(args: argparse.Namespace) -> None:
    """Refuse flags that do not go together."""
    if (args.language_model == "bigram") != (args.sentences is not None):
        raise ConfigError("--language-model bigram and --sentences FILE must be given together")
    if args.language_model == "bigram" and args.recogniser != "pocketsphinx":
        raise ConfigError(
            f"recogniser {args.recogniser} has its own language model; leave out --language-model"
        )
    if args.sentences is not None and not args.sentences.is_file():
        raise MissingFileError(f"sentences {args.sentences} do not exist; check the path")


def _contest(args: argparse.Namespace, items: "Sequence[Item]") -> "Contest":
    """Measure the recordings, then each voice."""
    from vits.evaluation import load_predictor, measure_recordings
    from vits.evaluation.comparison import Contest
    from vits.evaluation.evaluate import Instruments
    from vits.evaluation.pitch import PitchRange

    voices = _sources(args)
    first = _load(voices[0], args.language)
    language = first.frontend.config.language
    recogniser, model = _recogniser(args, items, language)
    bounds = {"f_min": args.f_min, "f_max": args.f_max}
    bounds = {name: value for name, value in bounds.items() if value is not None}
    instruments = Instruments(
        recogniser=recogniser,
        predictor=load_predictor(args.naturalness),
        language=language,
        pitch_range=PitchRange(**bounds),
    )
    recordings: tuple[Measured, ...] = ()
    if items[0].read is not None:
        found = measure_recordings(items, instruments)
        recordings = tuple(_watched(found, len(items), "recordings"))
    entered = _enter_all(args, voices, first, items, instruments, recordings)
    return Contest(
        str(args.manifest),
        args.recogniser,
        args.naturalness,
        args.seed,
        recordings,
        tuple(entered),
        model,
    )


def _sources(args: argparse.Namespace) -> list[Path]:
    """Return the voices' places, none of them twice."""
    places = [Path(args.voice)]
    if args.checkpoints:
        if not places[0].is_dir():
            raise MissingFileError(f"run {places[0]} is no folder; name the folder of a run")
        # best.ckpt and last.ckpt are other names of step-*.ckpt: the last name of a file is taken
        found = {
            (path.stat().st_dev, path.stat().st_ino): path
            for path in sorted(places[0].rglob("*.ckpt"))
        }
        places = sorted(found.values(), key=lambda path: (path.stat().st_mtime_ns, str(path)))
        if not places:
            raise MissingFileError(f"{args.voice} has no *.ckpt below it; name a run's folder")
    places = list(dict.fromkeys([*places, *map(Path, args.against)]))
    missing = [str(place) for place in places if not place.exists()]
    if missing:  # said now, not after the first voices have been measured
        raise MissingFileError(f"voice {missing[0]} does not exist; check the path")
    return places


def _load(path: Path, language: str | None) -> "Voice":
    """Load a voice folder, a checkpoint or a run's newest checkpoint, for texts of a language."""
    from vits.cli.base_voice import read_bundle
    from vits.synthesis import Voice

    voice = Voice(read_bundle(str(path)))
    return voice if language is None else voice.with_language(language)


def _recogniser(
    args: argparse.Namespace, items: "Sequence[Item]", language: str
) -> "tuple[Recogniser | None, Model | None]":
    """Make the recogniser, with a language model of its own where that is asked for."""
    from vits.evaluation import PocketSphinx, load_recogniser
    from vits.evaluation.judges.language_model import learn

    if args.recogniser == "pocketsphinx" and language.partition("-")[0].lower() != "en":
        raise ConfigError(
            f"pocketsphinx carries English only, the voice speaks {language}; "
            "use --recogniser none or one of your own"
        )
    recogniser = load_recogniser(args.recogniser)
    if args.sentences is None or not isinstance(recogniser, PocketSphinx):
        return recogniser, None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bigrams.arpa"
        texts = [item.text for item in items]
        model = learn(args.sentences, path, recogniser.knows, texts, recogniser.words())
        return PocketSphinx(path), model


def _enter_all(
    args: argparse.Namespace,
    places: Sequence[Path],
    first: "Voice",
    items: "Sequence[Item]",
    instruments: "Instruments",
    recordings: "Sequence[Measured]",
) -> "list[Contestant]":
    """Evaluate the voices one after another; of checkpoints keep the waves of the best only."""
    from vits.evaluation.comparison import enter
    from vits.evaluation.evaluate import evaluate

    entered: list[Contestant] = []
    for place, name in zip(places, _names(places), strict=True):
        voice = first if place == places[0] else _load(place, args.language)
        steps = voice.card.training_steps
        spoken = evaluate(
            voice,
            items,
            instruments,
            recordings or None,
            speaker=args.speaker,
            seed=args.seed,
        )
        measured = list(_watched(spoken, len(items), name))
        entered.append(enter(name, str(place), steps, measured, recordings))
        if args.checkpoints:
            best = min(entered, key=lambda one: one.score.value)
            entered = [one if one is best else one._replace(measured=()) for one in entered]
    return entered


def _names(places: Sequence[Path]) -> list[str]:
    """Call each voice by the end of its path, or by all of it where others end alike."""
    short = [place.stem if place.suffix == ".ckpt" else place.resolve().name for place in places]
    return [
        str(place) if short.count(name) > 1 or name == "recordings" else name
        for place, name in zip(places, short, strict=True)
    ]


def _watched(found: "Iterator[Measured]", total: int, name: str) -> "Iterator[Any]":
    """Show a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        return found
    from tqdm import tqdm

    return iter(tqdm(found, total=total, desc=name, unit="utterance", file=sys.stderr))


def _count(text: str) -> int:
    """Read a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} must be at least 1")
    return value
