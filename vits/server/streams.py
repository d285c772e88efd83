"""Bodies of streaming responses: audio, or server-sent events."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vits.server.errors import ApiError
from vits.server.formats import Encoder
from vits.server.scheduler import StreamChunk

__all__ = ["TimedStreamingResponse", "audio_body", "event_body", "prefetch"]


async def audio_body(
    chunks: AsyncGenerator[StreamChunk], encoder: Encoder
) -> AsyncGenerator[bytes]:
    """Yield the bytes of an audio file as the chunks arrive."""
    with encoder:
        async with aclosing(chunks):
            async for chunk in chunks:
                data = await asyncio.to_thread(encoder.write, chunk.speech.samples)
                if data:
                    yield data
        data = await asyncio.to_thread(encoder.finish)
        if data:
            yield data


async def event_body(
    chunks: AsyncGenerator[StreamChunk], encoder: Encoder, *, timings: bool, characters: int
) -> AsyncGenerator[bytes]:
    """Yield server-sent events: OpenAI's ``speech.audio.delta`` and ``speech.audio.done``.

    Args:
        chunks: the speech; an error after the first chunk becomes an ``error`` event.
        encoder: encodes the audio of the ``delta`` events.
        timings: send a ``speech.audio.timings`` event after each chunk, with the phonemes and
            words that start in it (seconds).
        characters: length of the text, reported in the ``done`` event.
    """
    n_samples, rate = 0, encoder.sample_rate
    with encoder:
        async with aclosing(chunks):
            try:
                async for chunk in chunks:
                    speech = chunk.speech
                    data = await asyncio.to_thread(encoder.write, speech.samples)
                    if data:
                        yield _delta(data)
                    n_samples, rate = n_samples + len(speech.samples), speech.sample_rate
                    if timings:
                        yield _event(
                            type="speech.audio.timings",
                            start=speech.start,
                            seconds=speech.seconds,
                            phonemes=[timing.to_dict() for timing in speech.phonemes],
                            words=[timing.to_dict() for timing in speech.words],
                            notices=chunk.warnings,
                        )
            except ApiError as error:
                if not n_samples:
                    raise
                yield _event(type="error", **error.body())
                return
            data = await asyncio.to_thread(encoder.finish)
            if data:
                yield _delta(data)
            usage = {"input_tokens": characters, "output_tokens": 0, "total_tokens": characters}
            yield _event(type="speech.audio.done", seconds=n_samples / rate, usage=usage)


async def prefetch(body: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Wait for the first bytes of a body, so that an error before them gets its own HTTP status.

    Returns:
        The whole body, including the first bytes.

    Raises:
        ApiError: synthesis fails before the first bytes.
    """
    try:
        first = await anext(body)
    except BaseException:
        await body.aclose()
        raise

    async def whole() -> AsyncGenerator[bytes]:
        async with aclosing(body):
            yield first
            async for data in body:
                yield data

    return whole()


class TimedStreamingResponse(StreamingResponse):
    """Streaming response that is aborted if the client receives too slowly.

    Args:
        body: the bytes to send; closed in every case.
        send_timeout: maximum time to send one part of the body (seconds).
        headers: response headers.
        media_type: content type.
    """

    def __init__(
        self,
        body: AsyncGenerator[bytes],
        *,
        send_timeout: float,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        super().__init__(body, headers=headers, media_type=media_type)
        self._body, self._send_timeout = body, send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the body until its end or the first timeout."""

        async def send_with_timeout(message: Any) -> None:
            await asyncio.wait_for(send(message), self._send_timeout)

        # an aborted response lacks its last HTTP chunk, so the client can detect it
        try:
            await super().__call__(scope, receive, send_with_timeout)
        finally:
            await self._body.aclose()


def _delta(data: bytes) -> bytes:
    return _event(type="speech.audio.delta", audio=base64.b64encode(data).decode("ascii"))


def _event(**values: Any) -> bytes:
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n".encode()
