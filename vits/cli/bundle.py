"""``vits bundle``: make a voice folder from a training checkpoint."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.cli.output_paths import require_folder
from vits.cli.voice_flags import add_settings, given_settings
from vits.errors import ConfigError, MissingFileError, VoiceError

if TYPE_CHECKING:
    from vits.synthesis import Card, VoiceBundle

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "bundle",
        help="make a voice folder from a training checkpoint",
        description="Make a voice folder from a training checkpoint.",
        epilog="Then: vits say 'Hello.' -o hello.wav --voice DIR",
        allow_abbrev=False,
    )
    parser.add_argument(
        "checkpoint", type=Path, help="a *.ckpt file, or the folder of a run: its newest one"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="voice folder to write; FILE.safetensors writes the adapter of a run of vits finetune "
        "--lora",
    )
    parser.add_argument("--name", default="", help="name of the voice (that of the data)")
    parser.add_argument(
        "--licence", "--license", default="", help="licence of the voice, e.g. CC0-1.0"
    )
    parser.add_argument("--origin", default="", help="whose voice it is, and who made it")
    parser.add_argument("--description", default="", help="one or two sentences for readers")
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="JSON file with more of the card: hardware, hours, commands, figures",
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="keep only what synthesis needs, in half precision: no conversion, no fine-tuning",
    )
    parser.add_argument(
        "--no-ema",
        action="store_true",
        help="take the last weights, not their average",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing voice in DIR")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the voice, and print its name and checkpoint.

    Raises:
        MissingFileError: the checkpoint does not exist.
        CheckpointError: it is damaged, or not a checkpoint of ``vits fit``.
        ConfigError: the card's file has an unknown key.
        VoiceError: the folder is in use or cannot be written, or a setting is out of range.
    """
    from vits.synthesis import bundle_checkpoint, find_checkpoint, write_voice
    from vits.synthesis.bundle.from_checkpoint import load_checkpoint
    from vits.synthesis.bundle.weights import make_compact

    checkpoint = find_checkpoint(args.checkpoint)
    values = load_checkpoint(checkpoint)
    bundle = bundle_checkpoint(
        checkpoint,
        values=values,
        name=args.name,
        licence=args.licence,
        origin=args.origin,
        description=args.description,
        average=not args.no_ema,
    )
    if args.card is not None:
        bundle = dataclasses.replace(bundle, card=_complete(bundle.card, args.card))
    if args.output.suffix == ".safetensors":
        return _write_adapter(args, checkpoint, values, bundle)
    settings = bundle.settings.override(**given_settings(args))
    bundle = dataclasses.replace(bundle, settings=settings)
    if args.compact:
        make_compact(bundle.generator)
    write_voice(args.output, bundle, force=args.force)
    card = bundle.card
    weights = "moving average" if card.averaged else "last weights"
    print(f"{args.output}: {card.name}, step {card.training_steps} ({weights}) of {checkpoint}")
    return 0


def _write_adapter(
    args: argparse.Namespace, checkpoint: Path, values: dict[str, Any], bundle: "VoiceBundle"
) -> int:
    """Write the adapter of a run by low rank."""
    from vits.synthesis.bundle.from_checkpoint import adapter_of

    given = [name for name, value in given_settings(args).items() if value is not None]
    if given or args.compact:
        name = "compact" if args.compact else min(given)
        raise ConfigError(
            f"--{name.replace('_', '-')} has no effect on an adapter, which is {args.output}; "
            "name a folder for the voice"
        )
    if args.output.exists() and not args.force:
        raise VoiceError(f"{args.output} exists; add --force to replace it")
    require_folder(args.output)
    adapter_of(checkpoint, values, bundle).write(args.output)
    card = bundle.card
    print(f"{args.output}: adapter {card.name}, step {card.training_steps} of {checkpoint}")
    return 0


def _complete(card: "Card", path: Path) -> "Card":
    """Replace entries of a card by those of a JSON file."""
    from vits.config import from_dict, to_dict
    from vits.synthesis import Card

    if not path.is_file():
        raise MissingFileError(f"card {path} does not exist; check the path")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"card {path} is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"card {path} must be a JSON object with keys of a card")
    return from_dict(Card, to_dict(card) | values, "card")
