"""Prometheus metrics of the server."""

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

__all__ = ["Metrics", "MetricsMiddleware"]

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
    """Metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "vits_requests", "Completed requests", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "vits_request_seconds",
            "Time from a request to the end of its response",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.first_chunk = Histogram(
            "vits_first_chunk_seconds",
            "Time from a request to the first audio of its stream",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batches = Histogram(
            "vits_batch_texts", "Texts per batch", buckets=_SIZES, registry=registry
        )
        self.queued = Gauge("vits_waiting", "Texts in the queue", registry=registry)
        self.streams = Gauge("vits_streams", "Open streams", registry=registry)
        self.characters = Counter(
            "vits_characters", "Characters synthesized", ("voice",), registry=registry
        )
        self.audio = Counter(
            "vits_audio_seconds", "Speech synthesized (seconds)", ("voice",), registry=registry
        )
        self.skipped_text = Counter(
            "vits_notices",
            "Texts with a part that the voice cannot speak",
            ("voice",),
            registry=registry,
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class MetricsMiddleware:
    """ASGI middleware that counts and times every request; it must be the outermost one.

    Args:
        app: the wrapped ASGI app.
        metrics: receives the counts and times.
    """

    def __init__(self, app: Any, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request and record its route, status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 499  # no response: the client disconnected

        async def send_recorded(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"]
        if path in _ROUTES:
            route = path
        else:
            route = "/v1/models" if path.startswith("/v1/models/") else "other"
        try:
            await self._app(scope, receive, send_recorded)
        finally:
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
