"""``vits serve``: serve voices over HTTP with an OpenAI-compatible API."""

import argparse
import os
import sys
import warnings
from contextlib import ExitStack, suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from vits.cli.voice_flags import add_device, add_precision
from vits.errors import ConfigError, MissingExtraError, VitsError, VoiceError
from vits.memory import return_large_blocks
from vits.server.limits import ServerLimits

if TYPE_CHECKING:
    import socket

    from vits.synthesis import OnnxVoice, Voice

__all__ = ["add_parser", "run"]

KEY_VARIABLE = "VITS_API_KEY"
WYOMING = "127.0.0.1:10200"
# oneDNN caches compiled kernels for the last 1024 tensor shapes. Texts all differ in length, so
# in a server this cache grows for hours and is hardly ever hit.
ONEDNN_CACHE = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "serve",
        help="serve voices over HTTP: an OpenAI-compatible API and a web page",
        description="Serve voices over HTTP: an OpenAI-compatible API at /v1, a web page at /.",
        epilog="Only this machine can reach the server, unless --host is set.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "voices",
        nargs="*",
        metavar="VOICE",
        help="voice folders; clients select a voice by its folder name, or by NAME if given as "
        "NAME=FOLDER (default: the bundled English voice)",
    )
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add(
        "--port",
        type=int,
        default=8000,
        help="port to listen on; 0: any free port (default: %(default)s)",
    )
    add(
        "--api-key",
        metavar="KEY",
        help=f"bearer token that clients must send; better set in the variable {KEY_VARIABLE}, "
        "which other users of this machine cannot see",
    )
    add(
        "--wyoming",
        nargs="?",
        const=WYOMING,
        metavar="HOST:PORT",
        help="serve the voices to Home Assistant as well, with the Wyoming protocol, which has no "
        f"key (without a value: {WYOMING})",
    )
    _add_clients(parser)
    add_device(parser)
    add_precision(parser)
    for field in fields(ServerLimits):
        add(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            metavar="N",
            help=f"{field.metadata['help']} (default: {field.default:g})",
        )
    parser.set_defaults(run=run)


def _add_clients(parser: argparse.ArgumentParser) -> None:
    """Add the flags for clients of other servers, for browsers and for proxies."""
    add = parser.add_argument
    add(
        "--alias",
        action="append",
        default=[],
        metavar="NAME=VOICE",
        help="another name of a voice or of VOICE/SPEAKER; may be repeated",
    )
    add(
        "--lenient",
        action="store_true",
        help="ignore unknown keys of requests instead of refusing them",
    )
    add(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="web origin whose pages may use the server, e.g. https://example.org; *: all; may be "
        "repeated",
    )
    add(
        "--root-path",
        default="",
        metavar="PATH",
        help="path at which a proxy shows the server, e.g. /tts",
    )
    add(
        "--trust-proxy",
        nargs="?",
        const="127.0.0.1,::1",
        default="",
        metavar="ADDRESSES",
        help="proxies whose X-Forwarded-For names the client (without a value: this machine)",
    )


def run(args: argparse.Namespace) -> int:
    """Load the voices and serve until a stop signal.

    Raises:
        VitsError: a voice cannot be read, a value is out of range, or a package is missing.
        OSError: the address is not available.
    """
    limits = ServerLimits(
        **{field.name: getattr(args, field.name) for field in fields(ServerLimits)}
    )
    key = os.environ.get(KEY_VARIABLE) if args.api_key is None else args.api_key
    if key is not None and not key.strip():
        raise ConfigError("the API key is empty; set one, or leave it out")
    os.environ.setdefault(*ONEDNN_CACHE)  # read by torch at its first computation
    return_large_blocks()
    try:
        from vits.server.app import create_app
        from vits.server.clients import ClientOptions
        from vits.server.lifespan import is_local, listen, serve
    except ModuleNotFoundError as error:
        if (error.name or "vits").startswith("vits"):
            raise
        raise MissingExtraError.of("a server", error.name, "serve") from error
    clients = ClientOptions(
        aliases=_aliases(args.alias),
        lenient=args.lenient,
        origins=tuple(args.allow_origin),
        root_path=args.root_path,
    )
    with ExitStack() as stack:
        sock = stack.enter_context(listen(args.host, args.port))
        wyoming, wyoming_host = None, ""
        if args.wyoming is not None:
            require_wyoming()
            wyoming_host, port = _address(args.wyoming)
            wyoming = stack.enter_context(listen(wyoming_host, port))
        voices = _load(args.voices, args.device, args.precision)
        local = is_local(args.host)
        app = create_app(voices, limits, clients, api_key=key, local=local, wyoming=wyoming)
        if not local and key is None:
            warning = "anyone who can reach this machine can use the server; set --api-key"
            print(f"vits: warning: {warning}", file=sys.stderr)
        url = _url("http", args.host, sock)
        line = f"{url} serves {', '.join(voices)}; press Ctrl-C to stop"
        if wyoming is not None:
            line += f"\n{_url('wyoming', wyoming_host, wyoming)}"
        serve(app, sock, lambda: print(line, flush=True), trusted_proxies=args.trust_proxy)
    print("stopped")
    return 0


def require_wyoming() -> None:
    """Require the package of the Wyoming protocol.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import wyoming  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("--wyoming", "wyoming", "wyoming") from error


def _url(scheme: str, host: str, sock: "socket.socket") -> str:
    """Return the URL of a listening socket."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{sock.getsockname()[1]}"


def _address(text: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises:
        ConfigError: it is not of this form.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise ConfigError(f"--wyoming {text!r} must be HOST:PORT, e.g. {WYOMING}")
    return host.strip("[]"), int(port)


def _aliases(arguments: list[str]) -> dict[str, str]:
    """Read the arguments NAME=VOICE.

    Raises:
        ConfigError: one is not of this form.
    """
    pairs = [argument.partition("=") for argument in arguments]
    for argument, (name, _, voice) in zip(arguments, pairs, strict=True):
        if not name or not voice:
            raise ConfigError(f"alias {argument!r} must be like tts-1=kathleen")
    return {name: voice for name, _, voice in pairs}


def _load(arguments: list[str], device: str, precision: str) -> "dict[str, Voice | OnnxVoice]":
    """Load the voices given as FOLDER or NAME=FOLDER.

    Raises:
        VitsError: a voice cannot be read, or two have the same name.
    """
    from vits.interop.load import load
    from vits.synthesis.api import DEFAULT_VOICE

    voices: dict[str, Voice | OnnxVoice] = {}
    for argument in arguments or [str(DEFAULT_VOICE)]:
        name, _, folder = argument.rpartition("=")
        if name and Path(argument).exists():
            name, folder = "", argument
        name = name or Path(folder).resolve().name
        if name in voices:
            raise VoiceError(f"two voices are named {name}; rename one: OTHER={folder}")
        voices[name] = load(folder, device, precision)
        _speak_once(voices[name])
    return voices


def _speak_once(voice: "Voice | OnnxVoice") -> None:
    """Speak a word: the first text that a process speaks takes several times as long as others."""
    with warnings.catch_warnings(), suppress(VitsError):  # perhaps the voice has no such letters
        warnings.simplefilter("ignore")
        voice("Hello.", seed=0, language=next(iter(voice.languages), None))
