"""The FastAPI application: its middleware and routes."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware import Middleware

from vits.server.clients import ClientOptions
from vits.server.errors import CLIENT_CLOSED_REQUEST, ApiError, install_handlers
from vits.server.formats import Encoder, installed_formats, media_type
from vits.server.jobs import Job
from vits.server.limits import ServerLimits
from vits.server.metrics import Metrics, MetricsMiddleware
from vits.server.middleware import AccessControl, Admission
from vits.server.page import read_page
from vits.server.plain_requests import PlainRequests
from vits.server.requests import SpeechRequest, make_job, read_request
from vits.server.scheduler import Scheduler
from vits.server.streams import TimedStreamingResponse, audio_body, event_body, prefetch
from vits.server.thread_warnings import capture_thread_warnings
from vits.synthesis import OnnxVoice, Voice

__all__ = ["create_app"]


def create_app(
    voices: Mapping[str, Voice | OnnxVoice],
    limits: ServerLimits | None = None,
    clients: ClientOptions | None = None,
    *,
    api_key: str | None = None,
    local: bool = True,
    wyoming: socket.socket | None = None,
) -> FastAPI:
    """Build the server's ASGI application.

    Args:
        voices: voices by the names that clients use; at least one.
        limits: limits of the server; None: the defaults.
        clients: options for clients of other servers; None: the defaults.
        api_key: bearer token that clients must send; None: no authentication.
        local: accept only requests whose ``Host`` header names this machine.
        wyoming: socket on which the voices are served with the Wyoming protocol as well.
    """
    limits, clients = limits or ServerLimits(), clients or ClientOptions()
    clients.check(voices)
    metrics, admission = Metrics(), Admission()
    scheduler = Scheduler(voices, limits, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        with capture_thread_warnings():
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(scheduler)
                if wyoming is not None:
                    from vits.server.wyoming_server import WyomingServer

                    server = WyomingServer(wyoming, voices, limits, clients, scheduler, admission)
                    await stack.enter_async_context(server)
                yield

    app = FastAPI(
        title="vits",
        description="Text-to-speech with an OpenAI-compatible API.",
        docs_url=None,  # these pages would load scripts from another host
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,  # the paths are plain already
        middleware=[
            Middleware(PlainRequests, clients=clients),
            Middleware(MetricsMiddleware, metrics=metrics),
            Middleware(
                AccessControl, admission=admission, limits=limits, api_key=api_key, local=local
            ),
        ],
    )
    app.state.admission, app.state.limits = admission, limits
    install_handlers(app)
    _add_status_routes(app, admission, metrics)
    _add_list_routes(app, voices, limits)
    _add_speech_route(app, voices, limits, clients, scheduler)
    return app


def _add_status_routes(app: FastAPI, admission: Admission, metrics: Metrics) -> None:
    """Add the web page, the health check and the metrics."""
    page = read_page()

    @app.get("/", response_class=HTMLResponse)
    async def show_page() -> Response:  # pyright: ignore[reportUnusedFunction]
        headers = {"content-security-policy": page.policy, "cache-control": "no-cache"}
        return HTMLResponse(page.html, headers=headers)

    @app.get("/healthz")
    async def show_health() -> Response:  # pyright: ignore[reportUnusedFunction]
        status = "stopping" if admission.closed else "ok"
        return JSONResponse({"status": status}, 503 if admission.closed else 200)

    @app.get("/metrics")
    async def show_metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_list_routes(
    app: FastAPI, voices: Mapping[str, Voice | OnnxVoice], limits: ServerLimits
) -> None:
    """Add the lists of voices: as OpenAI's models, and in full detail."""
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "vits"} for name in voices]
    details = [_describe(name, voice) for name, voice in voices.items()]
    details += [
        {**entry, "id": f"{entry['id']}/{speaker}", "speaker": speaker, "speakers": []}
        for entry in details
        for speaker in entry["speakers"]
    ]

    @app.get("/v1/audio/models")
    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {"object": "list", "data": models}

    @app.get("/v1/models/{name}")
    async def show_model(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        for model in models:
            if model["id"] == name:
                return model
        message = f"there is no voice {name[:200]!r}; the voices are: {', '.join(voices)}"
        raise ApiError(404, message, param="model", code="model_not_found")

    @app.get("/v1/audio/voices")
    async def list_voices() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {
            "object": "list",
            "voices": details,
            "formats": list(installed_formats()),
            "longest_text": limits.characters,
        }


def _add_speech_route(
    app: FastAPI,
    voices: Mapping[str, Voice | OnnxVoice],
    limits: ServerLimits,
    clients: ClientOptions,
    scheduler: Scheduler,
) -> None:
    """Add the route that synthesizes speech."""
    schema = SpeechRequest.model_json_schema()
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    @app.post("/v1/audio/speech", openapi_extra={"requestBody": body}, response_class=Response)
    async def create_speech(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        speech_request = await read_request(request, limits, lenient=clients.lenient)
        job, fallback = make_job(speech_request, voices, limits, clients)
        if speech_request.stream_kind:
            voice = voices[job.voice]
            response = await _stream(speech_request, job, voice, scheduler, limits)
        else:
            work = _synthesize(speech_request, job, voices[job.voice].sample_rate, scheduler)
            response = await _cancel_on_disconnect(request, work)
        response.headers["x-voice"] = quote(job.voice)
        if fallback:
            response.headers["x-voice-instead-of"] = quote(", ".join(fallback), safe=", ")
        return response


async def _synthesize(
    request: SpeechRequest, job: Job, sample_rate: int, scheduler: Scheduler
) -> Response:
    """Respond with a complete file, which is encoded sentence by sentence."""
    name, n_samples = request.response_format, 0
    with Encoder(name, sample_rate, request.sample_rate, complete=True) as encoder:
        async with aclosing(scheduler.synthesize(job)) as chunks:
            async for speech in chunks:
                n_samples += len(speech.samples)
                await asyncio.to_thread(encoder.write, speech.samples)
        data = await asyncio.to_thread(encoder.finish)
    headers = {
        "x-seed": str(job.seed),
        "x-seconds": f"{n_samples / sample_rate:.6f}",
        "x-sample-rate": str(encoder.sample_rate),
    }
    return Response(data, headers=headers, media_type=media_type(name, encoder.sample_rate))


async def _stream(
    request: SpeechRequest,
    job: Job,
    voice: Voice | OnnxVoice,
    scheduler: Scheduler,
    limits: ServerLimits,
) -> Response:
    """Respond with a stream."""
    name = request.response_format
    encoder = Encoder(name, voice.sample_rate, request.sample_rate)
    content_type = media_type(name, encoder.sample_rate)
    chunks = scheduler.stream(job)
    if request.stream_kind == "sse":
        content_type = "text/event-stream"
        body = event_body(chunks, encoder, timings=request.timings, characters=len(job.text))
    else:
        body = audio_body(chunks, encoder)
    headers = {"x-seed": str(job.seed), "x-sample-rate": str(encoder.sample_rate)}
    headers |= {"cache-control": "no-store", "x-accel-buffering": "no"}  # no buffering in nginx
    body = await prefetch(body)
    return TimedStreamingResponse(
        body, send_timeout=limits.timeout, headers=headers, media_type=content_type
    )


async def _cancel_on_disconnect(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Await the response, but cancel the work if the client disconnects first."""
    task = asyncio.ensure_future(work)
    disconnected = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ApiError(CLIENT_CLOSED_REQUEST, "the client has disconnected")
        return task.result()
    finally:
        disconnected.cancel()
        task.cancel()


def _describe(name: str, voice: Voice | OnnxVoice) -> dict[str, Any]:
    """Return the public properties of a voice."""
    card = voice.card
    return {
        "id": name,
        "name": card.name,
        "language": voice.frontend.config.language,
        "sample_rate": voice.sample_rate,
        "languages": list(voice.languages),
        "pitch": voice.has_pitch,
        "speakers": list(voice.speakers),
        "licence": card.licence,
        "description": card.description,
    }
