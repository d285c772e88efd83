"""``vits evaluate``: evaluate voices on texts and recordings."""

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
    from vits.evaluation.comparison import ComparedVoice, VoiceComparison
    from vits.evaluation.evaluate import EvaluatedUtterance, Evaluators
    from vits.evaluation.evaluators.language_model import LanguageModel
    from vits.synthesis import Voice

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Synthesize texts with a voice and evaluate the speech: word and character error
rates of an offline recogniser (compared with those of the recordings), predicted naturalness,
mel-cepstral distortion, pitch, durations and speed. Needs the extra eval: pip install
'vits[eval]'."""

_EXAMPLES = """MANIFEST is a folder that `vits prepare` wrote, a corpus that it can read, or a .txt
file with one sentence per line (without a comparison to recordings).

examples:
  vits evaluate voices/ada prepared/held_out -o report
  vits evaluate voices/ada prepared/held_out --against voices/old -o report
  vits evaluate runs/ada prepared/held_out --checkpoints
  vits evaluate runs/ada prepared/held_out --stages
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="evaluate a voice and write a report",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("voice", metavar="VOICE", help="a voice folder, a checkpoint, or the folder of a run")
    add("manifest", type=Path, metavar="MANIFEST", help="texts and recordings; see below")
    add("-o", "--output", type=Path, metavar="DIR", help="write a report with audio players")
    add(
        "--against",
        action="append",
        default=[],
        metavar="VOICE",
        help="a voice to compare with; repeatable",
    )
    add("--checkpoints", action="store_true", help="evaluate every checkpoint in the folder VOICE")
    add(
        "--stages",
        action="store_true",
        help="evaluate the stages from the recording to the voice, of a prepared folder: what each "
        "box loses",
    )
    add("--limit", type=_count, metavar="N", help="use only the first N texts")
    add(
        "--seed",
        type=int,
        default=1,
        help="seed of the first text, increased by 1 for each (default: %(default)s)",
    )
    add("--language", help="language of the texts, for a voice with several languages")
    add("--speaker", help="speaker of the voice (default: that of each text, or else the first)")
    _add_evaluators(parser)
    add("--f-min", type=float, metavar="HZ", help="minimum pitch (default: 65)")
    add("--f-max", type=float, metavar="HZ", help="maximum pitch (default: 400)")
    add("--plots", type=int, default=12, metavar="N", help="texts to plot (default: %(default)s)")
    add("--json", action="store_true", help="print the results as JSON instead of a table")
    parser.set_defaults(run=run)


def _add_evaluators(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose recogniser and predictor."""
    add = parser.add_argument
    add(
        "--recogniser",
        default="pocketsphinx",
        metavar="NAME",
        help="pocketsphinx, whisper[:MODEL], none or package.module:factory (default: %(default)s)",
    )
    add(
        "--naturalness",
        default="dnsmos",
        metavar="NAME",
        help="dnsmos, distill-mos, none or package.module:factory (default: %(default)s)",
    )
    add(
        "--language-model",
        choices=("own", "bigram"),
        default="own",
        help="that of pocketsphinx, or bigrams of --sentences (default: %(default)s)",
    )
    add(
        "--sentences", type=Path, metavar="FILE", help="text for the bigrams, one sentence per line"
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate the voices, write the report and print the results.

    Raises:
        VitsError: a voice, the manifest or an option is invalid, or a package is missing.
    """
    from vits.evaluation import read_test_set
    from vits.evaluation.report.report import check_folder, write_report
    from vits.evaluation.report.tables import table, to_figures

    _check_flags(args)
    if args.output is not None:
        check_folder(args.output)
    items = read_test_set(args.manifest, args.limit)
    comparison = _compare_voices(args, items)
    if args.output is not None:
        write_report(args.output, comparison, args.plots)
    if args.json:
        print(json.dumps(to_figures(comparison), indent=1, ensure_ascii=False, allow_nan=False))
        return 0
    rows = table(comparison)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for head, *cells in rows:
        line = [head.ljust(widths[0])]
        line += [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        print("  ".join(line))
    if not args.stages and len(comparison.voices) > 1 and comparison.best is not None:
        print(f"\nbest: {comparison.best.name} ({comparison.best.source})")
    if args.output is not None:
        print(f"\nreport: {args.output / 'report.html'}")
    return 0


def _check_flags(args: argparse.Namespace) -> None:
    """Check combinations of flags.

    Raises:
        ConfigError: two flags do not go together.
        MissingFileError: the file of ``--sentences`` does not exist.
    """
    if args.stages and (args.checkpoints or args.against or args.speaker is not None):
        raise ConfigError(
            "--stages takes one voice and the speakers of the data; leave out --checkpoints, "
            "--against and --speaker"
        )
    if args.stages and not (args.manifest / "dataset.json").is_file():
        raise ConfigError(
            f"--stages needs a prepared folder, not {args.manifest}; see vits prepare"
        )
    if (args.language_model == "bigram") != (args.sentences is not None):
        raise ConfigError("--language-model bigram and --sentences FILE must be given together")
    if args.language_model == "bigram" and args.recogniser != "pocketsphinx":
        raise ConfigError(
            f"recogniser {args.recogniser} has its own language model; leave out --language-model"
        )
    if args.sentences is not None and not args.sentences.is_file():
        raise MissingFileError(f"sentences {args.sentences} do not exist; check the path")


def _compare_voices(args: argparse.Namespace, items: "Sequence[Item]") -> "VoiceComparison":
    """Evaluate the recordings, then each voice."""
    from vits.evaluation import load_predictor, measure_recordings
    from vits.evaluation.comparison import VoiceComparison
    from vits.evaluation.evaluate import Evaluators
    from vits.evaluation.pitch import PitchRange

    voices = _voice_paths(args)
    first = _load(voices[0], args.language)
    language = first.frontend.config.language
    recogniser, model = _recogniser(args, items, language)
    bounds = {"f_min": args.f_min, "f_max": args.f_max}
    bounds = {name: value for name, value in bounds.items() if value is not None}
    evaluators = Evaluators(
        recogniser=recogniser,
        predictor=load_predictor(args.naturalness),
        language=language,
        pitch_range=PitchRange(**bounds),
    )
    recordings: tuple[EvaluatedUtterance, ...] = ()
    if items[0].read is not None:
        measured = measure_recordings(items, evaluators)
        recordings = tuple(_with_progress(measured, len(items), "recordings"))
    evaluate_voices = _evaluate_stages if args.stages else _evaluate_all
    compared = evaluate_voices(args, voices, first, items, evaluators, recordings)
    return VoiceComparison(
        str(args.manifest),
        args.recogniser,
        args.naturalness,
        args.seed,
        recordings,
        tuple(compared),
        model,
    )


def _voice_paths(args: argparse.Namespace) -> list[Path]:
    """Return the paths of the voices without duplicates.

    Raises:
        MissingFileError: a path does not exist, or the run has no checkpoint.
    """
    paths = [Path(args.voice)]
    if args.checkpoints:
        if not paths[0].is_dir():
            raise MissingFileError(f"run {paths[0]} is not a folder; name the folder of a run")
        # best.ckpt and last.ckpt are links to a step-*.ckpt, which sorts last
        checkpoints = {
            (path.stat().st_dev, path.stat().st_ino): path
            for path in sorted(paths[0].rglob("*.ckpt"))
        }
        paths = sorted(checkpoints.values(), key=lambda path: (path.stat().st_mtime_ns, str(path)))
        if not paths:
            raise MissingFileError(f"run {args.voice} contains no *.ckpt; name the folder of a run")
    paths = list(dict.fromkeys([*paths, *map(Path, args.against)]))
    missing = [str(path) for path in paths if not path.exists()]
    if missing:  # before the first evaluation, which takes minutes
        raise MissingFileError(f"voice {missing[0]} does not exist; check the path")
    return paths


def _load(path: Path, language: str | None) -> "Voice":
    """Load a voice folder, a checkpoint or a run, with a default language."""
    from vits.cli.base_voice import read_bundle
    from vits.synthesis import Voice

    voice = Voice(read_bundle(str(path)))
    return voice if language is None else voice.with_language(language)


def _recogniser(
    args: argparse.Namespace, items: "Sequence[Item]", language: str
) -> "tuple[Recogniser | None, LanguageModel | None]":
    """Create the recogniser, and the bigram language model if requested.

    Raises:
        ConfigError: the recogniser does not support the language.
    """
    from vits.evaluation import PocketSphinx, load_recogniser
    from vits.evaluation.evaluators.language_model import train_language_model

    if args.recogniser == "pocketsphinx" and language.partition("-")[0].lower() != "en":
        raise ConfigError(
            f"pocketsphinx supports English only, the voice speaks {language}; "
            "use --recogniser none or another recogniser"
        )
    recogniser = load_recogniser(args.recogniser)
    if args.sentences is None or not isinstance(recogniser, PocketSphinx):
        return recogniser, None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bigrams.arpa"
        texts = [item.text for item in items]
        model = train_language_model(
            args.sentences, path, recogniser.knows, texts, recogniser.words()
        )
        return PocketSphinx(path), model


def _evaluate_all(
    args: argparse.Namespace,
    paths: Sequence[Path],
    first: "Voice",
    items: "Sequence[Item]",
    evaluators: "Evaluators",
    recordings: "Sequence[EvaluatedUtterance]",
) -> "list[ComparedVoice]":
    """Evaluate the voices in turn; of checkpoints, keep only the best one's waveforms."""
    from vits.evaluation.comparison import summarise_voice
    from vits.evaluation.evaluate import evaluate

    compared: list[ComparedVoice] = []
    for path, name in zip(paths, _names(paths), strict=True):
        voice = first if path == paths[0] else _load(path, args.language)
        steps = voice.card.training_steps
        spoken = evaluate(
            voice,
            items,
            evaluators,
            recordings or None,
            speaker=args.speaker,
            seed=args.seed,
        )
        measured = list(_with_progress(spoken, len(items), name))
        compared.append(summarise_voice(name, str(path), steps, measured, recordings))
        if args.checkpoints:
            best = min(compared, key=lambda one: one.score.value)
            compared = [one if one is best else one._replace(utterances=()) for one in compared]
    return compared


def _evaluate_stages(
    args: argparse.Namespace,
    paths: Sequence[Path],
    voice: "Voice",
    items: "Sequence[Item]",
    evaluators: "Evaluators",
    recordings: "Sequence[EvaluatedUtterance]",
) -> "list[ComparedVoice]":
    """Evaluate the stages of a voice, each as a voice of its own."""
    from functools import partial

    from vits.cli.base_voice import read_bundle
    from vits.data.prepared.dataset import PreparedDataset
    from vits.evaluation.comparison import summarise_voice
    from vits.evaluation.evaluate import evaluate_speech
    from vits.evaluation.stages import Stages

    bundle, dataset = read_bundle(str(paths[0])), PreparedDataset(args.manifest)
    stages = Stages(voice, bundle, dataset, args.seed)
    compared: list[ComparedVoice] = []
    for name in stages.names:
        spoken = evaluate_speech(partial(stages.speak, name), items, evaluators, recordings)
        measured = list(_with_progress(spoken, len(items), name))
        steps = voice.card.training_steps
        compared.append(summarise_voice(name, str(paths[0]), steps, measured, recordings))
    return compared


def _names(paths: Sequence[Path]) -> list[str]:
    """Return the last part of each path, or the whole path where that is ambiguous."""
    short = [path.stem if path.suffix == ".ckpt" else path.resolve().name for path in paths]
    return [
        str(path) if short.count(name) > 1 or name == "recordings" else name
        for path, name in zip(paths, short, strict=True)
    ]


def _with_progress(
    measured: "Iterator[EvaluatedUtterance]", total: int, name: str
) -> "Iterator[Any]":
    """Show a progress bar if standard error is a terminal."""
    if not sys.stderr.isatty():
        return measured
    from tqdm import tqdm

    return iter(tqdm(measured, total=total, desc=name, unit="utterance", file=sys.stderr))


def _count(text: str) -> int:
    """Parse an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} must be at least 1")
    return value
