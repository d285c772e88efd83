"""Start the server on a socket, and shut it down gracefully on a signal."""

import asyncio
import ipaddress
import os
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from vits.errors import ConfigError
from vits.server.connections import Connections

__all__ = ["Server", "is_local", "listen", "serve"]

_LAST_BYTES = 2  # seconds to send the rest of responses that are in flight when grace is over


def is_local(host: str) -> bool:
    """Return whether an address can be reached from this machine only.

    >>> [is_local(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0")]
    [True, True, True, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: address or host name of this machine.
        port: 0 to 65535; 0: any free port.

    Raises:
        ConfigError: the port is out of range.
        OSError: the address does not belong to this machine, or is in use.
    """
    if not 0 <= port < 2**16:  # getaddrinfo would take it modulo 2**16
        raise ConfigError(f"port {port} must be from 0 to {2**16 - 1}")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port"
        raise OSError(error.errno, message) from error
    return sock


def serve(
    app: FastAPI,
    sock: socket.socket,
    ready: Callable[[], None] | None = None,
    *,
    trusted_proxies: str = "",
) -> None:
    """Serve until SIGTERM or SIGINT, then answer new requests with 503 and finish running ones.

    Args:
        app: from ``create_app``.
        sock: from ``listen``.
        ready: called once the server accepts requests.
        trusted_proxies: addresses or networks, divided by commas, whose ``X-Forwarded-For`` names
            the client; ``*``: all. Empty: none, as anybody could forge another address with it.
    """
    Server(app, ready, trusted_proxies=trusted_proxies).run(sockets=[sock])


class Server(uvicorn.Server):
    """Stops admitting requests at the first signal; exits when none is running or grace is over.

    Args:
        app: from ``create_app``.
        ready: called once the server accepts requests.
        trusted_proxies: see ``serve``.
    """

    def __init__(
        self, app: FastAPI, ready: Callable[[], None] | None = None, *, trusted_proxies: str = ""
    ) -> None:
        self._connections = Connections(app.state.limits)
        config = uvicorn.Config(
            app,
            log_level="error",  # a line for every invalid request would fill the disk
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies or None,
            http=cast(Any, self._connections.protocol),
            ws="none",
            timeout_graceful_shutdown=2 * _LAST_BYTES,
        )
        super().__init__(config)
        self._admission, self._grace = app.state.admission, app.state.limits.grace
        self._ready = ready
        self._closed_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call ``ready``."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send the last bytes; then close what is still open, e.g. because its client reads slowly.

        Uvicorn would cancel the responses, and log a traceback for each.
        """
        loop = asyncio.get_running_loop()
        closing = loop.call_later(_LAST_BYTES, self._connections.close_all)
        await super().shutdown(sockets)
        closing.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the shutdown; a second signal ends the process at once.

        Uvicorn's own handler raises the signal again after the shutdown, so that the exit status
        would look like a crash.
        """
        del frame
        if self._closed_at is not None:
            os._exit(128 + sig)
        self._closed_at = time.monotonic()
        self._admission.closed = True

    async def on_tick(self, counter: int) -> bool:
        """Check every tenth of a second whether to exit."""
        if self._closed_at is not None:
            over = time.monotonic() - self._closed_at > self._grace
            self.should_exit = over or not self._admission.active
        return await super().on_tick(counter)
