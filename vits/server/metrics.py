"""What a server counts, for Prometheus."""

import time
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

__all__ = ["Metrics", "Watch"]

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
_ROUTES = (
    "/",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/v1/models",
    "/v1/audio/voices",
    "/v1/audio/speech",
)


class Metrics:
    """The numbers of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "vits_requests", "Requests answered", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "vits_request_seconds",
            "Time from a request to the end of its answer",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.first_chunk = Histogram(
            "vits_first_chunk_seconds",
            "Time from a request to the first sound of its stream",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batches = Histogram(
            "vits_batch_texts", "Texts spoken together", buckets=_SIZES, registry=registry
        )
        self.waiting = Gauge("vits_waiting", "Texts that wait to be spoken", registry=registry)
        self.streams = Gauge("vits_streams", "Open streams", registry=registry)
        self.characters = Counter(
            "vits_characters", "Characters spoken", ("voice",), registry=registry
        )
        self.audio = Counter(
            "vits_audio_seconds", "Speech made (seconds)", ("voice",), registry=registry
        )
        self.notices = Counter(
            "vits_notices", "Texts of which a part could not be said", ("voice",), registry=registry
        )

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        return generate_latest(self.registry)


class Watch:
    """Counts and times every request, as the outermost layer of an app (ASGI).

    Args:
        app: what is watched.
        metrics: where it is counted.
    """

    def __init__(self, app: Any, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on and look at its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 499  # nothing sent: the client had gone

        async def seen(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"]
        known = path in _ROUTES
        route = path if known else "/v1/models" if path.startswith("/v1/models/") else "other"
        try:
            await self._app(scope, receive, seen)
        finally:
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
