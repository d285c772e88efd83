"""Limits on connections: how many, from whom, and for how long without a request.

Uvicorn has a limit on requests and one on idle connections after a response, but none on
connections that send no request or half of one.
"""

import asyncio
import os
from collections import Counter
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from vits.server.limits import ServerLimits

try:
    import resource
except ImportError:  # Windows
    resource = None

__all__ = ["Connections", "largest_number"]

RESERVED_FILES = 64  # what the process has open besides connections: voices, libraries, pipes


class Connections:
    """The open connections of a server.

    A connection too many closes the oldest one that has no request in progress, so that a health
    check still gets through a flood of idle connections. From one address, the new one is closed.

    Args:
        limits: limits of the server.

    Attributes:
        closed: number of connections that were closed because of a limit, by reason.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.closed: Counter[str] = Counter()
        self._limits = limits
        self._most = largest_number(limits.connections)
        self._open: dict[_Connection, str] = {}  # in the order in which they were opened

    def protocol(self, *args: Any, **options: Any) -> asyncio.Protocol:
        """Create the protocol of a connection, for ``uvicorn.Config(http=...)``."""
        return _Connection(self, self._limits.header_timeout, *args, **options)

    def add(self, connection: "_Connection", client: str) -> None:
        """Count a new connection, and close one if there are too many."""
        of_client = sum(address == client for address in self._open.values())
        self._open[connection] = client
        if 0 < self._limits.connections_per_client <= of_client:
            self.close(connection, "too many from one address")
        elif len(self._open) > self._most:
            idle = next((c for c in self._open if not c.has_request), connection)
            self.close(idle, "too many")

    def remove(self, connection: "_Connection") -> None:
        """Forget a connection that is closed."""
        self._open.pop(connection, None)

    def close(self, connection: "_Connection", reason: str) -> None:
        """Close a connection at once."""
        self.closed[reason] += 1
        self.remove(connection)
        connection.transport.abort()

    def close_all(self) -> None:
        """Close every connection at once, as at the end of a shutdown."""
        for connection in list(self._open):
            self.close(connection, "shutdown")


class _Connection(H11Protocol):
    """A connection that must send each request's header in time."""

    def __init__(
        self, connections: Connections, header_timeout: float, *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._registry, self._header_timeout = connections, header_timeout
        self._timer: asyncio.TimerHandle | None = None

    @property
    def has_request(self) -> bool:
        """Whether a request is in progress."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Count the connection and wait for its first request."""
        super().connection_made(transport)
        self._start_timer()
        self._registry.add(self, self.client[0] if self.client else "")

    def data_received(self, data: bytes) -> None:
        """Handle data; a part of a header starts the timer, a whole one stops it."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_timer()
        elif self._timer is None:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        self._registry.remove(self)
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self._header_timeout, self._close_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_late(self) -> None:
        self._timer = None
        if not self.has_request:
            self._registry.close(self, "no header in time")


def largest_number(wanted: int) -> int:
    """Return how many connections the process can have open, at most ``wanted``."""
    if resource is None:
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + RESERVED_FILES:
        soft = _raise_limit(wanted + RESERVED_FILES, soft, hard)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - _open_files() - RESERVED_FILES // 2))


def _raise_limit(wanted: int, soft: int, hard: int) -> int:
    """Raise the soft limit of open files as far as is needed and allowed; return it."""
    assert resource is not None
    new = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (new, hard))
    except (OSError, ValueError):
        return soft
    return new


def _open_files() -> int:
    """Return the number of files that the process has open now; 0 if that is not known."""
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return 0
