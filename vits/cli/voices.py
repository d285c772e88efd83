"""``vits voices``: list, search, download and remove voices of the hub."""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from vits.errors import VoiceError

if TYPE_CHECKING:
    from vits.hub.client import Hub
    from vits.hub.names import VoiceName

__all__ = ["add_parser", "run"]

MOST = 50  # repositories that a search shows


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "voices",
        help="list, search, download and remove voices of the Hugging Face hub",
        description="Without options: list the voices that are cached, with language, sample rate, "
        "speakers, size and licence. A name is owner/name, hf://owner/name@revision or one of "
        "Piper's, e.g. en_US-lessac-medium; every command that takes a voice takes it.",
        epilog="vits say 'Hello.' -o hello.wav --voice en_US-lessac-medium",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--search",
        nargs="?",
        const="",
        metavar="TEXT",
        help="list the voices of Piper's catalogue and of the hub whose names have this text",
    )
    parser.add_argument(
        "--language", metavar="CODE", help="list only this language, e.g. de or de_DE"
    )
    parser.add_argument("--download", metavar="NAME", help="download a voice")
    parser.add_argument("--remove", metavar="NAME", help="remove a voice from the cache")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List, download or remove voices.

    Raises:
        VitsError: the hub does not answer, or there is no such voice.
    """
    from vits.interop.named import named_voice, remove_voice

    if args.download:
        print(named_voice(_name(args.download)))
    if args.remove:
        print(f"removed {remove_voice(_name(args.remove))}")
    if args.search is not None:
        _search(args.search, args.language)
    elif not args.download and not args.remove:
        _list_cached(args.language)
    return 0


def _name(text: str) -> "VoiceName":
    from vits.hub.names import parse_name

    name = parse_name(text)
    if name is None:
        raise VoiceError(f"{text} is no name of a voice; write owner/name or en_US-lessac-medium")
    return name


def _list_cached(language: str | None) -> None:
    from vits.interop.named import cached_voices
    from vits.synthesis.bundle.description import VoiceDescription
    from vits.synthesis.bundle.schema import checked, read_json
    from vits.synthesis.bundle.voice_bundle import CARD, CONFIG

    for name, revision, folder in cached_voices():
        parts = {**read_json(folder / CONFIG), "card": read_json(folder / CARD)}
        voice = checked(folder, partial(VoiceDescription, parts))
        code, config = voice.frontend.config.language, voice.config
        if _fits(code, language):
            size = sum(file.stat().st_size for file in folder.iterdir())
            print(
                f"{name}@{revision}: {code}, {config.audio.sample_rate} Hz, "
                f"{_count(config.n_speakers)}, {_megabytes(size)}, "
                f"{voice.card.licence or 'licence not stated'}"
            )


def _search(text: str, language: str | None) -> None:
    from vits.hub.catalogue import read_catalogue
    from vits.hub.client import connect

    hub = connect("a search for voices")
    for entry in read_catalogue(hub):
        if text.lower() in entry.name.lower() and _fits(entry.language, language):
            print(
                f"{entry.name}: {entry.language}, {entry.quality}, {_count(entry.speakers)}, "
                f"{_megabytes(entry.size)}"
            )
    for line in _repositories(hub, text, language) if text else ():
        print(line)


def _repositories(hub: "Hub", text: str, language: str | None) -> list[str]:
    """Return a line for each repository of the hub with VITS models."""
    tags = ["vits", *([language.partition("_")[0]] if language else [])]

    def request() -> list[str]:
        found = hub.api.list_models(search=text, filter=tags, limit=MOST)
        return [f"{model.id}: {_licence(model.tags or ())}" for model in found]

    return hub.ask(f"a search for {text}", request)


def _licence(tags: "list[str] | tuple[str, ...]") -> str:
    named = [tag.removeprefix("license:") for tag in tags if tag.startswith("license:")]
    return named[0] if named else "licence not stated"


def _fits(code: str, wanted: str | None) -> bool:
    """Return whether a code is, or belongs to, a language: ``de`` has ``de-de`` and ``de_DE``."""
    code = code.split(" ")[0].lower().replace("_", "-")
    wanted = (wanted or "").lower().replace("_", "-")
    return not wanted or code == wanted or code.startswith(f"{wanted}-")


def _count(speakers: int) -> str:
    return "1 speaker" if speakers == 1 else f"{speakers} speakers"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
