"""``vits prepare --like VOICE``: the settings of a voice where no flag says otherwise."""

import argparse
from typing import TYPE_CHECKING, Any

from vits.cli.base_voice import read_bundle

if TYPE_CHECKING:
    from vits.synthesis import VoiceBundle

__all__ = ["add_like", "settle"]

_AUDIO = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "f_min", "f_max")
_TEXT = ("backend", "language", "languages", "no_normalize", "no_stress", "no_blanks")
_FLAGS = (*_AUDIO, *_TEXT, "segment_frames", "unknown")
_NOT_GIVEN = object()


def add_like(parser: argparse.ArgumentParser) -> None:
    """Add ``--like`` to a parser that has the other flags; those of a voice tell if given."""
    parser.add_argument_group("fine-tuning").add_argument(
        "--like",
        metavar="VOICE",
        help="prepare for `vits finetune VOICE`: waves, text, symbols and lexicon as this voice's "
        "(a voice folder, a checkpoint or the folder of a run) where no flag says otherwise, and "
        "its symbols extended by those that it lacks",
    )
    defaults = {name: parser.get_default(name) for name in _FLAGS}
    parser.set_defaults(like_defaults=defaults, **dict.fromkeys(_FLAGS, _NOT_GIVEN))


def settle(args: argparse.Namespace) -> "VoiceBundle | None":
    """Give every flag that was not given the voice's value, or else its default.

    Returns:
        The voice of ``--like``, if there is one.

    Raises:
        VitsError: it cannot be read.
    """
    bundle = None if args.like is None else read_bundle(args.like)
    values = {**args.like_defaults, **({} if bundle is None else _of(bundle))}
    unnamed = args.language is _NOT_GIVEN
    for name, value in values.items():
        if getattr(args, name) is _NOT_GIVEN:
            setattr(args, name, value)
    if unnamed and args.languages:
        args.language = None  # the rows must tell
    return bundle


def _of(bundle: "VoiceBundle") -> dict[str, Any]:
    """Return a voice's settings as flags."""
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
