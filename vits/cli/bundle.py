"""``vits bundle``: make a voice folder of a training checkpoint."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import ConfigError, MissingFileError

if TYPE_CHECKING:
    from vits.synthesis import Card

__all__ = ["add_parser", "run"]

OPTIONS = {  # of speaking, and what they are
    "noise-scale": "variety of the sound",
    "noise-scale-duration": "variety of the rhythm",
    "length-scale": "factor on every duration",
    "sentence-silence": "pause between sentences (seconds)",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "bundle",
        help="make a voice folder of a training checkpoint",
        description="Make a voice folder of a training checkpoint.",
        epilog="Then: vits say 'Hello.' -o hello.wav --voice DIR",
        allow_abbrev=False,
    )
    parser.add_argument(
        "checkpoint", type=Path, help="a *.ckpt file, or the folder of a run: its newest is taken"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="the voice folder to write"
    )
    parser.add_argument("--name", default="", help="what to call the voice (the data's name)")
    parser.add_argument(
        "--licence", "--license", default="", help="terms of the voice, e.g. CC0-1.0"
    )
    parser.add_argument("--origin", default="", help="whose voice it is and who made it")
    parser.add_argument("--description", default="", help="one or two sentences for the reader")
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="JSON with more of the card: hardware, hours, commands, figures",
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="only what speaking needs, in half precision: no conversion, no fine-tuning",
    )
    parser.add_argument(
        "--no-ema", action="store_true", help="take the last weights, not their moving average"
    )
    for option, what in OPTIONS.items():
        text = f"{what} of this voice, unless a call says otherwise"
        parser.add_argument(f"--{option}", type=float, metavar="X", help=text)
    parser.add_argument("--force", action="store_true", help="replace the voice that DIR holds")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the voice and say what it is.

    Raises:
        MissingFileError: the checkpoint does not exist.
        CheckpointError: it is damaged, or no checkpoint of ``vits fit``.
        ConfigError: the card's file has something that cards have not.
        VoiceError: the folder is in use or cannot be written, or an option of speaking is out of
            its range.
    """
    from vits.synthesis import bundle_checkpoint, find_checkpoint, write_voice
    from vits.synthesis.bundle.weights import make_compact

    checkpoint = find_checkpoint(args.checkpoint)
    bundle = bundle_checkpoint(
        checkpoint,
        name=args.name,
        licence=args.licence,
        origin=args.origin,
        description=args.description,
        average=not args.no_ema,
    )
    given = {key: getattr(args, key) for key in (o.replace("-", "_") for o in OPTIONS)}
    bundle = dataclasses.replace(bundle, settings=bundle.settings.override(**given))
    if args.card is not None:
        bundle = dataclasses.replace(bundle, card=_complete(bundle.card, args.card))
    if args.compact:
        make_compact(bundle.generator)
    write_voice(args.output, bundle, force=args.force)
    card = bundle.card
    weights = "moving average" if card.averaged else "last weights"
    print(f"{args.output}: {card.name}, step {card.training_steps} ({weights}) of {checkpoint}")
    return 0


def _complete(card: "Card", path: Path) -> "Card":
    """Overwrite parts of a card with those in a JSON file."""
    from vits.config import from_dict, to_dict
    from vits.synthesis import Card

    if not path.is_file():
        raise MissingFileError(f"card {path} does not exist; check the path")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"card {path} is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"card {path} must be one JSON object with keys of a card")
    return from_dict(Card, to_dict(card) | values, "card")
