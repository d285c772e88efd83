"""``vits push``: publish a voice folder on the Hugging Face hub."""

import argparse
from pathlib import Path

from vits.errors import VoiceError

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "push",
        help="publish a voice folder on the Hugging Face hub",
        description="Upload a voice folder and a model card made from its card.json. Recordings in "
        "its folder samples are played on the page. HF_TOKEN needs write access.",
        epilog="Then: vits say 'Hello.' -o hello.wav --voice OWNER/NAME",
        allow_abbrev=False,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a voice folder")
    parser.add_argument("repository", metavar="OWNER/NAME", help="where to publish it")
    parser.add_argument(
        "--private", action="store_true", help="create the repository for its owner only"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Publish the voice and print its address.

    Raises:
        VitsError: it is no voice folder, states no licence, or the hub refuses.
    """
    from vits.hub.client import connect
    from vits.hub.names import parse_name
    from vits.hub.publish import model_card, publish, sample_files
    from vits.synthesis.bundle.read import read_voice

    name = parse_name(f"hf://{args.repository}")
    if name is None or "@" in args.repository:
        raise VoiceError(f"{args.repository} must be OWNER/NAME")
    bundle = read_voice(args.folder)
    if not bundle.card.licence:
        raise VoiceError(
            f"{args.folder} states no licence, without which nobody may use it: set licence in "
            "its card.json"
        )
    samples = sample_files(args.folder)
    readme = model_card(
        bundle.card,
        bundle.generator.config.audio.sample_rate,
        bundle.frontend.config.language,
        bundle.speakers,
        samples,
    )
    hub = connect("vits push")
    print(publish(hub, args.folder, name.repository, readme, private=args.private))
    return 0
