"""``vits prepare --like VOICE``: use the settings of a voice as defaults."""

import argparse
from typing import TYPE_CHECKING, Any

from vits.cli.base_voice import read_bundle

if TYPE_CHECKING:
    from vits.synthesis import VoiceBundle

__all__ = ["add_like", "apply_like"]

_AUDIO = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "f_min", "f_max")
_TEXT = ("backend", "language", "languages", "no_normalize", "no_stress", "no_blanks")
_FLAGS = (*_AUDIO, *_TEXT, "segment_frames", "unknown")
_NOT_GIVEN = object()


def add_like(parser: argparse.ArgumentParser) -> None:
    """Add ``--like`` to a parser that has the other flags.

    The defaults of the flags that a voice can set are replaced by a marker, so that ``apply_like``
    can tell which flags were given.
    """
    parser.add_argument_group("fine-tuning").add_argument(
        "--like",
        metavar="VOICE",
        help="prepare data for `vits finetune VOICE`: audio, text, symbols and lexicon default to "
        "those of this voice (a voice folder, a checkpoint or the folder of a run), and missing "
        "symbols extend its table",
    )
    defaults = {name: parser.get_default(name) for name in _FLAGS}
    parser.set_defaults(like_defaults=defaults, **dict.fromkeys(_FLAGS, _NOT_GIVEN))


def apply_like(args: argparse.Namespace) -> "VoiceBundle | None":
    """Set every flag that was not given to the voice's value, or else to its default.

    Returns:
        The voice of ``--like``; None without ``--like``.

    Raises:
        VitsError: the voice cannot be read.
    """
    bundle = None if args.like is None else read_bundle(args.like)
    values = {**args.like_defaults, **({} if bundle is None else _flags_of(bundle))}
    no_language = args.language is _NOT_GIVEN
    for name, value in values.items():
        if getattr(args, name) is _NOT_GIVEN:
            setattr(args, name, value)
    if no_language and args.languages:
        args.language = None  # every row must state its language
    return bundle


def _flags_of(bundle: "VoiceBundle") -> dict[str, Any]:
    """Return the settings of a voice as values of flags."""
    model, text = bundle.generator.config, bundle.frontend.config
    return {
        **{name: getattr(model.audio, name) for name in _AUDIO},
        "segment_frames": model.segment_frames,
        "backend": text.backend,
        "language": text.language,
        "languages": text.languages,
        "no_normalize": not text.normalize,
        "no_stress": not text.stress,
        "no_blanks": not text.blanks,
        "unknown": "extend",
    }
