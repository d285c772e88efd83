"""``vits prepare``: convert a corpus to a folder of training data."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.cli.prepare_flags import add_audio, add_corpus, add_limits, add_text, add_work
from vits.cli.voice_settings import add_like, apply_like
from vits.errors import DataError, MissingFileError

if TYPE_CHECKING:
    from vits.config import FrontendConfig
    from vits.data.corpora import Corpus
    from vits.data.prepare.options import PrepareConfig
    from vits.data.prepared.manifest import Row
    from vits.synthesis import VoiceBundle
    from vits.text.frontend import Frontend

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Check, resample and phonemize a corpus, and write a folder of training data.
Run the same command again to resume an interrupted preparation. The report at the end counts
all rows (kept + rejected = input) and gives a reason for every rejected one."""

_EXAMPLES = """examples:
  vits prepare LJSpeech-1.1 -o prepared/ljspeech --workers 8
  vits prepare VCTK-Corpus-0.92 -o prepared/vctk --trim 40 --language en-gb
  vits prepare corpus -o shared/prepared --shard 3/16     (on machine 3 of 16)
"""


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "prepare",
        help="check, resample and phonemize a corpus",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_corpus(parser)
    add_audio(parser)
    add_text(parser)
    add_limits(parser)
    add_work(parser)
    add_like(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prepare a corpus and print the report.

    Raises:
        VitsError: the corpus, the voice of ``--like`` or an option is invalid.
    """
    from vits.audio.speaker_encoders.encoder import open_encoder
    from vits.data.corpora import open_corpus
    from vits.data.prepare.chunks import parse_shard
    from vits.data.prepare.pipeline import prepare
    from vits.data.prepare.speaker_vectors import compute_speaker_vectors

    shard = parse_shard(args.shard)
    encoder = None if args.speaker_vectors is None else open_encoder(args.speaker_vectors)
    voice = apply_like(args)
    config = _config(args)
    _check_folder(args.output, args.source)
    corpus = open_corpus(
        args.source,
        format=args.format,
        table=args.table,
        audio_dir=args.audio_dir,
        microphone=args.mic,
    )
    rows = list(corpus.rows)[: args.limit]
    frontend = _frontend(args, voice)
    rows = _with_language(rows, args, frontend)
    with _ProgressBar(args.progress) as bar:
        outcome = prepare(
            rows,
            args.output,
            config,
            frontend,
            workers=args.workers,
            shard=shard,
            merge=args.merge,
            keep_chunks=args.keep_chunks,
            progress=bar,
        )
    print(_layout(corpus, rows))
    if outcome.report is None:
        print(
            f"shard {args.shard} is done; {outcome.missing} of {outcome.chunks} chunks are missing "
            f"in {args.output / 'chunks'}; the last shard or --merge will assemble the folder"
        )
        return 0
    print(outcome.report.text())
    if encoder is not None:
        with _ProgressBar(args.progress) as bar:
            found = compute_speaker_vectors(args.output, encoder, bar)
        print(
            f"speaker vectors: {found.utterances} of {encoder.name}, {found.mean} of them too "
            "short for the encoder and given their speaker's mean"
        )
    print(f"\nprepared: {args.output}")
    return 0


def _layout(corpus: "Corpus", rows: "list[Row]") -> str:
    """Return one line on how the corpus was read."""
    speakers = {row.speaker for row in rows} - {""}
    folders = sorted({str(Path(row.audio).parent) for row in rows})
    where = folders[0] if len(folders) == 1 else f"{len(folders)} folders"
    named = f"{len(speakers)} speakers" if len(speakers) != 1 else f"speaker {min(speakers)}"
    return (
        f"layout {corpus.layout}: {corpus.description}; {len(rows)} rows, "
        f"{named if speakers else 'no speaker named'}, recordings in {where}"
    )


def _config(args: argparse.Namespace) -> "PrepareConfig":
    """Build the configuration of the preparation."""
    from vits.config import AudioConfig
    from vits.data.prepare.options import PrepareConfig, RecordingLimits

    audio = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "f_min", "f_max")
    limits = (
        "segment_frames",
        "min_seconds",
        "max_seconds",
        "max_clipped",
        "max_deviation",
        "allow_upsampling",
    )
    return PrepareConfig(
        audio=AudioConfig(**{name: getattr(args, name) for name in audio}),
        limits=RecordingLimits(
            silence_dbfs=args.silence, **{name: getattr(args, name) for name in limits}
        ),
        trim_db=args.trim,
        loudness_dbfs=args.loudness,
        pitch=args.pitch,
        unknown=args.unknown or ("extend" if _collects_characters(args) else "reject"),
    )


def _collects_characters(args: argparse.Namespace) -> bool:
    """Return whether the symbol table is built from the characters of the corpus."""
    return args.backend == "graphemes" and args.symbols is None


def _frontend(args: argparse.Namespace, voice: "VoiceBundle | None") -> "Frontend":
    """Build the front end; symbols and lexicon default to those of the voice."""
    from vits.config import FrontendConfig
    from vits.text.frontend import Frontend
    from vits.text.lexicon import read_lexicon
    from vits.text.symbols import PAD, SymbolTable

    base = FrontendConfig() if voice is None else voice.frontend.config
    config = FrontendConfig(
        backend=args.backend,
        language=args.languages[0][1] if args.languages else args.language,
        languages=args.languages,
        normalize=not args.no_normalize,
        stress=not args.no_stress,
        blanks=not args.no_blanks,
        blank=base.blank,
        bos_eos=base.bos_eos,
        **(_reading(base) if args.no_normalize and args.backend == base.backend else {}),
    )
    if args.symbols is not None:
        symbols = SymbolTable.from_list(_read_symbols(args.symbols))
    elif voice is not None:
        symbols = voice.frontend.symbols
    else:
        symbols = SymbolTable((PAD,)) if _collects_characters(args) else SymbolTable.default()
    lexicon = None if voice is None else voice.frontend.lexicon
    if args.lexicon is not None:
        lexicon = read_lexicon(args.lexicon)
    return Frontend(config, symbols, lexicon)


def _reading(base: "FrontendConfig") -> dict[str, Any]:
    """Return how a voice reads a text that is not normalised."""
    return {key: getattr(base, key) for key in ("clauses", "clusters", "clean", "romanize")}


def _with_language(
    rows: "list[Row]", args: argparse.Namespace, frontend: "Frontend"
) -> "list[Row]":
    """Set the language of rows without one to ``--language``, for a multilingual corpus."""
    from vits.text.language_ids import find_language

    languages = frontend.config.languages
    if not languages or args.language is None:
        return rows
    find_language(languages, args.language)
    return [replace(row, language=row.language or args.language) for row in rows]


def _read_symbols(path: Path) -> list[str]:
    """Read a symbol table.

    Raises:
        MissingFileError: the file does not exist.
        DataError: the file is not a JSON list.
    """
    if not path.is_file():
        raise MissingFileError(f"symbols {path} does not exist; name a JSON list of strings")
    try:
        symbols = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"symbols {path} is not JSON ({error}); write a list of strings") from error
    if not isinstance(symbols, list):
        raise DataError(f"symbols {path} holds a {type(symbols).__name__}; write a list of strings")
    return symbols


def _check_folder(output: Path, source: Path) -> None:
    """Check that the output is not the folder of the corpus.

    Raises:
        DataError: it is.
    """
    folder = source if source.is_dir() else source.parent
    if output.resolve() == folder.resolve():
        raise DataError(f"output {output} is the folder of the corpus; choose another one")


class _ProgressBar:
    """Progress bar on standard error that appears with the first update."""

    def __init__(self, forced: bool | None) -> None:
        self._show = sys.stderr.isatty() if forced is None else forced
        self._bar: Any = None

    def __enter__(self) -> "_ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int) -> None:
        if not self._show:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, unit="row", file=sys.stderr)
        self._bar.update(done - self._bar.n)
