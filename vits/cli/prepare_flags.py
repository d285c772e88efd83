"""The flags of ``vits prepare``; every default is that of its dataclass."""

import argparse
from pathlib import Path

__all__ = ["add_audio", "add_corpus", "add_limits", "add_text", "add_work"]


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Add what says where the corpus is and where the result goes."""
    from vits.data.corpora import LAYOUTS

    group = parser.add_argument_group("corpus")
    group.add_argument("source", type=Path, metavar="SOURCE", help="folder or table of the corpus")
    group.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="the prepared folder"
    )
    group.add_argument(
        "--format",
        choices=("auto", *LAYOUTS),
        default="auto",
        help="layout of the corpus (default: auto, recognise it)",
    )
    group.add_argument("--table", metavar="NAME", help="table inside SOURCE, e.g. train.csv")
    group.add_argument(
        "--audio-dir", type=Path, metavar="DIR", help="folder the table's recordings are in"
    )
    group.add_argument("--mic", type=int, choices=(1, 2), help="microphone of VCTK (default: 1)")
    group.add_argument("--limit", type=_count, metavar="N", help="only the first N rows")


def add_audio(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``AudioConfig`` and what else happens to waves."""
    from vits.config import AudioConfig

    base = AudioConfig()
    group = parser.add_argument_group("waves")
    for name, about in (
        ("sample_rate", "samples per second (Hz)"),
        ("n_fft", "length of the Fourier transform (samples)"),
        ("win_length", "length of the window (samples)"),
        ("hop_length", "step between frames (samples)"),
        ("n_mels", "mel bands"),
    ):
        _number(group, name, int, getattr(base, name), about)
    _number(group, "f_min", float, base.f_min, "lowest mel frequency (Hz)")
    _number(group, "f_max", float, base.f_max, "highest mel frequency (Hz)", "half the sample rate")
    _number(group, "trim", float, None, "cut silence this far below the loudest (dB)", "keep it")
    _number(
        group, "loudness", float, None, "bring every recording to this level (dBFS)", "keep levels"
    )


def add_text(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``FrontendConfig`` and its tables."""
    from vits.config import FrontendConfig

    base = FrontendConfig()
    group = parser.add_argument_group("text")
    group.add_argument(
        "--language",
        default=base.language,
        help=f"espeak-ng code of the language (default: {base.language}); with --languages: the "
        "name of the language of rows that name none",
    )
    group.add_argument(
        "--languages",
        type=_names_and_codes,
        default=base.languages,
        metavar="NAME=CODE,...",
        help="for one voice of several languages: what the corpus calls each, and its espeak-ng "
        "code, e.g. en=en-us,fr=fr-fr",
    )
    group.add_argument(
        "--backend",
        choices=("espeak", "graphemes"),
        default=base.backend,
        help=f"phonemes of espeak-ng, or the characters themselves (default: {base.backend})",
    )
    group.add_argument("--no-normalize", action="store_true", help="leave numbers and such alone")
    group.add_argument("--no-stress", action="store_true", help="drop espeak-ng's stress marks")
    group.add_argument("--no-blanks", action="store_true", help="no blank between symbols")
    group.add_argument("--lexicon", type=Path, metavar="FILE", help="words and their phonemes")
    group.add_argument(
        "--symbols",
        type=Path,
        metavar="FILE",
        help="symbol table, a JSON list whose first entry is the blank (default: the original's; "
        "with graphemes: the characters of the corpus)",
    )
    group.add_argument(
        "--unknown",
        choices=("reject", "drop", "extend"),
        help="what becomes of symbols that the table lacks: reject the row, drop them, or extend "
        "the table by them (default: reject; extend with graphemes and no --symbols)",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``RecordingLimits``."""
    from vits.data.prepare.options import RecordingLimits

    base = RecordingLimits()
    group = parser.add_argument_group("limits")
    _number(group, "segment_frames", int, base.segment_frames, "shortest recording (frames)")
    _number(group, "min_seconds", float, base.min_seconds, "shortest recording (s)")
    _number(group, "max_seconds", float, base.max_seconds, "longest recording (s)")
    _number(group, "max_clipped", float, base.max_clipped, "fraction of samples at full scale")
    _number(group, "silence", float, base.silence_dbfs, "less power is silence (dBFS)")
    _number(
        group,
        "max_deviation",
        float,
        base.max_deviation,
        "distance of the duration for each phoneme from the median; 0: do not compare",
    )
    group.add_argument(
        "--allow-upsampling", action="store_true", help="accept lower sample rates than the target"
    )


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add how the work is done."""
    group = parser.add_argument_group("work")
    group.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="processes (default: 1)"
    )
    group.add_argument(
        "--shard", default="1/1", metavar="I/N", help="do only the I-th of N shares, I from 1"
    )
    group.add_argument(
        "--merge", action="store_true", help="only assemble: all shards are in DIR/chunks"
    )
    group.add_argument(
        "--keep-chunks", action="store_true", help="keep DIR/chunks, for a corpus that changes"
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
    about: str,
    instead: str = "",
) -> None:
    """Add a flag that takes a number; ``instead`` describes a default of None."""
    group.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=default,
        metavar="N" if kind is int else "X",
        help=f"{about} (default: {instead or default})".replace("%", "%%"),
    )


def _names_and_codes(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``en=en-us,fr``; a name alone is its own code."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    if not all(name.strip() for name, _, _ in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} must be like 'en=en-us,fr=fr-fr'")
    return tuple((name.strip(), code.strip() or name.strip()) for name, _, code in pairs)


def _count(text: str) -> int:
    """Read a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} must be at least 1")
    return value
