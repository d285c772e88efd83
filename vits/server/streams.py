"""Answers that are sent while they are spoken."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vits.server.errors import Refusal
from vits.server.formats import Encoder
from vits.server.scheduler import Piece

__all__ = ["SpokenResponse", "audio_body", "event_body", "started"]


async def audio_body(pieces: AsyncGenerator[Piece], encoder: Encoder) -> AsyncGenerator[bytes]:
    """Yield a file as it is spoken."""
    async with aclosing(pieces):
        async for piece in pieces:
            data = await asyncio.to_thread(encoder.write, piece.speech.samples)
            if data:
                yield data
        data = await asyncio.to_thread(encoder.finish)
        if data:
            yield data


async def event_body(
    pieces: AsyncGenerator[Piece], encoder: Encoder, *, timings: bool, characters: int
) -> AsyncGenerator[bytes]:
    """Yield server-sent events: OpenAI's ``speech.audio.delta`` and ``speech.audio.done``.

    With ``timings`` every chunk is followed by a ``speech.audio.timings``, with the phonemes and
    words that start in it. Whatever fails after the beginning is an ``error``.
    """
    n_samples, rate = 0, encoder.sample_rate
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                speech = piece.speech
                data = await asyncio.to_thread(encoder.write, speech.samples)
                if data:
                    yield _delta(data)
                n_samples, rate = n_samples + len(speech.samples), speech.sample_rate
                if timings:
                    yield _event(
                        type="speech.audio.timings",
                        start=speech.start,
                        seconds=speech.seconds,
                        phonemes=[timing._asdict() for timing in speech.phonemes],
                        words=[timing._asdict() for timing in speech.words],
                        notices=piece.notices,
                    )
        except Refusal as refusal:
            if not n_samples:
                raise
            yield _event(type="error", **refusal.body())
            return
        data = await asyncio.to_thread(encoder.finish)
        if data:
            yield _delta(data)
        usage = {"input_tokens": characters, "output_tokens": 0, "total_tokens": characters}
        yield _event(type="speech.audio.done", seconds=n_samples / rate, usage=usage)


async def started(body: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Wait for the beginning of a body, so that what fails until then has a status of its own.

    Raises:
        Refusal: it fails.
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


class SpokenResponse(StreamingResponse):
    """A stream that ends when its client does not take it in time.

    Args:
        body: is closed in any case.
        patience: longest time that one piece may take to be sent (seconds).
        headers: of the answer.
        media_type: of the answer.
    """

    def __init__(
        self,
        body: AsyncGenerator[bytes],
        *,
        patience: float,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        super().__init__(body, headers=headers, media_type=media_type)
        self._body, self._patience = body, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all, or as much as the client takes."""

        async def send_in_time(message: Any) -> None:
            await asyncio.wait_for(send(message), self._patience)

        # one that is broken off is not ended properly, and so the client can tell
        try:
            await super().__call__(scope, receive, send_in_time)
        finally:
            await self._body.aclose()


def _delta(data: bytes) -> bytes:
    return _event(type="speech.audio.delta", audio=base64.b64encode(data).decode("ascii"))


def _event(**values: Any) -> bytes:
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n".encode()
