"""Flags of commands that load a voice: device, precision, and the speaking options.

The flags of the speaking settings are generated from ``SETTINGS``.
"""

import argparse
from typing import TYPE_CHECKING, TypeVar, cast

from vits.errors import VoiceError
from vits.synthesis.request import OPTION_HELP
from vits.synthesis.runtime.precision import PRECISIONS
from vits.synthesis.settings import SETTINGS

if TYPE_CHECKING:
    from vits.synthesis.request import Options
    from vits.synthesis.settings import SettingsDict

__all__ = [
    "add_device",
    "add_options",
    "add_precision",
    "add_runtime",
    "add_settings",
    "given_settings",
    "read_options",
]

K = TypeVar("K")
_BY_INDEX = ("word_seconds", "phoneme_seconds", "word_pitch", "phoneme_pitch")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device", default="cpu", help="where to compute, e.g. cpu or cuda (%(default)s)"
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Add ``--precision`` for one voice."""
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="precision of prior flow and decoder; bf16 is faster on CPUs with instructions for "
        "it, which auto detects (%(default)s)",
    )


def add_runtime(parser: argparse.ArgumentParser) -> None:
    """Add ``--runtime``."""
    parser.add_argument(
        "--runtime",
        choices=("onnx", "torch"),
        help="what computes the voice (ONNX Runtime for a voice with graphs, as the included one, "
        "in fp32 on the CPU where it is installed; else PyTorch)",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every speaking setting."""
    group = parser.add_argument_group("speaking settings", "default: the voice's own values")
    for name, setting in SETTINGS.items():
        text = f"{setting.help} ({setting.range})"
        if setting.per_mark:
            group.add_argument(
                _flag(name),
                type=_mark_and_seconds,
                action="append",
                metavar="MARK=SECONDS",
                help=f"{text}, e.g. '?=0.5'; may be repeated",
            )
        else:
            metavar = setting.unit.upper() or "X"
            group.add_argument(_flag(name), type=float, metavar=metavar, help=text)


def given_settings(args: argparse.Namespace) -> "SettingsDict":
    """Return the settings that the flags of ``add_settings`` give; the others are None.

    Raises:
        VoiceError: a mark is given twice.
    """
    values = {name: getattr(args, name) for name in SETTINGS}
    for name, setting in SETTINGS.items():
        if setting.per_mark:
            values[name] = _to_mapping(name, values[name])
    return cast("SettingsDict", values)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the flags of everything that can be requested for one text."""
    add = parser.add_argument
    add("--speaker", help=f"{OPTION_HELP['speaker']} (the first)")
    add("--language", help=OPTION_HELP["language"])
    add("--seed", type=int, help=OPTION_HELP["seed"])
    add("--ssml", action="store_true", help=OPTION_HELP["ssml"])
    add(
        "--markup",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"{OPTION_HELP['markup']} (default)",
    )
    add("--seconds", type=float, help=OPTION_HELP["seconds"])
    for name in _BY_INDEX:
        unit = "SECONDS" if name.endswith("_seconds") else "SEMITONES"
        add(
            _flag(name),
            type=_index_and_number,
            action="append",
            metavar=f"INDEX={unit}",
            help=f"{OPTION_HELP[name]}, e.g. '3=0.9'; may be repeated; --timings FILE.json lists "
            "the words and phonemes",
        )
    add_settings(parser)


def read_options(args: argparse.Namespace, speakers: tuple[str, ...]) -> "Options":
    """Return the options that the flags of ``add_options`` give.

    Raises:
        VoiceError: an invalid mix of speakers, or a mark or an index that is given twice.
    """
    from vits.synthesis.speakers import parse_speaker

    return {
        **given_settings(args),
        "speaker": None if args.speaker is None else parse_speaker(speakers, args.speaker),
        "language": args.language,
        "markup": args.markup,
        "seed": args.seed,
        "seconds": args.seconds,
        "word_seconds": _to_mapping("word_seconds", args.word_seconds),
        "phoneme_seconds": _to_mapping("phoneme_seconds", args.phoneme_seconds),
        "word_pitch": _to_mapping("word_pitch", args.word_pitch),
        "phoneme_pitch": _to_mapping("phoneme_pitch", args.phoneme_pitch),
        "ssml": args.ssml,
    }


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _mark_and_seconds(value: str) -> tuple[str, float]:
    """Parse ``?=0.5``."""
    mark, seconds = value[:1], value[1:].removeprefix("=")
    try:
        return mark, float(seconds)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{value!r} must be like '?=0.5'") from error


def _index_and_number(value: str) -> tuple[int, float]:
    """Parse ``3=0.9``."""
    index, _, number = value.partition("=")
    try:
        return int(index), float(number)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{value!r} must be an index and a number, like '3=0.9'"
        ) from error


def _to_mapping(name: str, pairs: list[tuple[K, float]] | None) -> dict[K, float] | None:
    """Return the pairs of a repeated flag as a mapping; None if there are none.

    Raises:
        VoiceError: a key is given twice.
    """
    if not pairs:
        return None
    mapping: dict[K, float] = {}
    for key, number in pairs:
        if key in mapping:
            raise VoiceError(
                f"{_flag(name)} {key}={number:g} comes after {key}={mapping[key]:g}; give one"
            )
        mapping[key] = number
    return mapping
