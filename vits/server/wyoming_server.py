"""Voices for Home Assistant: the Wyoming protocol over TCP, beside HTTP and on the same engine.

A client asks what there is (``describe``), sends a text (``synthesize``), or sends it in parts as
it is written (``synthesize-start``, ``-chunk``, ``-stop``), and gets 16-bit audio as it is spoken.

Source: https://github.com/OHF-Voice/wyoming
"""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from vits.audio.files import to_pcm16
from vits.server.clients import ClientOptions, select
from vits.server.errors import ApiError
from vits.server.jobs import Job
from vits.server.limits import ServerLimits
from vits.server.middleware import Admission
from vits.server.requests import SpeechRequest, make_job, validation_error
from vits.server.scheduler import Scheduler
from vits.synthesis import OnnxVoice, Voice
from vits.text.sentences import split_sentences

__all__ = ["WyomingServer"]

SEED = 0  # of every text, as the protocol has no seed: the same text gives the same samples
_LOG = logging.getLogger("vits.server")
_LONGEST_LINE = 1 << 16


class WyomingServer:
    """Serves voices on a socket; a context manager inside that of the scheduler.

    Args:
        sock: from ``listen``.
        voices: voices by name.
        limits: limits of the server; connections count apart from those over HTTP.
        clients: aliases of the voices.
        scheduler: runs the jobs.
        admission: counts the running requests.
    """

    def __init__(
        self,
        sock: socket.socket,
        voices: Mapping[str, Voice | OnnxVoice],
        limits: ServerLimits,
        clients: ClientOptions,
        scheduler: Scheduler,
        admission: Admission,
    ) -> None:
        self.voices, self.limits, self.clients = voices, limits, clients
        self.scheduler, self.admission = scheduler, admission
        self._sock = sock
        self._open: dict[asyncio.Task[Any], str] = {}

    async def __aenter__(self) -> "WyomingServer":
        """Start accepting connections."""
        self._server = await asyncio.start_server(
            self._connect, sock=self._sock, limit=_LONGEST_LINE
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until its end."""
        task = asyncio.current_task()
        assert task is not None
        client = str(writer.get_extra_info("peername")[0])
        most, of_client = self.limits.connections_per_client, list(self._open.values())
        too_many = len(of_client) >= self.limits.connections
        if too_many or 0 < most <= of_client.count(client):
            writer.transport.abort()
            return
        self._open[task] = client
        try:
            await _Connection(self, reader, writer, client).run()
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.CancelledError):
            pass  # the client is gone, silent or slow, or the server stops
        except Exception:
            _LOG.exception("a Wyoming connection failed")
        finally:
            del self._open[task]
            writer.transport.abort()


class _Connection:
    """One client."""

    def __init__(
        self,
        server: WyomingServer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: str,
    ) -> None:
        self._server, self._writer, self._client = server, writer, client
        self._reader: Any = _BoundedReader(reader, server.limits.body)
        self._parts: _TextInParts | None = None

    async def run(self) -> None:
        """Answer events until the client leaves, is silent for too long or sends nonsense."""
        while True:
            try:
                event = await asyncio.wait_for(
                    async_read_event(self._reader), self._server.limits.timeout
                )
                if event is None:
                    return
                await self._answer(event)
            except ApiError as error:
                self._parts = None
                await self._send(Error(error.message, error.code or "invalid_request"))
            except (AttributeError, KeyError, TypeError) as error:
                reason = f"an event has a wrong form: {type(error).__name__}"
                await self._send(Error(reason, "invalid_event"))
                return

    async def _answer(self, event: Event) -> None:
        """Answer one event; unknown ones are ignored, as the protocol asks."""
        if Describe.is_type(event.type):
            await self._send(_describe(self._server.voices))
        elif Ping.is_type(event.type):
            await self._send(Pong(Ping.from_event(event).text))
        elif SynthesizeStart.is_type(event.type):
            asked = event.data.get("voice") or {}
            self._parts = _TextInParts(asked, self._choose(asked).code)
        elif SynthesizeChunk.is_type(event.type) and self._parts is not None:
            await self._speak_parts(self._parts, SynthesizeChunk.from_event(event).text)
        elif SynthesizeStop.is_type(event.type) and self._parts is not None:
            await self._speak_parts(self._parts, None)
            self._parts = None
            await self._send(SynthesizeStopped())
        elif Synthesize.is_type(event.type) and self._parts is None:
            # while a text comes in parts, it is the whole of it, for servers that want no parts
            _require_text(event)
            job = self._job(Synthesize.from_event(event).text, event.data.get("voice") or {})
            await self._speak(job)

    async def _speak_parts(self, parts: "_TextInParts", text: str | None) -> None:
        """Speak the sentences that are complete; at the end, with None, the rest."""
        for sentence in parts.complete(text, self._server.limits.characters):
            job = self._job(sentence, parts.voice)
            voice = self._server.voices[job.voice]
            if parts.spoken:
                pause = voice.settings.sentence_silence * voice.sample_rate
                await self._send_audio(np.zeros(round(pause), np.float32), voice.sample_rate)
            else:
                await self._send(AudioStart(voice.sample_rate, 2, 1))
            parts.spoken += 1
            await self._speak(job, start=False, stop=False)
        if text is None and parts.spoken:
            await self._send(AudioStop())

    async def _speak(self, job: Job, *, start: bool = True, stop: bool = True) -> None:
        """Speak a job as a stream."""
        rate = self._server.voices[job.voice].sample_rate
        self._server.admission.admit(self._client, self._server.limits)
        try:
            async with aclosing(_speech(self._server.scheduler, job)) as waves:
                async for wave in waves:
                    if start:  # an error before the first samples is all that the client gets
                        await self._send(AudioStart(rate, 2, 1))
                    start = False
                    await self._send_audio(wave, rate)
        finally:
            self._server.admission.release(self._client)
        if stop:
            await self._send(AudioStop())

    def _job(self, text: str, voice: Mapping[str, Any]) -> Job:
        """Build the job of a text.

        Raises:
            ApiError: the voice or its speaker is unknown, or the text is too long.
        """
        chosen = self._choose(voice)
        try:
            request = SpeechRequest.model_validate(
                {
                    "model": chosen.name,
                    "input": text,
                    "voice": voice.get("speaker"),
                    "language": chosen.language,
                    "seed": SEED,
                }
            )
        except ValidationError as error:
            raise validation_error(error) from None
        server = self._server
        return make_job(request, server.voices, server.limits, server.clients)[0]

    def _choose(self, asked: Mapping[str, Any]) -> "_Chosen":
        """Find the voice and the language that a client asks for."""
        voices, language = self._server.voices, asked.get("language")
        name = asked.get("name") or _of_language(voices, language)
        known = select(name, None, voices, self._server.clients.aliases).voice
        if known is None:
            return _Chosen(name, None, "")  # the first sentence is answered with an error
        config = voices[known].frontend.config
        spoken = _closest(voices[known].languages, language)
        return _Chosen(name, spoken, dict(config.languages).get(spoken or "", config.language))

    async def _send_audio(self, wave: np.ndarray, rate: int) -> None:
        """Send samples (L,)."""
        if len(wave):
            pcm = to_pcm16(np.clip(wave, -1, 1)).astype("<i2").tobytes()
            await self._send(AudioChunk(rate, 2, 1, pcm))

    async def _send(self, event: Eventable) -> None:
        """Send an event, in time."""
        written = async_write_event(event.event(), self._writer)
        await asyncio.wait_for(written, self._server.limits.timeout)


class _Chosen(NamedTuple):
    """What a client asks for.

    Attributes:
        name: the voice, as the client names it.
        language: name of one of the voice's languages; None if it has one only.
        code: its espeak-ng code, by whose rules sentences end; empty for an unknown voice.
    """

    name: str
    language: str | None
    code: str


class _TextInParts:
    """A text that arrives in parts.

    Args:
        voice: what the client asked for.
        language: espeak-ng code of the text.

    Attributes:
        voice: see Args.
        spoken: number of sentences spoken so far.
    """

    def __init__(self, voice: Mapping[str, Any], language: str) -> None:
        self.voice, self.spoken, self._language = voice, 0, language
        self._text, self._received = "", 0

    def complete(self, text: str | None, longest: int) -> list[str]:
        """Add a part and return the sentences that no later part changes; all of them for None.

        Raises:
            ApiError: the whole text is too long.
        """
        self._received += len(text or "")
        if self._received > longest:
            message = f"the text has more than {longest:,} characters; send it in several requests"
            raise ApiError(413, message, code="text_too_long")
        self._text += text or ""
        blank = not self._text.strip()
        sentences = [] if blank else split_sentences(self._text, language=self._language)
        if text is None:
            self._text = ""
        elif sentences:
            self._text = sentences.pop()
        return [sentence for sentence in sentences if re.search(r"\w", sentence)]


class _BoundedReader:
    """A stream reader that refuses parts larger than a request may be."""

    def __init__(self, reader: asyncio.StreamReader, longest: int) -> None:
        self._reader, self._longest = reader, longest

    async def readline(self) -> bytes:
        """Read a line; a longer one than the reader's limit is a ValueError."""
        return await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        """Read some bytes; too many are a ValueError, which ends the connection."""
        if not 0 <= n <= self._longest:
            raise ValueError(f"{n} bytes are more than {self._longest}")
        return await self._reader.readexactly(n)


async def _speech(scheduler: Scheduler, job: Job) -> AsyncGenerator[np.ndarray]:
    """Yield the samples of a job as they are spoken."""
    async with aclosing(scheduler.stream(job)) as chunks:
        async for chunk in chunks:
            yield chunk.speech.samples


def _require_text(event: Event) -> None:
    """Require an ordinary text."""
    kind = event.data.get("text_format") or "text"
    if kind != "text":
        raise ApiError(400, f"text_format {str(kind)[:40]!r} must be 'text'", code="invalid_format")


def _of_language(voices: Mapping[str, Voice | OnnxVoice], language: object) -> str:
    """Return the first voice that speaks a language, or the first of all."""
    for name, voice in voices.items():
        if any(_matches(code, language) for code in _codes(voice)):
            return name
    return next(iter(voices))


def _closest(languages: tuple[str, ...], wanted: object) -> str | None:
    """Return the name of a voice's language; its first if none matches, None if it has one only."""
    if not languages:
        return None
    return next((name for name in languages if _matches(name, wanted)), languages[0])


def _matches(code: str, wanted: object) -> bool:
    """Return whether two language codes have the same language: en-us and en_GB."""
    if not isinstance(wanted, str):
        return False
    return re.split("[-_]", code.lower())[0] == re.split("[-_]", wanted.lower())[0]


def _codes(voice: Voice | OnnxVoice) -> list[str]:
    """Return the language codes of a voice: de, en-US."""
    config = voice.frontend.config
    codes = [code for _, code in config.languages] or [config.language]
    return [re.sub(r"-([a-z]{2})$", lambda found: found[0].upper(), code) for code in codes]


def _describe(voices: Mapping[str, Voice | OnnxVoice]) -> Info:
    """Describe every voice, with its speakers and languages."""
    programme = version("vits")
    entries = [
        TtsVoice(
            name=name,
            attribution=Attribution(voice.card.origin or voice.card.name, ""),
            installed=True,
            description=voice.card.description or voice.card.name,
            version=voice.card.vits_version or programme,
            languages=_codes(voice),
            speakers=[TtsVoiceSpeaker(speaker) for speaker in voice.speakers] or None,
        )
        for name, voice in voices.items()
    ]
    return Info(
        tts=[
            TtsProgram(
                name="vits",
                attribution=Attribution("vits", ""),
                installed=True,
                description="End-to-end text-to-speech",
                version=programme,
                voices=entries,
                supports_synthesize_streaming=True,
            )
        ]
    )
