"""Compatibility with clients that were written for other servers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vits.errors import ConfigError
from vits.synthesis import OnnxVoice, Voice

__all__ = ["ClientOptions", "Selection", "plain_path", "plain_values", "select"]

OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
OPENAI_VOICES = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "onyx",
    "nova",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
_INTEGERS = ("seed", "sample_rate")
_SWITCHES = ("stream", "timings", "markup")
_CHOICES = ("response_format", "stream_format")
_TEXTS = ("model", "input", "voice", "language", "instructions")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 30  # characters
_OPENAI_MODEL = re.compile(rf"({'|'.join(OPENAI_MODELS)})(-\d{{4}}(-\d\d-\d\d)?)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ClientOptions:
    """Options for clients that were written for other servers.

    Attributes:
        aliases: names that clients may send as ``model`` or ``voice``, and the voice or
            ``voice/speaker`` that each means.
        lenient: ignore unknown keys of a request instead of refusing it.
        origins: web origins whose pages may use the server; ``*``: all.
        root_path: path at which a proxy shows the server, e.g. ``/tts``.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False
    origins: tuple[str, ...] = ()
    root_path: str = ""

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: the root path or an origin is malformed.
        """
        if self.root_path and not re.fullmatch(r"(/[\w.~-]+)+", self.root_path):
            raise ConfigError(
                f"root path {self.root_path!r} must be like /tts, without / at its end"
            )
        for origin in self.origins:
            if origin != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+", origin):
                raise ConfigError(f"origin {origin!r} must be * or like https://example.org")

    def check(self, voices: Mapping[str, Voice | OnnxVoice]) -> None:
        """Check that every alias names a voice.

        Raises:
            ConfigError: one does not.
        """
        for alias, name in self.aliases.items():
            if _listed(name, voices) is None:
                raise ConfigError(
                    f"alias {alias}={name}: there is no voice {name!r}; the voices are: "
                    f"{', '.join(voice_ids(voices))}"
                )


class Selection(NamedTuple):
    """The voice of a request.

    Attributes:
        voice: its name; None: the request names no voice of this server.
        speaker: what the request names as the speaker; None: the first.
        fallback: names of OpenAI's that the first voice or speaker stands in for.
    """

    voice: str | None
    speaker: str | None
    fallback: tuple[str, ...] = ()


def voice_ids(voices: Mapping[str, Voice | OnnxVoice]) -> list[str]:
    """Return every name that selects a voice: voices, and ``voice/speaker`` if it has several."""
    return [
        identifier
        for name, voice in voices.items()
        for identifier in (name, *(f"{name}/{speaker}" for speaker in voice.speakers))
    ]


def select(
    model: str,
    voice: str | None,
    voices: Mapping[str, Voice | OnnxVoice],
    aliases: Mapping[str, str],
) -> Selection:
    """Find the voice and the speaker that a request means.

    A name in ``voices`` comes before an alias, and an alias before OpenAI's names, for which the
    first voice and its first speaker stand in. ``voice`` may be any listed voice, whatever
    ``model`` is, unless the model has a speaker of that name.

    Args:
        model: key ``model`` of the request; empty if it has a ``voice`` only.
        voice: key ``voice`` of the request.
        voices: voices by name.
        aliases: see ``ClientOptions``.
    """
    fallback: list[str] = []
    chosen = _listed(aliases.get(model, model) if model not in voices else model, voices)
    if chosen is None and (_OPENAI_MODEL.fullmatch(model) or (voice and not model)):
        chosen = next(iter(voices)), None
        fallback += [model] * bool(model)
    name, speaker = chosen or (None, None)
    if voice is None:
        return Selection(name, speaker, tuple(fallback))
    speakers = voices[name].speakers if name else ()
    if voice in speakers:
        return Selection(name, voice, tuple(fallback))
    other = _listed(voice if voice in voices else aliases.get(voice, voice), voices)
    if other is not None:
        return Selection(*other)
    if name is None:
        return Selection(None, voice)
    if voice.lower() in OPENAI_VOICES:
        return Selection(name, speaker, (*fallback, voice))
    return Selection(name, voice, tuple(fallback))


def _listed(name: str, voices: Mapping[str, Voice | OnnxVoice]) -> tuple[str, str | None] | None:
    """Return voice and speaker of ``voice`` or ``voice/speaker``; None if there is none."""
    if name in voices:
        return name, None
    for voice in voices:
        speaker = name[len(voice) + 1 :]
        if name.startswith(f"{voice}/") and speaker in voices[voice].speakers:
            return voice, speaker
    return None


def plain_path(path: str, root_path: str = "") -> str:
    """Normalise a request path: undo what clients add or leave out when they join URLs.

    >>> plain_path("/tts//v1/v1/audio/speech/", "/tts"), plain_path("/audio/speech")
    ('/v1/audio/speech', '/v1/audio/speech')
    """
    path = re.sub("/{2,}", "/", path)
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        path = path[len(root_path) :]
    path = re.sub(r"^(/v1)+(?=/|$)", "/v1", path.rstrip("/") or "/")
    return f"/v1{path}" if re.match(r"/(audio|models)(/|$)", path) else path


def plain_values(values: dict[str, Any]) -> dict[str, Any]:
    """Normalise the values of a request.

    Forms and JSON writers of other languages send null, an empty text or an empty list for what is
    not set, 7.0 for the integer 7, numbers and switches as texts, and 1 for true.

    >>> plain_values({"speed": "1.0", "seed": 7.0, "stream": 1, "voice": "", "language": None})
    {'speed': 1.0, 'seed': 7, 'stream': True}
    """
    plain = {name: _plain_value(name, value) for name, value in values.items()}
    if plain.get("voice") and not plain.get("model"):
        plain["model"] = ""
    return {name: value for name, value in plain.items() if value is not None}


def _plain_value(name: str, value: Any) -> Any:
    """Return the value that a client means; None for a key that it leaves out."""
    if name not in ("model", "input") and value in ("", [], {}):
        return None
    if name == "voice" and type(value) is int:
        return str(value)
    if name in _CHOICES and isinstance(value, str):
        return value.strip().lower()
    if name in _TEXTS:
        return value
    if isinstance(value, str):
        value = _scalar(value.strip())
    if name in _SWITCHES and value in (0, 1):
        return bool(value)
    if name in _INTEGERS and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _scalar(text: str) -> str | int | float | bool:
    """Return the number or the switch that a text writes; else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
