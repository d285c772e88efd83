"""Parsing of ``POST /v1/audio/speech``: unknown keys and wrong types are errors.

The keys of the speaking settings are generated from ``vits.synthesis.settings``.
"""

import asyncio
import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import Request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    model_validator,
)
from starlette.requests import ClientDisconnect

from vits.errors import TextError, VoiceError
from vits.server.clients import ClientOptions, Selection, plain_values, select, voice_ids
from vits.server.errors import CLIENT_CLOSED_REQUEST, ApiError
from vits.server.formats import FORMATS, installed_formats
from vits.server.jobs import Job
from vits.server.limits import ServerLimits
from vits.synthesis import OnnxVoice, Voice
from vits.synthesis.request import OPTION_HELP, BatchOptions
from vits.synthesis.runtime.seeds import choose_seed
from vits.synthesis.settings import PITCH, SETTINGS, Setting, SettingsDict
from vits.synthesis.speakers import find_speaker
from vits.text.language_ids import find_language

__all__ = ["SpeechRequest", "make_job", "read_request", "validation_error"]

# A closed list, because the resampling filter of every pair of rates is cached.
SampleRate = Literal[8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
Finite = Annotated[float, Field(allow_inf_nan=False)]

# By unit, tighter than the ranges of the settings: a request must not ask for minutes of silence
# per sentence, or for noise that no voice was trained with.
_MAXIMA = {"seconds": 10.0, "": 2.0}


_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_CODECS = ("utf", "ascii", "iso8859", "cp125")  # not those whose time is not linear


class VoiceId(BaseModel):
    """A voice given as an object with an id, which OpenAI's API allows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(max_length=200)


class _BaseSpeechRequest(BaseModel):
    """The keys that are not speaking settings: first those of OpenAI's API, then our own."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str = Field(max_length=200, description="name of a voice, see /v1/models")
    input: str = Field(description="what to say")
    voice: str | VoiceId | None = Field(
        None, description="name or id of a speaker; the voice's own name selects its first speaker"
    )
    language: str | None = Field(
        None, max_length=200, description="language of the text; required if the voice has several"
    )
    instructions: str | None = Field(None, description="must be empty: not supported")
    response_format: str = Field("mp3", max_length=200, description=", ".join(FORMATS))
    speed: Finite = Field(
        1.0, ge=0.25, le=4.0, description="factor on the speaking rate: 2 is twice as fast"
    )
    stream_format: Literal["audio", "sse"] | None = Field(
        None, description="stream the response: as audio, or as server-sent events"
    )
    stream: bool | None = Field(
        None, description="true: stream_format audio, unless stream_format is given"
    )
    timings: bool = Field(
        False, description="add events with the timings of phonemes and words; needs sse"
    )
    markup: bool = Field(True, description=OPTION_HELP["markup"])
    sample_rate: SampleRate | None = Field(
        None, description="sample rate of the response (Hz); null: the voice's own"
    )
    seed: int | None = Field(
        None, ge=0, lt=2**63, description="seed; the same seed gives the same speech"
    )

    @model_validator(mode="before")
    @classmethod
    def read_plainly(cls, values: Any, info: ValidationInfo) -> Any:
        """Normalise what client libraries send; drop unknown keys if lenient."""
        if not isinstance(values, dict):
            return values
        given = plain_values(cast(dict[str, Any], values))
        if (info.context or {}).get("lenient"):
            given = {name: value for name, value in given.items() if name in cls.model_fields}
        return given

    @property
    def stream_kind(self) -> str | None:
        """Format of the stream, "audio" or "sse"; None: a complete file."""
        return self.stream_format or ("audio" if self.stream else None)

    @property
    def settings(self) -> dict[str, Any]:
        """The speaking settings of the request; None: the voice's own value."""
        return {name: getattr(self, name) for name in _REQUEST_SETTINGS}


# ``speed`` stands for length_scale, as in OpenAI's API.
_REQUEST_SETTINGS = {name: entry for name, entry in SETTINGS.items() if name != "length_scale"}


def _setting_field(setting: Setting) -> tuple[Any, Any]:
    """Return type and field of a speaking setting for the schema."""
    limit = min(setting.maximum, _MAXIMA.get(setting.unit, math.inf))
    number: Any = Annotated[float, Field(allow_inf_nan=False, ge=setting.minimum, le=limit)]
    unit = f" ({setting.unit})" if setting.unit else ""
    value = dict[str, number] if setting.per_mark else number
    return value | None, Field(None, description=setting.help + unit)


if TYPE_CHECKING:
    SpeechRequest = _BaseSpeechRequest
else:
    SpeechRequest = create_model(
        "SpeechRequest",
        __base__=_BaseSpeechRequest,
        __doc__="Body of ``POST /v1/audio/speech``.",
        **{name: _setting_field(setting) for name, setting in _REQUEST_SETTINGS.items()},
    )


async def read_request(
    request: Request, limits: ServerLimits, *, lenient: bool = False
) -> SpeechRequest:
    """Read and validate a request body; with ``lenient``, unknown keys are ignored.

    Raises:
        ApiError: 415 for a wrong content type, 413 for a body that is too large, 408 for one that
            arrives too slowly, 499 for one that does not arrive, 400 for invalid JSON or values.
    """
    content_type, _, parameters = request.headers.get("content-type", "").partition(";")
    content_type = content_type.strip().lower()
    # this also blocks HTML forms of other sites: for JSON, browsers send a preflight request
    if content_type != "application/json":
        raise ApiError(415, f"content-type {content_type[:50]!r} must be application/json")
    try:
        body = await asyncio.wait_for(_read_body(request, limits.body), limits.timeout)
    except ClientDisconnect:
        raise ApiError(CLIENT_CLOSED_REQUEST, "the client has disconnected") from None
    except asyncio.TimeoutError:
        message = f"the request body was not complete after {limits.timeout:g} s; send it faster"
        raise ApiError(408, message, code="slow_request") from None
    try:
        text = _utf8(body, parameters)
        return SpeechRequest.model_validate_json(text, context={"lenient": lenient})
    except ValidationError as error:
        raise validation_error(error) from None


def _utf8(body: bytes, parameters: str) -> bytes:
    """Return a JSON body in UTF-8 without a byte order mark, which some clients send.

    Args:
        body: the body.
        parameters: those of its content type, e.g. ``charset=utf-16``.

    Raises:
        ApiError: 415 for an unknown charset.
    """
    given = _CHARSET.search(parameters)
    try:
        codec = codecs.lookup(given[1]).name if given else json.detect_encoding(body)
        if not codec.startswith(_CODECS):
            raise LookupError(codec)
        if codec in ("utf-8", "ascii") and not body.startswith(codecs.BOM_UTF8):
            return body
        codec = "utf-8-sig" if codec == "utf-8" else codec
        return body.decode(codec).encode()
    except (LookupError, UnicodeError):
        message = "the charset of the request is unknown or wrong; send JSON in UTF-8"
        raise ApiError(415, message, code="invalid_charset") from None


def make_job(
    request: SpeechRequest,
    voices: Mapping[str, Voice | OnnxVoice],
    limits: ServerLimits,
    clients: ClientOptions,
) -> tuple[Job, tuple[str, ...]]:
    """Resolve voice, speaker, language and seed of a request.

    Returns:
        The job, and the names of OpenAI's that a voice or speaker stands in for.

    Raises:
        ApiError: 404 for an unknown voice, 413 for a text that is too long, 400 otherwise.
    """
    given = request.voice.id if isinstance(request.voice, VoiceId) else request.voice
    selection = select(request.model, given, voices, clients.aliases)
    name = _check_request(request, selection, voices, limits)
    voice = voices[name]
    job = Job(
        voice=name,
        text=request.input,
        seed=choose_seed(request.seed),
        options=BatchOptions(
            speaker=_find_speaker(selection, voice),
            language=_find_language(request, voice),
            markup=request.markup,
            **_checked_settings(request, voice),
        ),
    )
    return job, selection.fallback


def _check_request(
    request: SpeechRequest,
    selection: Selection,
    voices: Mapping[str, Voice | OnnxVoice],
    limits: ServerLimits,
) -> str:
    """Check what the schema cannot express; return the name of the voice."""
    if selection.voice is None:
        raise ApiError(
            404,
            f"there is no voice {request.model!r}; the voices are: {', '.join(voice_ids(voices))}",
            param="model",
            code="model_not_found",
        )
    if len(request.input) > limits.characters:
        raise ApiError(
            413,
            f"the text has {len(request.input):,} characters, at most {limits.characters:,} are "
            "allowed; split it, for example into paragraphs",
            param="input",
            code="text_too_long",
        )
    if not request.input.strip():
        raise ApiError(400, "the text is empty; write at least one word", param="input")
    if request.instructions and request.instructions.strip():
        raise ApiError(
            400,
            "instructions are not supported; leave the key out",
            param="instructions",
            code="unsupported_parameter",
        )
    _check_format(request.response_format)
    if request.timings and request.stream_kind != "sse":
        raise ApiError(
            400, 'timings need stream_format "sse"; set it, or leave timings out', param="timings"
        )
    return selection.voice


def _check_format(name: str) -> None:
    """Check that the server can write a format."""
    installed = ", ".join(installed_formats())
    if name not in FORMATS:
        message = f"format {name!r} is not one of {installed}"
        raise ApiError(400, message, param="response_format")
    if name not in installed_formats():
        raise ApiError(
            400,
            f"format {name!r} needs the program ffmpeg on the server; install it there, or choose "
            f"one of {installed}",
            param="response_format",
            code="unsupported_format",
        )


async def _read_body(request: Request, max_bytes: int) -> bytes:
    """Read a body whose Content-Length may be missing or wrong."""
    content_length = request.headers.get("content-length", "0")
    size, parts = int(content_length) if content_length.isdecimal() else 0, list[bytes]()
    if size <= max_bytes:
        size = 0
        async for part in request.stream():
            size += len(part)
            parts.append(part)
            if size > max_bytes:
                break
    if size > max_bytes:
        message = f"the request body is larger than {max_bytes:,} bytes; send a shorter text"
        raise ApiError(413, message, code="request_too_large")
    return b"".join(parts)


def validation_error(error: ValidationError) -> ApiError:
    """Convert the first validation error; the message does not quote the client's text."""
    first = error.errors(include_url=False, include_context=False)[0]
    path = [str(part)[:40] for part in first["loc"]]
    param = path[0] if path else None
    if first["type"] == "extra_forbidden":
        known = ", ".join(SpeechRequest.model_fields)
        message = f"unknown key {'.'.join(path)!r}; the keys are: {known}"
        return ApiError(400, message, param=param, code="unknown_parameter")
    reason = first["msg"][:200]
    prefix = f"{'.'.join(path)}: " if path else "invalid request body: "
    return ApiError(
        400, f"{prefix}{reason[0].lower()}{reason[1:]}", param=param, code=first["type"]
    )


def _checked_settings(request: SpeechRequest, voice: Voice | OnnxVoice) -> SettingsDict:
    """Return the speaking settings of a request, checked against their full rules."""
    length_scale = voice.settings.length_scale / request.speed
    settings = {"length_scale": length_scale, **request.settings}
    for name, value in settings.items():
        try:
            if value is not None:
                SETTINGS[name].check(name, value)
        except VoiceError as error:
            param = "speed" if name == "length_scale" else name
            raise ApiError(400, str(error), param=param) from None
    for name in PITCH:
        try:
            voice.check_pitch({name: settings[name]})
        except VoiceError as error:
            raise ApiError(400, str(error), param=name, code="unsupported_parameter") from None
    return cast(SettingsDict, settings)


def _find_speaker(selection: Selection, voice: Voice | OnnxVoice) -> int:
    """Return the speaker id of a request."""
    name = selection.speaker
    if name is None:
        return 0
    numeric_names = any(speaker.isdecimal() for speaker in voice.speakers)
    is_id = name.isdecimal() and len(name) < 7 and not numeric_names
    speaker = int(name) if is_id else name[:200]
    try:
        return find_speaker(voice.speakers, speaker)
    except VoiceError as error:
        raise ApiError(400, str(error), param="voice", code="voice_not_found") from None


def _find_language(request: SpeechRequest, voice: Voice | OnnxVoice) -> str | None:
    """Return the language name of a request; None for a voice of one language."""
    try:
        index = find_language(voice.frontend.config.languages, request.language)
    except TextError as error:
        raise ApiError(400, str(error), param="language", code="language_not_found") from None
    return None if index is None else voice.languages[index]
