"""``vits merge``: average two voices, add the difference of two to a third, or an adapter."""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import ConfigError, VoiceError

if TYPE_CHECKING:
    from vits.synthesis import Card, VoiceBundle

__all__ = ["add_parser", "run"]

WEIGHT = 0.5
SIMILAR = 0.5  # cosine similarity of decoders below which voices have no common origin


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "merge",
        help="mix the weights of voices that were fine-tuned from one another",
        description=(
            "Write the voice (1 - W) A + W B, or with --minus C the voice A + W (B - C). The "
            "voices must have one shape, and should come from the same training. If B is an "
            "adapter of A, write A with it."
        ),
        epilog="Then: vits say 'Hello.' -o hello.wav --voice DIR",
        allow_abbrev=False,
    )
    parser.add_argument("a", metavar="A", help="a voice folder, checkpoint or folder of a run")
    parser.add_argument(
        "b",
        metavar="B",
        help="another voice of the same shape; or FILE.safetensors, an adapter of A from a run of "
        "vits finetune --lora",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="voice folder to write"
    )
    parser.add_argument("--weight", type=float, metavar="W", help=f"share of B (default: {WEIGHT})")
    parser.add_argument(
        "--part",
        action="append",
        default=[],
        metavar="PART=W",
        help="a separate weight for timbre, rhythm or expression; may be repeated",
    )
    parser.add_argument(
        "--minus", metavar="C", help="add the difference between B and this voice to A"
    )
    parser.add_argument("--name", default="", help="name of the voice (that of the folder)")
    parser.add_argument("--force", action="store_true", help="replace an existing voice in DIR")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the merged voice.

    Raises:
        MissingFileError: a voice does not exist.
        ConfigError: arguments exclude each other.
        VoiceError: the voices do not fit each other, or a weight is out of range.
    """
    from vits.cli.base_voice import read_bundle
    from vits.synthesis import write_voice
    from vits.synthesis.bundle.merge import add_difference, merge_voices

    if args.b.endswith(".safetensors"):
        return _add_adapter(args)
    parts = dict(_read_part(text) for text in args.part)
    weight = WEIGHT if args.weight is None else args.weight
    if parts and args.minus is not None:
        raise ConfigError("--part has no effect with --minus, which adds to the whole model")
    a, b = read_bundle(args.a), read_bundle(args.b)
    if args.minus is None:
        merged, others = merge_voices(a, b, weight, parts), [b]
        how = f"(1 - {weight:g}) A + {weight:g} B"
    else:
        minus = read_bundle(args.minus)
        merged, others = add_difference(a, b, minus, weight), [b, minus]
        how = f"A + {weight:g} (B - C)"
    _warn_if_unrelated(a, others)
    card = _card(a, others, args.name or args.output.name, how)
    write_voice(args.output, replace(merged, card=card), force=args.force)
    print(f"{args.output}: {card.name}, {card.origin}")
    return 0


def _add_adapter(args: argparse.Namespace) -> int:
    """Write A with an adapter."""
    from vits.cli.base_voice import read_bundle
    from vits.synthesis import write_voice
    from vits.synthesis.api import with_adapter

    given = {"--weight": args.weight, "--part": args.part or None, "--minus": args.minus}
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name} has no effect with the adapter {args.b}; leave it out")
    merged = with_adapter(read_bundle(args.a), args.b)
    card = replace(merged.card, name=args.name or args.output.name)
    write_voice(args.output, replace(merged, card=card), force=args.force)
    print(f"{args.output}: {card.name}, {card.origin}")
    return 0


def _read_part(text: str) -> tuple[str, float]:
    """Read ``PART=W``."""
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError:
        raise VoiceError(
            f"--part {text!r} must be a part and its weight, e.g. rhythm=0.2"
        ) from None


def _warn_if_unrelated(a: "VoiceBundle", others: "list[VoiceBundle]") -> None:
    """Warn if voices were trained independently: their average is noise."""
    from vits.synthesis.bundle.merge import decoder_similarity

    for other in others:
        if (similarity := decoder_similarity(a, other)) < SIMILAR:
            warnings.warn(
                f"{a.card.name} and {other.card.name} do not come from one training "
                f"(cosine similarity of their decoders {similarity:.2f}): expect noise; merge a "
                "voice with one that was fine-tuned from it",
                stacklevel=2,
            )


def _card(a: "VoiceBundle", others: "list[VoiceBundle]", name: str, how: str) -> "Card":
    """Return the card of a merged voice: the licences of all, and what it was made of."""
    from importlib.metadata import version

    from vits.synthesis import Card

    cards = [a.card, *(other.card for other in others)]
    licences = dict.fromkeys(card.licence for card in cards)
    named = ", ".join(f"{key} {card.name}" for key, card in zip("ABC", cards, strict=False))
    origins = dict.fromkeys(card.origin for card in cards if card.origin)
    return Card(
        name=name,
        licence="" if "" in licences else " and ".join(licences),
        origin=f"merged as {how} of {named}" + (f"; {'; '.join(origins)}" if origins else ""),
        description=a.card.description,
        vits_version=version("vits"),
    )
