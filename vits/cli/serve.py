"""``vits serve``: voices behind HTTP, as OpenAI's clients ask for them."""

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from vits.cli.voice_flags import add_device, add_precision
from vits.errors import ConfigError, MissingExtraError, VoiceError
from vits.memory import return_large_blocks
from vits.server.limits import Limits

if TYPE_CHECKING:
    from vits.synthesis import OnnxVoice, Voice

__all__ = ["add_parser", "run"]

KEY_VARIABLE = "VITS_API_KEY"
# oneDNN keeps compiled kernels of the last 1024 shapes of tensors, and texts are all of other
# lengths: in a process that speaks for ever this memory grows for hours and is hardly used again.
KERNELS_KEPT = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "serve",
        help="speak over HTTP, for OpenAI's clients and for a browser",
        description="Speak over HTTP: an interface like OpenAI's at /v1, and a page at /.",
        epilog="Only this machine can reach the server unless --host says otherwise.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "voices",
        nargs="*",
        metavar="VOICE",
        help="voice folders, known to clients by their names; NAME=FOLDER gives another one "
        "(the English voice in the box)",
    )
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=8000, help="port to listen on; 0: any (%(default)s)")
    add(
        "--api-key",
        metavar="KEY",
        help=f"what clients have to send as a bearer token; better given in {KEY_VARIABLE}, "
        "which other users of the machine cannot see",
    )
    add_device(parser)
    add_precision(parser)
    for name, kind, text in (
        ("characters", int, "longest text of a request"),
        ("queue", int, "requests for whole files that may wait"),
        ("streams", int, "streams that may be open"),
        ("per-client", int, "requests of one address at once; 0: as many as fit"),
        ("batch", int, "texts spoken together, at most"),
        ("batch-characters", int, "all their characters, at most"),
        ("batch-wait", float, "milliseconds that a first text waits for others"),
        ("workers", int, "threads that speak"),
        ("timeout", float, "seconds until a wait is given up"),
        ("grace", float, "seconds for what runs when the server is told to stop"),
    ):
        default = getattr(Limits, name.replace("-", "_"))
        add(f"--{name}", type=kind, default=default, metavar="N", help=f"{text} (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Load the voices and serve until a signal comes.

    Raises:
        VitsError: a voice or a value is at fault, or a package is missing.
        OSError: the address cannot be listened on.
    """
    limits = Limits(**{field.name: getattr(args, field.name) for field in fields(Limits)})
    key = os.environ.get(KEY_VARIABLE) if args.api_key is None else args.api_key
    if key is not None and not key.strip():
        raise ConfigError("the API key is empty; give one, or leave it out")
    os.environ.setdefault(*KERNELS_KEPT)  # read when torch first computes
    return_large_blocks()
    try:
        from vits.server.app import create_app
        from vits.server.lifespan import is_local, listen, serve
    except ModuleNotFoundError as error:
        if (error.name or "vits").startswith("vits"):
            raise
        raise MissingExtraError.of("a server", error.name, "serve") from error
    with listen(args.host, args.port) as opened:
        voices = _load(args.voices, args.device, args.precision)
        local = is_local(args.host)
        app = create_app(voices, limits, api_key=key, local=local)
        shown = f"[{args.host}]" if ":" in args.host else args.host
        if not local and key is None:
            warn = "vits: warning: whoever reaches this machine may use the server; see --api-key"
            print(warn, file=sys.stderr)
        names = ", ".join(voices)
        line = f"http://{shown}:{opened.getsockname()[1]} speaks with {names}; Ctrl-C stops it"
        serve(app, opened, lambda: print(line, flush=True))
    print("stopped")
    return 0


def _load(named: list[str], device: str, precision: str) -> "dict[str, Voice | OnnxVoice]":
    """Load voices by name.

    Raises:
        VitsError: one cannot be read, or two have the same name.
    """
    from vits.synthesis import load
    from vits.synthesis.api import DEFAULT_VOICE

    voices: dict[str, Voice | OnnxVoice] = {}
    for given in named or [str(DEFAULT_VOICE)]:
        name, _, folder = given.rpartition("=")
        if name and Path(given).exists():
            name, folder = "", given
        name = name or Path(folder).resolve().name
        if name in voices:
            raise VoiceError(f"two voices are called {name}; give one as OTHER={folder}")
        voices[name] = load(folder, device, precision)
    return voices
