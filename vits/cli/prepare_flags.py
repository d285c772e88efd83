"""Flags of ``vits prepare``; the defaults are those of the configuration dataclasses."""

import argparse
from pathlib import Path

__all__ = ["add_audio", "add_corpus", "add_limits", "add_text", "add_work"]


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Add the flags of input and output."""
    from vits.data.corpora import LAYOUTS

    group = parser.add_argument_group("corpus")
    group.add_argument(
        "source", type=Path, metavar="SOURCE", help="folder or metadata table of the corpus"
    )
    group.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write"
    )
    group.add_argument(
        "--format",
        type=_format,
        default="auto",
        metavar="NAME",
        help=f"layout of the corpus: {', '.join(LAYOUTS)}, or the columns of a table in order, "
        "e.g. 'audio|speaker|text' with - for those to skip (default: auto, detect it)",
    )
    group.add_argument(
        "--table", metavar="NAME", help="metadata table inside SOURCE, e.g. train.csv"
    )
    group.add_argument(
        "--audio-dir", type=Path, metavar="DIR", help="folder with the recordings of the table"
    )
    group.add_argument("--mic", type=int, choices=(1, 2), help="microphone of VCTK (default: 1)")
    group.add_argument("--limit", type=_count, metavar="N", help="use only the first N rows")


def add_audio(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``AudioConfig``, trimming and loudness."""
    from vits.config import AudioConfig

    base = AudioConfig()
    group = parser.add_argument_group("audio")
    for name, help in (
        ("sample_rate", "sample rate (Hz)"),
        ("n_fft", "FFT size (samples)"),
        ("win_length", "window length (samples)"),
        ("hop_length", "hop length (samples)"),
        ("n_mels", "number of mel bands"),
    ):
        _number(group, name, int, getattr(base, name), help)
    _number(group, "f_min", float, base.f_min, "minimum mel frequency (Hz)")
    _number(group, "f_max", float, base.f_max, "maximum mel frequency (Hz)", "half the sample rate")
    _number(
        group,
        "trim",
        float,
        None,
        "trim parts at both ends that are this far below the peak (dB)",
        "off",
    )
    _number(group, "loudness", float, None, "normalize recordings to this level (dBFS)", "off")
    group.add_argument(
        "--pitch",
        action="store_true",
        help="measure F0 and voicing of every frame, for models with pitch (needs swift-f0)",
    )
    group.add_argument(
        "--speaker-vectors",
        nargs="?",
        const="resemblyzer",
        metavar="ENCODER",
        help="compute who speaks in every utterance, for models with speaker_vectors, by "
        "resemblyzer (needs the extra speakers) or an .onnx file (resemblyzer)",
    )


def add_text(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``FrontendConfig``, the lexicon and the symbol table."""
    from vits.config import FrontendConfig

    base = FrontendConfig()
    group = parser.add_argument_group("text")
    group.add_argument(
        "--language",
        default=base.language,
        help=f"espeak-ng code of the language (default: {base.language}); with --languages: the "
        "language name of rows that do not state theirs",
    )
    group.add_argument(
        "--languages",
        type=_parse_languages,
        default=base.languages,
        metavar="NAME=CODE,...",
        help="languages of a multilingual voice: their names in the corpus and their espeak-ng "
        "codes, e.g. en=en-us,fr=fr-fr",
    )
    group.add_argument(
        "--backend",
        choices=("espeak", "graphemes"),
        default=base.backend,
        help=f"espeak-ng phonemes, or characters (default: {base.backend})",
    )
    group.add_argument(
        "--no-normalize",
        action="store_true",
        help="do not expand numbers, abbreviations and symbols",
    )
    group.add_argument("--no-stress", action="store_true", help="remove stress marks")
    group.add_argument(
        "--no-blanks", action="store_true", help="do not insert blanks between symbols"
    )
    group.add_argument("--lexicon", type=Path, metavar="FILE", help="pronunciation lexicon")
    group.add_argument(
        "--symbols",
        type=Path,
        metavar="FILE",
        help="symbol table: a JSON list that starts with the blank (default: that of the original "
        "code; with graphemes, the characters of the corpus)",
    )
    group.add_argument(
        "--unknown",
        choices=("reject", "drop", "extend"),
        help="unknown symbols: reject the row, drop the symbols, or extend the table (default: "
        "reject; extend with graphemes and no --symbols)",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``RecordingLimits``."""
    from vits.data.prepare.options import RecordingLimits

    base = RecordingLimits()
    group = parser.add_argument_group("limits")
    _number(
        group, "segment_frames", int, base.segment_frames, "minimum length of a recording (frames)"
    )
    _number(group, "min_seconds", float, base.min_seconds, "minimum length of a recording (s)")
    _number(group, "max_seconds", float, base.max_seconds, "maximum length of a recording (s)")
    _number(group, "max_clipped", float, base.max_clipped, "maximum fraction of clipped samples")
    _number(
        group, "silence", float, base.silence_dbfs, "recordings below this level are silent (dBFS)"
    )
    _number(
        group,
        "max_deviation",
        float,
        base.max_deviation,
        "maximum deviation of the duration per phoneme from the median; 0: off",
    )
    group.add_argument(
        "--allow-upsampling",
        action="store_true",
        help="accept recordings below the target sample rate",
    )


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add the flags of workers, shards and progress."""
    group = parser.add_argument_group("processing")
    group.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="number of processes (default: 1)"
    )
    group.add_argument(
        "--shard", default="1/1", metavar="I/N", help="process only shard I of N, counted from 1"
    )
    group.add_argument(
        "--merge",
        action="store_true",
        help="only assemble the folder from the finished shards in DIR/chunks",
    )
    group.add_argument(
        "--keep-chunks", action="store_true", help="keep DIR/chunks, to add to the corpus later"
    )
    group.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show a progress bar (default: on a terminal)",
    )


def _number(
    group: argparse._ArgumentGroup,
    name: str,
    kind: type,
    default: float | None,
    help: str,
    default_text: str = "",
) -> None:
    """Add a numeric flag; ``default_text`` describes a default of None."""
    group.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=default,
        metavar="N" if kind is int else "X",
        help=f"{help} (default: {default_text or default})".replace("%", "%%"),
    )


def _parse_languages(text: str) -> tuple[tuple[str, str], ...]:
    """Parse ``en=en-us,fr``; a name without a code is its own code."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    if not all(name.strip() for name, _, _ in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} must be like 'en=en-us,fr=fr-fr'")
    return tuple((name.strip(), code.strip() or name.strip()) for name, _, code in pairs)


def _format(text: str) -> str:
    """Check the name of a layout or a list of columns."""
    from vits.data.corpora import LAYOUTS

    if text not in ("auto", *LAYOUTS) and not set("|,;") & set(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be auto, one of {', '.join(LAYOUTS)}, or columns like "
            "'audio|speaker|text'"
        )
    return text


def _count(text: str) -> int:
    """Parse an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} must be at least 1")
    return value
