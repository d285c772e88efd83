"""The routes."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware import Middleware

from vits.server.errors import Refusal, install_handlers
from vits.server.formats import FORMATS, Encoder, encode, media_type, written_rate
from vits.server.jobs import Order
from vits.server.limits import Limits
from vits.server.metrics import Metrics, Watch
from vits.server.middleware import Door, Guard
from vits.server.page import read_page
from vits.server.requests import SpeechRequest, make_order, read_request
from vits.server.scheduler import Desk
from vits.server.streams import SpokenResponse, audio_body, event_body, started
from vits.server.thread_warnings import collecting
from vits.synthesis import OnnxVoice, Voice

__all__ = ["create_app"]

_CLIENT_GONE = 499  # nobody reads it; it is for the metrics


def create_app(
    voices: Mapping[str, Voice | OnnxVoice],
    limits: Limits | None = None,
    *,
    api_key: str | None = None,
    local: bool = True,
) -> FastAPI:
    """Build the server's app.

    Args:
        voices: by the names under which clients know them; at least one.
        limits: of the server; None: the defaults.
        api_key: what clients have to send as a bearer token; None: nothing.
        local: answer only requests that name this very machine as their host.
    """
    limits = limits or Limits()
    metrics, door = Metrics(), Door()
    desk = Desk(voices, limits, metrics)

    @asynccontextmanager
    async def open_desk(_: FastAPI) -> AsyncGenerator[None]:
        with collecting():
            async with desk:
                yield

    app = FastAPI(
        title="vits",
        description="Text to speech, as OpenAI's clients ask for it.",
        docs_url=None,  # these pages would load scripts from a foreign host
        redoc_url=None,
        lifespan=open_desk,
        middleware=[
            Middleware(Watch, metrics=metrics),
            Middleware(Guard, door=door, limits=limits, api_key=api_key, local=local),
        ],
    )
    app.state.door, app.state.limits = door, limits
    install_handlers(app)
    _add_pages(app, door, metrics)
    _add_lists(app, voices, limits)
    _add_speech(app, voices, limits, desk)
    return app


def _add_pages(app: FastAPI, door: Door, metrics: Metrics) -> None:
    """Add the page and what watches over a server asks for."""
    page = read_page()

    @app.get("/", response_class=HTMLResponse)
    async def show_page() -> Response:  # pyright: ignore[reportUnusedFunction]
        headers = {"content-security-policy": page.policy, "cache-control": "no-cache"}
        return HTMLResponse(page.html, headers=headers)

    @app.get("/healthz")
    async def tell_health() -> Response:  # pyright: ignore[reportUnusedFunction]
        status = "stopping" if door.closed else "ok"
        return JSONResponse({"status": status}, 503 if door.closed else 200)

    @app.get("/metrics")
    async def tell_metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_lists(app: FastAPI, voices: Mapping[str, Voice | OnnxVoice], limits: Limits) -> None:
    """Add the lists of voices: as OpenAI's models, and with all that is known of them."""
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "vits"} for name in voices]
    known = [_describe(name, voice) for name, voice in voices.items()]

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {"object": "list", "data": models}

    @app.get("/v1/models/{name}")
    async def show_model(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        for model in models:
            if model["id"] == name:
                return model
        there = ", ".join(voices)
        message = f"there is no voice {name[:200]!r} here; there are: {there}"
        raise Refusal(404, message, param="model", code="model_not_found")

    @app.get("/v1/audio/voices")
    async def list_voices() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {
            "object": "list",
            "voices": known,
            "formats": list(FORMATS),
            "longest_text": limits.characters,
        }


def _add_speech(
    app: FastAPI, voices: Mapping[str, Voice | OnnxVoice], limits: Limits, desk: Desk
) -> None:
    """Add what it is all for."""
    schema = SpeechRequest.model_json_schema()
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    @app.post("/v1/audio/speech", openapi_extra={"requestBody": body}, response_class=Response)
    async def speak(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        asked = await read_request(request, limits)
        order = make_order(asked, voices, limits)
        if asked.streamed:
            return await _stream(asked, order, voices[order.voice], desk, limits)
        return await _unless_gone(request, _speak_whole(asked, order, desk))


async def _speak_whole(asked: SpeechRequest, order: Order, desk: Desk) -> Response:
    """Answer with a whole file."""
    speech = await desk.speak(order)
    name, rate = asked.response_format, asked.sample_rate
    data = await asyncio.to_thread(encode, name, speech.samples, speech.sample_rate, rate)
    rate = written_rate(name, rate or speech.sample_rate)
    headers = {"x-seed": str(order.seed), "x-seconds": f"{speech.seconds:.6f}"}
    headers["x-sample-rate"] = str(rate)
    return Response(data, headers=headers, media_type=media_type(name, rate))


async def _stream(
    asked: SpeechRequest, order: Order, voice: Voice | OnnxVoice, desk: Desk, limits: Limits
) -> Response:
    """Answer with what is spoken as it comes."""
    name = asked.response_format
    encoder = Encoder(name, voice.sample_rate, asked.sample_rate)
    kind = media_type(name, encoder.sample_rate)
    if asked.streamed == "sse":
        kind = "text/event-stream"
        characters = len(order.text)
        body = event_body(desk.stream(order), encoder, timings=asked.timings, characters=characters)
    else:
        body = audio_body(desk.stream(order), encoder)
    headers = {"x-seed": str(order.seed), "x-sample-rate": str(encoder.sample_rate)}
    headers |= {"cache-control": "no-store", "x-accel-buffering": "no"}  # nginx would keep it back
    body = await started(body)
    return SpokenResponse(body, patience=limits.timeout, headers=headers, media_type=kind)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Do the work, unless the client hangs up before it is done."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refusal(_CLIENT_GONE, "the client has gone")
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


def _describe(name: str, voice: Voice | OnnxVoice) -> dict[str, Any]:
    """Say what a client may want to know of a voice."""
    card = voice.card
    return {
        "id": name,
        "name": card.name,
        "language": voice.frontend.config.language,
        "sample_rate": voice.sample_rate,
        "languages": list(voice.languages),
        "speakers": list(voice.speakers),
        "licence": card.licence,
        "description": card.description,
    }
