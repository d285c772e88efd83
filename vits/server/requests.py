"""What a client asks for, read strictly: an unknown key or a wrong type is named."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vits.errors import TextError, VoiceError
from vits.server.errors import Refusal
from vits.server.formats import FORMATS
from vits.server.jobs import Order
from vits.server.limits import Limits
from vits.synthesis import OnnxVoice, Voice
from vits.synthesis.runtime.seeds import choose_seed
from vits.synthesis.speakers import find_speaker
from vits.text.languages import find_language

__all__ = ["SpeechRequest", "make_order", "read_request"]

# A closed list: every pair of rates costs a filter, which is kept.
Rate = Literal[8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class VoiceId(BaseModel):
    """A voice by its id, as OpenAI's clients may send it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(max_length=200)


class SpeechRequest(BaseModel):
    """The body of ``POST /v1/audio/speech``: OpenAI's keys, and some of ours after them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str = Field(max_length=200, description="name of a voice, see /v1/models")
    input: str = Field(description="what to say")
    voice: str | VoiceId | None = Field(
        None, description="name of a speaker, or the voice's own name for its first speaker"
    )
    language: str | None = Field(
        None, max_length=200, description="one of the voice's languages, where it has several"
    )
    instructions: str | None = Field(None, description="must be empty: these voices follow none")
    response_format: str = Field("mp3", max_length=200, description=", ".join(FORMATS))
    speed: Finite = Field(1.0, ge=0.25, le=4.0, description="2 is twice as fast")
    stream_format: Literal["audio", "sse"] | None = Field(
        None, description="send what is spoken at once: as audio, or as server-sent events"
    )
    stream: bool | None = Field(None, description="true is stream_format audio unless given")
    timings: bool = Field(False, description="of phonemes and words, among the events of sse")
    sample_rate: Rate | None = Field(None, description="of the answer (Hz); null: the voice's own")
    seed: int | None = Field(None, ge=0, lt=2**63, description="repeats a speech")
    noise_scale: Finite | None = Field(None, ge=0, le=2, description="how varied the sound is")
    noise_scale_duration: Finite | None = Field(
        None, ge=0, le=2, description="how varied the rhythm is"
    )
    sentence_silence: Finite | None = Field(
        None, ge=0, le=10, description="pause between two sentences (seconds)"
    )

    @property
    def streamed(self) -> str | None:
        """How to stream; None: a whole file."""
        return self.stream_format or ("audio" if self.stream else None)


async def read_request(request: Request, limits: Limits) -> SpeechRequest:
    """Read and check a body.

    Raises:
        Refusal: 415, 413, 408 or 400.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # also keeps other sites' forms out: browsers ask first for JSON
        raise Refusal(415, f"content-type {kind[:50]!r} must be application/json")
    try:
        body = await asyncio.wait_for(_read_body(request, limits.body), limits.timeout)
    except asyncio.TimeoutError:
        raise Refusal(
            408, f"the request was not whole after {limits.timeout:g} s", code="slow_request"
        ) from None
    try:
        return SpeechRequest.model_validate_json(body)
    except ValidationError as error:
        raise _explained(error) from None


def make_order(
    asked: SpeechRequest, voices: Mapping[str, Voice | OnnxVoice], limits: Limits
) -> Order:
    """Find the voice and the speaker, and settle the seed.

    Raises:
        Refusal: 404 for an unknown voice, 413 for a text that is too long, 400 for all else.
    """
    if asked.model not in voices:
        raise Refusal(
            404,
            f"there is no voice {asked.model!r} here; there are: {', '.join(voices)}",
            param="model",
            code="model_not_found",
        )
    if len(asked.input) > limits.characters:
        raise Refusal(
            413,
            f"the text has {len(asked.input):,} characters, at most {limits.characters:,} are "
            "taken; split it, for example at its paragraphs",
            param="input",
            code="text_too_long",
        )
    if not asked.input.strip():
        raise Refusal(400, "the text is empty; write at least one word", param="input")
    if asked.instructions and asked.instructions.strip():
        raise Refusal(
            400,
            "these voices follow no instructions; leave the key out",
            param="instructions",
            code="unsupported_parameter",
        )
    if asked.response_format not in FORMATS:
        raise Refusal(
            400,
            f"format {asked.response_format!r} is not one of {', '.join(FORMATS)}",
            param="response_format",
        )
    if asked.timings and asked.streamed != "sse":
        raise Refusal(400, 'timings come with stream_format "sse" only', param="timings")
    voice = voices[asked.model]
    return Order(
        voice=asked.model,
        text=asked.input,
        seed=choose_seed(asked.seed),
        row=_find_row(asked, voice),
        language=_find_language(asked, voice),
        length_scale=voice.settings.length_scale / asked.speed,
        noise_scale=asked.noise_scale,
        noise_scale_duration=asked.noise_scale_duration,
        sentence_silence=asked.sentence_silence,
    )


async def _read_body(request: Request, longest: int) -> bytes:
    """Read a body that may pretend to be shorter than it is, or not say how long it is."""
    told = request.headers.get("content-length", "0")
    size, parts = int(told) if told.isdecimal() else 0, list[bytes]()
    if size <= longest:
        size = 0
        async for part in request.stream():
            size += len(part)
            parts.append(part)
            if size > longest:
                break
    if size > longest:
        message = f"the request is longer than {longest:,} bytes; send a shorter text"
        raise Refusal(413, message, code="request_too_large")
    return b"".join(parts)


def _explained(error: ValidationError) -> Refusal:
    """Name the first thing that is wrong, without repeating a text."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = [str(part)[:40] for part in first["loc"]]
    param = place[0] if place else None
    if first["type"] == "extra_forbidden":
        known = ", ".join(SpeechRequest.model_fields)
        message = f"unknown key {'.'.join(place)!r}; the keys are: {known}"
        return Refusal(400, message, param=param, code="unknown_parameter")
    told = first["msg"][:200]
    where = f"{'.'.join(place)}: " if place else "the body is no request: "
    return Refusal(400, f"{where}{told[0].lower()}{told[1:]}", param=param, code=first["type"])


def _find_row(asked: SpeechRequest, voice: Voice | OnnxVoice) -> int:
    """Return the row of the speaker that is asked for."""
    name = asked.voice.id if isinstance(asked.voice, VoiceId) else asked.voice
    if name is None or (name == asked.model and name not in voice.speakers):
        return 0
    numbered = any(speaker.isdecimal() for speaker in voice.speakers)
    wanted = int(name) if name.isdecimal() and len(name) < 7 and not numbered else name[:200]
    try:
        return find_speaker(voice.speakers, max(1, len(voice.speakers)), wanted)
    except VoiceError as error:
        raise Refusal(400, f"{error}", param="voice", code="voice_not_found") from None


def _find_language(asked: SpeechRequest, voice: Voice | OnnxVoice) -> str | None:
    """Return the name of the language that is asked for; None where there is no choice."""
    try:
        row = find_language(voice.frontend.config.languages, asked.language)
    except TextError as error:
        raise Refusal(400, str(error), param="language", code="language_not_found") from None
    return None if row is None else voice.languages[row]
